"""Read a study file into a ``StudySpec``, or report all its problems."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pydantic import ValidationError

from study.errors import SpecError
from study.spec.messages import key_path
from study.spec.open_models import Values
from study.spec.plugins import errors_of_plugins, load_plugins, undefined
from study.spec.shipped import nearest
from study.spec.study import StudySpec
from study.spec.validation_errors import refusals
from study.spec.yaml_reader import Problem, parse
from trainables.characters import plain
from trainables.datasets.keys import local_paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from study.consent import Consent
    from study.spec.yaml_reader import Document
    from trainables.plugins.sources import Sources

MAX_BYTES = 1_000_000


class Submission(NamedTuple):
    """A study file as a cluster keeps it.

    Attributes:
        name: the file's name.
        text: its text.
        digest: of its data and its plugins; name, layout and comments do not matter.
        files: the files of its plugins, path relative to the study file -> text.

    """

    name: str
    text: str
    digest: str
    files: dict[str, str]

    @property
    def packed(self) -> str:
        """Name and texts in one line. It is unreadable in a list of jobs: the text may hold a secret address."""
        return base64.b64encode(zlib.compress(json.dumps([self.name, self.text, self.files]).encode())).decode()

    @classmethod
    def unpack(cls, packed: str, digest: str) -> Self:
        """Return the submission that was packed; one of an earlier version has no plugins."""
        name, text, *files = json.loads(zlib.decompress(base64.b64decode(packed)))
        return cls(name, text, digest, files[0] if files else {})

    def write(self, folder: Path) -> Path:
        """Write the study file and its plugins into a folder; return the path of the study file."""
        for name, text in {self.name: self.text, **self.files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return folder / self.name


@dataclass(frozen=True)
class StudyFile:
    """A study file, read and parsed once.

    Attributes:
        path: of the file.
        text: its text.
        document: the data in the text, and the position of each key.
        spec: the study.
        plugins: the code of its plugins, if it was read with consent.

    """

    path: Path
    text: str
    document: Document
    spec: StudySpec
    plugins: tuple[Sources, ...] = ()

    def submission(self, storage: str | None = None) -> Submission:
        """Return the file as a cluster keeps it, with its plugins.

        Args:
            storage: replaces the file's storage location; then, and if there are plugins or other files, whose content
                becomes part of the text, the text is JSON, which is YAML too.

        Raises:
            SpecError: the plugins are too large together.

        """
        places = [f"plugins/{i}/{sources.name}" for i, sources in enumerate(self.plugins)]
        changes = ({"storage": storage} if storage is not None else {}) | ({"plugins": places} if places else {})
        changes |= self._files_of_losses()
        data = self.document.data | changes
        text = json.dumps(data, ensure_ascii=False, indent=1) if changes else self.text
        if (size := sum(sources.size for sources in self.plugins)) > MAX_BYTES:
            problem = f"plugins: {size} bytes together; allowed on a cluster: at most {MAX_BYTES}"
            raise SpecError([f"{plain(str(self.path))}:{self.document.place(('plugins',)).line}: {problem}"])
        files = {
            path: content
            for place, sources in zip(places, self.plugins, strict=True)
            for path, content in sources.files_at(place).items()
        }
        hashed = [data, *(sources.sha256 for sources in self.plugins)] if self.plugins else data
        digest = hashlib.sha256(json.dumps(hashed, sort_keys=True, default=str).encode()).hexdigest()[:20]
        return Submission(self.path.name, text, digest, files)

    def _files_of_losses(self) -> dict[str, Any]:
        """Return the arms with the contents of the files that their losses name; empty if no loss names one."""
        arms = deepcopy(self.document.data["arms"])
        for given, arm in zip(arms, self.spec.arms, strict=True):
            for name, value in arm.loss.parameters().items():
                values = value.values if isinstance(value, Values) else (value,)
                if any(isinstance(one, str) and "\n" in one for one in values):
                    given["loss"][name] = {"values": list(values)} if isinstance(value, Values) else value
        return {"arms": arms} if arms != self.document.data["arms"] else {}

    def paths(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the key and the text of each path in the file, as it is written there."""
        yield ("storage",), self.document.data.get("storage", StudySpec.model_fields["storage"].default)
        for at in local_paths(self.spec.dataset):
            yield ("dataset", *at), reduce(getitem, at, self.document.data["dataset"])
        for at in local_paths(self.spec.features):
            yield ("features", *at), reduce(getitem, at, self.document.data["features"])


def read_spec(path: Path, consent: Consent | None = None) -> StudySpec:
    """Read the study of a study file; see ``read_study_file``."""
    return read_study_file(path, consent).spec


def read_study_file(path: Path, consent: Consent | None = None) -> StudyFile:
    """Read a study file: YAML 1.2, UTF-8, at most 1 MB.

    Args:
        path: of the file.
        consent: asks for consent to the code of its plugins, which is then run: their losses and networks are known
            from here on. Without it, no plugin is imported, and what the file states of them is not checked.

    Raises:
        SpecError: the file cannot be read or is not a study; each problem names the file, the line, the key, the value
            and what is allowed. Or a plugin has a problem.
        UsageError: there is no consent.

    """
    file = plain(str(path))
    text = _text(path, file)
    document = parse(text)
    problems = list(document.problems)
    spec = None
    plugins: tuple[Sources, ...] = ()
    if document.whole:
        if consent is not None:
            plugins = load_plugins(document.data, path.parent, consent)
        try:
            with errors_of_plugins():
                spec = StudySpec.model_validate(document.data, context={"folder": path.parent})
        except ValidationError as error:
            problems += refusals(error, document)
    if spec is not None and consent is not None:
        problems += (Problem(document.place(at), f"{key_path(at)}: {text}") for at, text in undefined(spec))
    if spec is None or problems:
        raise SpecError([f"{file}:{place.line}: {text}" for place, text in sorted(problems)])
    return StudyFile(path, text, document, spec, plugins)


def _text(path: Path, file: str) -> str:
    try:
        if path.exists() and not path.is_file():
            raise SpecError([f"{file}: not a file; allowed: a study file"])  # reading a pipe would block
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        meant = nearest(path) if isinstance(error, FileNotFoundError) else ""
        raise SpecError([f"{file}: cannot be read: {reason}{meant}"]) from None
    if len(data) > MAX_BYTES:
        raise SpecError([f"{file}: larger than {MAX_BYTES} bytes; allowed: at most that"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{data[error.start]:02x}"
        raise SpecError([f"{file}:{line}: {byte} is not UTF-8; allowed: UTF-8 text"]) from None
