"""YAML 1.2 text to plain data, with the line and column of every key and value.

Scalars follow the core schema (``yes`` is text, ``1e-3`` a number, ``012`` twelve). ruamel's own resolver does not: it
reads ``1_000``, ``0b1`` and ``2001-01-01`` as numbers and a date. Tags, keys that are not
text and several documents are refused, as no study file needs them. Aliases are followed, with the expansion bounded.
ruamel composes the nodes; they are made data here, because its constructors stop at the first key that is given twice.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from study.spec.messages import key_path, shortened, shown
from trainables.characters import plain

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NODES = 10_000  # keys, values, lists and mappings, aliases expanded
MAX_DEPTH = 30
MAX_DIGITS = 80

_CORE = "tag:yaml.org,2002:"
Scalar = bool | int | float | str | None

_PLAIN = "plain"  # stands for "no tag, no quotes": the core schema decides
# The core schema of YAML 1.2, first match first. Only the first digits of an integer are read: the caller refuses
# longer ones, which Python is slow to read. Adding 0.0 turns -0.0, which would name another run, into 0.0.
_CORE_SCHEMA: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+"), lambda text: int(text[: MAX_DIGITS + 1])),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[: MAX_DIGITS + 1], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[: MAX_DIGITS + 1], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), lambda text: float(text) + 0.0),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.nan|\.NaN|\.NAN"), lambda _: math.nan),
)

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """A position in the text, both counted from 1."""

    line: int
    column: int


class Problem(NamedTuple):
    """A refusal: the place, and one line of text that begins with the key."""

    place: Place
    text: str


class _FatalError(Exception):
    """A problem that ends the reading of the text."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(place, text)


@dataclass
class Document:
    """The content of a text. If ``whole`` is false, it could not be read to its end, and ``data`` means nothing."""

    data: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)  # where ``data`` has null in place of a value named in a problem
    whole: bool = True

    def place(self, path: Path) -> Place:
        """Return the position of a key or list item; if it is absent, that of the innermost one around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))


class _Resolver(VersionedResolver):
    """Leaves plain scalars to the core schema above, for any version that a %YAML directive names."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Tag:  # noqa: ANN401 -- ruamel's own types
        if kind is ScalarNode:
            return Tag(suffix=_PLAIN if implicit[0] else f"{_CORE}str")
        return super().resolve(kind, value, implicit)  # type: ignore[no-any-return]


class _Composer(Composer):
    """Stops at the first node beyond the limit, so that a long text costs no more than its allowed part."""

    def __init__(self, loader: Any = None) -> None:  # noqa: ANN401 -- ruamel's own types
        super().__init__(loader)
        self.warn_double_anchors = False  # YAML lets an anchor be defined again
        self.nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 -- ruamel's own types
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _too_many(self.parser.peek_event())
        return super().compose_node(parent, index)


def _place(mark: Any) -> Place:  # noqa: ANN401 -- ruamel's mark, or None
    return Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)


def _too_many(at: Any) -> _FatalError:  # noqa: ANN401 -- a node or event of ruamel
    text = f"too many keys and values; allowed: {MAX_NODES}, with every alias written out"
    return _FatalError(_place(at.start_mark), text)


def parse(text: str) -> Document:
    """Read one YAML document; never raise: every error is in ``problems``."""
    document = Document()
    try:
        document.data = _Walk(document).value(_compose(text), (), ())
    except _FatalError as error:
        document.problems.append(error.problem)
        document.whole = False
    return document


def _compose(text: str) -> Any:  # noqa: ANN401 -- a node of ruamel
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver = _Resolver
    yaml.Composer = _Composer
    yaml.max_depth = MAX_DEPTH
    try:
        root = yaml.compose(text)
    except _FatalError:
        raise
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = plain(text[error.position : error.position + 1])
        text = f"the character {character} is not allowed; allowed: printable characters"
        raise _FatalError(Place(line, 1), text) from None
    except MarkedYAMLError as error:
        raise _FatalError(_place(error.problem_mark or error.context_mark), _syntax(error)) from None
    except (YAMLError, RecursionError) as error:
        raise _FatalError(Place(1, 1), f"not valid YAML: {shortened(plain(str(error)))}") from None
    except Exception as error:  # noqa: BLE001 -- ruamel raises bare errors of many kinds on malformed text
        raise _FatalError(Place(1, 1), f"not valid YAML ({type(error).__name__})") from None
    if root is None or (isinstance(root, ScalarNode) and not root.value and root.style is None):
        raise _FatalError(Place(1, 1), "the file is empty; allowed: a mapping of keys to values")
    return root


