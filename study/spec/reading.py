"""From a study file to a ``StudySpec``, or to every problem the file has; and how two studies differ."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from study.refusals import refusals
from study.spec import StudySpec
from study.wording import key_path, plain, shown
from study.yaml12 import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 1_000_000

# Keys that change no result. Where the data lies is no matter either: the data set's fingerprint says whether it is
# the same data.
_IGNORED = {
    *(("description",), ("resources",), ("storage",), ("dataset", "root"), ("dataset", "path")),
    # How far a study goes: with more of it, it is continued.
    *(("budget",), ("method", "max_runs"), ("method", "configurations")),
}


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


def dump(spec: StudySpec) -> dict[str, Any]:
    """Return a study as JSON-able data with every default filled in; whom to notify is nobody else's business."""
    return spec.model_dump(mode="json", exclude={"notify"})


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what changed between two dumped studies, a line for each key: ``seeds: 12 -> 20``.

    Keys that change no result are left out: description, resources, storage, the folder the data set lies in, and how
    far the study goes.
    """
    with suppress(ValidationError):
        old = dump(StudySpec.model_validate(old))  # a plan of an earlier version lacks the keys that came later
    return list(_differences(_comparable(old), _comparable(new), ()))


def _comparable(spec: dict[str, Any]) -> dict[str, Any]:
    """Key the arms by name, as their order changes no result, and write a list of the seeds 0 to n - 1 as n."""
    changed = dict(spec)
    if isinstance(arms := spec.get("arms"), list):
        changed["arms"] = {arm["name"]: {k: v for k, v in arm.items() if k != "name"} for arm in arms}
    if isinstance(seeds := spec.get("seeds"), list) and sorted(seeds) == list(range(len(seeds))):
        changed["seeds"] = len(seeds)
    return changed


def _differences(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401 -- any JSON value
    if path in _IGNORED or old == new:
        return
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield f"{key_path(path)}: {shown(old)} -> {shown(new)}"
        return
    for key in [*old, *(k for k in new if k not in old)]:
        here = (*path, key)
        if here in _IGNORED:
            continue
        if key not in new:
            yield f"{key_path(here)}: {shown(old[key])} -> not there"
        elif key not in old:
            yield f"{key_path(here)}: not there -> {shown(new[key])}"
        else:
            yield from _differences(old[key], new[key], here)
