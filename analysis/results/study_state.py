"""Whether a study runs, is complete, or has stopped before its end: one rule for the terminal and the dashboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from trainables.plans import study_folder
from trainables.settings import Grid

if TYPE_CHECKING:
    from trainables.plans import StudyPlan
    from trainables.storage.types import Location

State = Literal["running", "complete", "not running"]


def study_state(storage: Location, plan: StudyPlan, missing: int, *, running: bool) -> State:
    """Return the state of a study.

    A grid names all its runs beforehand. Any other method may have recorded every run that it has named and still want
    more: it is complete once its progress file states that it has ended.

    Args:
        storage: the storage location.
        plan: of the study.
        missing: planned runs that have no record.
        running: whether a process runs the study.

    """
    if running:
        return "running"
    ended = isinstance(plan.settings.method, Grid) or read_progress(storage, plan.name).get("ended", False)
    return "complete" if ended and not missing else "not running"


def progress_path(storage: Location, name: str) -> Location:
    """Return the file in which the process that runs a study states its progress."""
    return study_folder(storage, name) / "progress.json"


def read_progress(storage: Location, name: str) -> dict[str, Any]:
    """Return the content of a study's progress file; it is a convenience, so a missing or damaged one is empty."""
    try:
        progress = json.loads(progress_path(storage, name).read_bytes())
    except (OSError, ValueError):
        return {}
    return progress if isinstance(progress, dict) else {}
