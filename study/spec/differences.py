"""Compare two study files, key by key."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from study.spec.messages import key_path, shown
from study.spec.study import StudySpec
from trainables.datasets.config import KINDS
from trainables.datasets.keys import path_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

_IGNORED = {
    # Keys that change no result.
    ("description",),
    ("resources",),
    ("keep",),
    ("storage",),
    # The paths of the data: the data set's fingerprint shows whether it is the same data.
    *(("dataset", key) for kind in KINDS.values() for key in path_keys(kind)),
    # Where plugins are: the SHA-256 of their code, in the runs, shows whether it is the same code.
    ("plugins",),
    # The path of the embeddings: their digest shows whether they are the same.
    ("features", "embeddings"),
    # How far a study goes: raising it continues the study.
    ("budget",),
    ("method", "max_runs"),
    ("method", "configurations"),
}


def dump(spec: StudySpec) -> dict[str, Any]:
    """Return a study as JSON-able data with every default, but without ``notify``, which may hold a secret."""
    return spec.model_dump(mode="json", exclude={"notify"})


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what changed between two dumped studies, a line for each key: ``seeds: 12 -> 20``.

    Keys that change no result are left out: description, resources, storage, the folder of the data set, and how
    far the study goes.
    """
    return list(_differences(_comparable(_completed(old)), _comparable(_completed(new)), ()))


def _completed(spec: dict[str, Any]) -> dict[str, Any]:
    """Add the defaults of the keys that the plan of an earlier version lacks."""
    with suppress(ValidationError):
        return dump(StudySpec.model_validate(spec))
    return spec


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
            yield f"{key_path(here)}: {shown(old[key])} -> absent"
        elif key not in old:
            yield f"{key_path(here)}: absent -> {shown(new[key])}"
        else:
            yield from _differences(old[key], new[key], here)
