"""Pydantic's validation errors as messages: for each refused value its key, the value and what is allowed.

What is allowed is taken from the JSON Schema, so that the messages, the editor's help and the check cannot disagree.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from study.spec.messages import closest, key_path, shown
from study.spec.study import json_schema
from study.spec.yaml_reader import Problem
from trainables.frozen import NOT_ALLOWED

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from study.spec.yaml_reader import Document, Path

Schema = dict[str, Any]

# Tag of a union with a function as its discriminator -> the branch's index in ``oneOf``.
_BRANCHES = {"value": 0, "values": 1, "range": 2}
# Errors of a value that has the branch's type, so no other branch was meant.
_OUT_OF_RANGE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"}


def refusals(error: ValidationError, document: Document) -> list[Problem]:
    """Return a problem for each value that the models refused."""
    root = json_schema()
    details = [detail for first in error.errors(include_url=False) for detail in _with_more(first)]
    return [
        _refusal(detail, document, root)
        for detail in details
        if not (_follows_an_item(detail) or _locate(detail["loc"], root)[0] in document.refused)
    ]


def _with_more(detail: ErrorDetails) -> list[ErrorDetails]:
    """Return an error and those that it carries: rules about several keys report all violations in one error."""
    more = detail.get("ctx", {}).get("more", ())
    return [detail, *({**detail, "ctx": {"at": at, "allowed": allowed}} for at, allowed in more)]  # type: ignore[list-item]


def _follows_an_item(detail: ErrorDetails) -> bool:
    """Return whether a list is only reported as too short because one of its items was refused."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _refusal(detail: ErrorDetails, document: Document, root: Schema) -> Problem:
    path, union, branch = _locate(detail["loc"], root)
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        _, parent, chosen = _locate(detail["loc"][:-1], root)
        keys = list(_not_null(chosen or parent, root).get("properties", {}))
        value, hint = _shown(path, detail["input"]), closest(path[-1], keys)
        text = f"unknown key (its value is {value}){hint}; allowed: {', '.join(keys)}"
    elif kind == "missing":
        text = f"missing; allowed: {describe(union, root)}"
    elif kind in {"union_tag_not_found", "union_tag_invalid"}:
        choice = _not_null(union, root)["discriminator"]
        path, names = (*path, choice["propertyName"]), list(choice["mapping"])
        value = shown(_at(document.data, path))
        wrong = (
            "missing" if kind == "union_tag_not_found" else f"{value} is not allowed{closest(context['tag'], names)}"
        )
        text = f"{wrong}; allowed: one of {', '.join(names)}"
    elif kind == NOT_ALLOWED:
        path = (*path, *context["at"])
        value = _at(document.data, path)
        text = "missing" if value is None else f"{_shown(path, value)} is not allowed"
        text = f"{text}; allowed: {context['allowed']}"
    else:
        node = branch if kind in _OUT_OF_RANGE else union
        words = [w for w in _choices(node, root) if isinstance(w, str)]
        hint = closest(detail["input"], words)
        # For 1000.0 instead of 1000, show the decimal point, which is the mistake.
        whole = kind == "int_type" and _finite(detail["input"])
        value = repr(detail["input"]) if whole else _shown(path, detail["input"])
        text = f"{value} is not allowed{hint}; allowed: {describe(node, root)}"
    where = key_path(path)
    return Problem(document.place(path), f"{where}: {text}" if where else text)


def _shown(path: Path, value: Any) -> str:  # noqa: ANN401 -- any value of a file
    """Show a value, but not the address to notify, which may hold a secret."""
    return "this address" if path[:1] == ("notify",) and "on" not in path else shown(value)


def _finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _at(data: Any, path: Path) -> Any:  # noqa: ANN401 -- any value of a file
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _deref(node: Schema, root: Schema) -> Schema:
    while "$ref" in node:
        node = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _locate(loc: tuple[str | int, ...], root: Schema) -> tuple[Path, Schema, Schema]:
    """Follow an error's location, which names keys, items and the branches of unions.

    Returns the path without the branches, the schema there, and the schema of the chosen branch (the same if there are
    no branches).
    """
    path: list[str | int] = []
    union = branch = root
    for part in loc:
        here = _not_null(branch, root)
        if "discriminator" in here and part in here["discriminator"]["mapping"]:
            branch = _deref({"$ref": here["discriminator"]["mapping"][part]}, root)
        elif "oneOf" in here and part in _BRANCHES:
            branch = _deref(here["oneOf"][_BRANCHES[str(part)]], root)
        else:
            path.append(part)
            inner = here.get("items") if isinstance(part, int) else here.get("properties", {}).get(part)
            union = branch = _deref(inner or {}, root)
    return tuple(path), union, branch


def _not_null(node: Schema, root: Schema) -> Schema:
    node = _deref(node, root)
    if "anyOf" in node:
        return next(_deref(option, root) for option in node["anyOf"] if option.get("type") != "null")
    return node


def _choices(node: Schema, root: Schema) -> list[Any]:
    node = _deref(node, root)
    inner = [word for option in (*node.get("oneOf", ()), *node.get("anyOf", ())) for word in _choices(option, root)]
    return [*node.get("enum", ()), *([node["const"]] if "const" in node else ()), *inner]


def describe(node: Schema, root: Schema) -> str:
    """Describe what a schema allows: ``a number in [0, 1]``."""
    node = _deref(node, root)
    if "discriminator" in node:
        names = node["discriminator"]
        return f"a mapping with {names['propertyName']}: one of {', '.join(names['mapping'])}"
    if branches := node.get("oneOf") or node.get("anyOf"):
        in_short = node.get("$comment")
        return str(in_short) if in_short else ", or ".join(describe(option, root) for option in branches)
    if "const" in node or "enum" in node:
        words = _choices(node, root)
        return str(words[0]) if len(words) == 1 else f"one of {', '.join(map(str, words))}"
    if "properties" in node:
        keys = list(node["properties"])
        short = {("values",): "{values: [...]}", ("min", "max", "scale"): "{min: ..., max: ...} with method search"}
        return short.get(tuple(keys)) or f"a mapping with the keys {', '.join(keys)}"
    if "items" in node:
        return f"a list of {_range(node, 'minItems', 'maxItems')} items, each {describe(node['items'], root)}"
    return _describe_scalar(node)


def _describe_scalar(node: Schema) -> str:
    names = {"string": "text", "boolean": "true or false", "null": "null", "integer": "a whole number"}
    names["object"] = "a mapping from names to numbers"
    text = names.get(node.get("type", ""), "a number")
    if "pattern" in node:
        text += f" like {node['pattern'].removeprefix('^').removesuffix('$')}"
    return f"{text} {limits}" if (limits := _limits(node)) else text


def _range(node: Schema, low: str, high: str) -> str:
    return f"{node.get(low, 0)} to {node[high]}" if high in node else f"{node.get(low, 0)} or more"


def _limits(node: Schema) -> str:
    start = _bound(node, ("minimum", ">=", "["), ("exclusiveMinimum", ">", "("))
    end = _bound(node, ("maximum", "<=", "]"), ("exclusiveMaximum", "<", ")"))
    if start and end:
        return f"in {start.bracket}{start.value}, {end.value}{end.bracket}"
    bound = start or end
    return f"{bound.sign} {bound.value}" if bound else ""


class _Bound(NamedTuple):
    """One end of a range: its value, and how it is written alone and in an interval."""

    value: str
    sign: str
    bracket: str


def _bound(node: Schema, *forms: tuple[str, str, str]) -> _Bound | None:
    return next((_Bound(shown(node[key]), sign, bracket) for key, sign, bracket in forms if key in node), None)