def _syntax(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    if "another document" in problem:
        return "a second document begins; allowed: one document in a file"
    if "maximum depth" in problem:
        return f"nested too deeply; allowed: {MAX_DEPTH} levels"
    hint = "; allowed: spaces, no tabs, before a key" if "'\\t'" in problem or "\t" in problem else ""
    context = f" {error.context}" if error.context and error.context != problem else ""
    return f"not valid YAML{context}: {plain(problem)}{hint}".replace("\n", " ")


class _Walk:
    """Turns nodes into data: counts aliases at their full size, notes every position, collects the problems."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def value(self, node: Any, path: Path, above: tuple[int, ...]) -> Any:  # noqa: ANN401 -- any node, any value
        """Return a node's value. ``above`` are the nodes that hold it."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _too_many(node)
        if id(node) in above:
            text = f"{key_path(path)}: a recursive alias is not allowed; allowed: an alias to something complete"
            raise _FatalError(_place(node.start_mark), text)
        if len(above) > MAX_DEPTH:  # a chain of aliases is deeper than its text
            raise _FatalError(_place(node.start_mark), f"nested too deeply; allowed: {MAX_DEPTH} levels")
        self.document.places.setdefault(path, _place(node.start_mark))
        tag = str(node.tag)
        above = (*above, id(node))
        if isinstance(node, MappingNode) and tag == f"{_CORE}map":
            return self._mapping(node, path, above)
        if isinstance(node, SequenceNode) and tag == f"{_CORE}seq":
            return [self.value(item, (*path, i), above) for i, item in enumerate(node.value)]
        if isinstance(node, ScalarNode) and tag in {_PLAIN, f"{_CORE}str"}:
            return self._scalar(node, path, tag)
        self._refuse(node, path, f"the tag {shortened(plain(tag))} is not allowed; allowed: no tags")
        return None

    def _note(self, node: Any, path: Path, text: str) -> None:  # noqa: ANN401 -- any node
        where = key_path(path)
        self.document.problems.append(Problem(_place(node.start_mark), f"{where}: {text}" if where else text))

    def _refuse(self, node: Any, path: Path, text: str) -> None:  # noqa: ANN401 -- any node
        self.document.refused.add(path)
        self._note(node, path, text)

    def _scalar(self, node: ScalarNode, path: Path, tag: str) -> Scalar:
        text = _whole(node.value)
        if text is None:
            self._refuse(node, path, f"{shown(node.value)} is not allowed; allowed: text without unpaired surrogates")
            return None
        value = core(text) if tag == _PLAIN else text
        if isinstance(value, int) and len(text) > MAX_DIGITS:
            self._refuse(node, path, f"{shortened(text)} is not allowed; allowed: at most {MAX_DIGITS} digits")
            return None
        return value

    def _mapping(self, node: MappingNode, path: Path, above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in result:
                first = self.document.place(here).line
                value = self.value(value_node, (*here, ""), above)  # a place of its own, to keep the first one's
                text = f"key given twice (here {shown(value)}); allowed: once, and line {first} has it"
                self._note(key_node, here, text)
                continue
            self.document.places[here] = _place(key_node.start_mark)
            result[key] = self.value(value_node, here, above)
        return result

    def _key(self, node: Any, path: Path) -> str | None:  # noqa: ANN401 -- any node
        self.nodes += 1
        if not isinstance(node, ScalarNode) or str(node.tag) not in {_PLAIN, f"{_CORE}str"}:
            self._note(node, path, "a key that is a list, a mapping or tagged is not allowed; allowed: text")
            return None
        key = core(node.value) if str(node.tag) == _PLAIN else node.value
        whole = _whole(key) if isinstance(key, str) else None
        if whole is None:
            self._note(node, path, f"the key {shown(key)} is not allowed; allowed: text")
        return whole


def _whole(text: str) -> str | None:
    """Join surrogate pairs, which JSON writes for characters beyond 16 bits; return None if one is unpaired."""
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        return None


def core(text: str) -> Scalar:
    """Return the value of a plain scalar by the core schema; only the first 81 characters of an integer count."""
    return next((read(text) for pattern, read in _CORE_SCHEMA if pattern.fullmatch(text)), text)
