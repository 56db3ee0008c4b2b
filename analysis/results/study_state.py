"""Whether a study runs, has ended, or stopped before its end: one rule for texts, tables, terminal and dashboard.

A run without a record is *waiting* until its study has ended, and *missing* from then on. The test accuracies of a
study that has not ended are hidden: whoever stops a study, or changes it, because of them has chosen by the test set,
whose accuracy is then too high.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from analysis.results.budget import Spent, reached
from trainables.plans import study_folder
from trainables.settings import Grid
from trainables.storage.documents import DamagedError, Document, is_outage, read_document, warn_once

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.plans import StudyPlan
    from trainables.records import Record
    from trainables.storage.types import Location

State = Literal["running", "complete", "not running"]
Count: TypeAlias = Annotated[int, Field(ge=0, lt=2**31)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Fraction: TypeAlias = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Progress(Document):
    """The progress file of a study: what the process that runs it last stated.

    Attributes:
        recorded: the number of runs that have a record.
        runs: the number of planned runs.
        left_out: the number of runs that failed or diverged, by status.
        standing: how far the method is, in words.
        waits: what runs wait for, apart from their turn, in words.
        ended: whether the study gets no more runs; None if that is unknown.
        running: run_id -> (epoch, validation accuracy or None) of the runs in training; 0 before the first end.
        eta_s: seconds to the end; None if unknown.
        most_left: an upper bound of the runs still to be recorded; None if ``runs`` counts them all.
        began: when the first run of this start began, Unix time; 0 before.
        ray_dashboard: address of the cluster's Ray dashboard; empty without one.
        updated: when the file was written, Unix time.
        problem: why the file cannot be read; empty if it can be, or does not exist. Not part of the file.

    """

    recorded: Count = 0
    runs: Count = 0
    left_out: dict[str, Count] = Field(default_factory=dict)
    standing: str = ""
    waits: list[str] = Field(default_factory=list)
    ended: bool | None = None
    running: dict[str, tuple[Count, Fraction | None]] = Field(default_factory=dict)
    eta_s: Seconds | None = None
    most_left: Count | None = None
    began: Seconds = 0.0
    ray_dashboard: str = ""
    updated: Seconds = 0.0
    problem: Annotated[str, Field(exclude=True)] = ""


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


def has_ended(plan: StudyPlan, records: Iterable[Record], missing: int, progress: Progress) -> bool:
    """Return whether a study has all the runs that it will get.

    A run that failed or diverged has a record, so it keeps no study from its end. A study that reached its budget has
    ended, although runs are missing.

    Args:
        plan: of the study.
        records: of its runs.
        missing: planned runs that have no record.
        progress: the study's progress file, see ``progress_of``.

    """
    if reached(plan.settings.budget, Spent.of(records)) is not None:
        return True
    return not missing and _wants_no_more(plan, progress)


def _wants_no_more(plan: StudyPlan, progress: Progress) -> bool:
    """Return whether a method that has all its planned runs will plan no more.

    A grid without controls plans all its runs beforehand. Any other study may have recorded every run that it has
    planned and still want more: its progress file states whether it has ended. Without that file, as in a copy of plans
    and records alone, a grid has ended, and any other study if it has confirmed its choice.
    """
    if plans_all(plan):
        return True
    if progress.ended is not None:
        return progress.ended
    return isinstance(plan.settings.method, Grid) or any(planned.stage == "confirm" for planned in plan.runs)


def plans_all(plan: StudyPlan) -> bool:
    """Return whether a study plans all its runs before the first one."""
    return isinstance(plan.settings.method, Grid) and not plan.settings.controls


def progress_of(storage: Location, plan: StudyPlan) -> Progress:
    """Return a study's progress file; the defaults where plan and records suffice."""
    return Progress() if plans_all(plan) else read_progress(storage, plan.name)


def progress_path(storage: Location, name: str) -> Location:
    """Return the file in which the process that runs a study states its progress."""
    return study_folder(storage, name) / "progress.json"


def read_progress(storage: Location, name: str) -> Progress:
    """Return a study's progress file; the defaults if it is missing or, which is logged once, cannot be read."""
    try:
        return read_document(progress_path(storage, name), Progress)
    except FileNotFoundError:
        return Progress()
    except (DamagedError, OSError) as error:
        if not is_outage(storage, error):
            warn_once(f"{error}; the study is shown without it")
        return Progress(problem=str(error))
