"""Whether a study runs, has ended, or stopped before its end: one rule for texts, tables, terminal and dashboard.

A run without a record is *waiting* until its study has ended, and *missing* from then on. The test accuracies of a
study that has not ended are hidden: whoever stops a study, or changes it, because of them has chosen by the test set,
whose accuracy is then too high.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from analysis.results.budget import Spent, reached
from trainables.plans import study_folder
from trainables.settings import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trainables.plans import StudyPlan
    from trainables.records import Record
    from trainables.storage.types import Location

State = Literal["running", "complete", "not running"]


def study_state(storage: Location, plan: StudyPlan, missing: int, *, running: bool) -> State:
    """Return the state of a study.

    Args:
        storage: the storage location.
        plan: of the study.
        missing: planned runs that have no record.
        running: whether a process runs the study.

    """
    if running:
        return "running"
    return "complete" if not missing and _wants_no_more(plan, progress_of(storage, plan)) else "not running"


def has_ended(plan: StudyPlan, records: Iterable[Record], missing: int, progress: Mapping[str, Any]) -> bool:
    """Return whether a study has all the runs that it will get.

    A run that failed or diverged has a record, so it keeps no study from its end. A study that reached its budget has
    ended, although runs are missing.

    Args:
        plan: of the study.
        records: of its runs.
        missing: planned runs that have no record.
        progress: the content of the study's progress file, see ``progress_of``.

    """
    if reached(plan.settings.budget, Spent.of(records)) is not None:
        return True
    return not missing and _wants_no_more(plan, progress)


def _wants_no_more(plan: StudyPlan, progress: Mapping[str, Any]) -> bool:
    """Return whether a method that has all its planned runs will plan no more.

    A grid without controls plans all its runs beforehand. Any other study may have recorded every run that it has
    planned and still want more: its progress file states whether it has ended. Without that file, as in a copy of plans
    and records alone, a grid has ended, and any other study if it has confirmed its choice.
    """
    if plans_all(plan):
        return True
    grid = isinstance(plan.settings.method, Grid)
    return bool(progress.get("ended", grid or any(planned.stage == "confirm" for planned in plan.runs)))


def plans_all(plan: StudyPlan) -> bool:
    """Return whether a study plans all its runs before the first one."""
    return isinstance(plan.settings.method, Grid) and not plan.settings.controls


def progress_of(storage: Location, plan: StudyPlan) -> dict[str, Any]:
    """Return the content of a study's progress file; empty where plan and records suffice."""
    return {} if plans_all(plan) else read_progress(storage, plan.name)


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
