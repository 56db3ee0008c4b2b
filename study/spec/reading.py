"""From a study file to a ``StudySpec``, or to every problem the file has; and how two studies differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from study.spec.messages import plain
from study.spec.study import StudySpec
from study.spec.validation_errors import refusals
from study.spec.yaml_reader import parse

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1_000_000


class SpecError(Exception):
    """Everything that is wrong with a study, all at once; ``problems`` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems; the message is all of them, one a line."""
        super().__init__("\n".join(problems))
        self.problems = problems


def read_spec(path: Path) -> StudySpec:
    """Read a study file: YAML 1.2, UTF-8, at most 1 MB.

    Raises:
        SpecError: the file cannot be read or is no study; each problem has the file, the line, the key, the value and
            what is allowed.

    """
    file = plain(str(path))
    document = parse(_text(path, file))
    problems = list(document.problems)
    spec = None
    if document.whole:
        try:
            spec = StudySpec.model_validate(document.data)
        except ValidationError as error:
            problems += refusals(error, document)
    if spec is None or problems:
        raise SpecError([f"{file}:{place.line}: {text}" for place, text in sorted(problems)])
    return spec


def _text(path: Path, file: str) -> str:
    try:
        if path.exists() and not path.is_file():
            raise SpecError([f"{file}: not a file; allowed: a study file"])  # a pipe would wait for ever
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError([f"{file}: cannot be read: {reason}"]) from None
    if len(data) > MOST_BYTES:
        raise SpecError([f"{file}: larger than {MOST_BYTES} bytes; allowed: at most that"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{data[error.start]:02x}"
        raise SpecError([f"{file}:{line}: {byte} is not UTF-8; allowed: UTF-8 text"]) from None
