"""A study with its records at one moment, and the results derived from them, computed on first use."""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.dashboard.reading.job import Job
from analysis.report.first_screen import FirstScreen
from analysis.report.method_report import method_report
from analysis.report.sections import report_sections
from analysis.results.clip_labels import read_test_clips
from analysis.results.measures import metric_name
from analysis.results.reported_metric import of_metric
from analysis.results.runs_table import Key, keys, scores, selected_on
from analysis.results.study_results import explored, reported, study_results, with_kept_labels, with_labels
from analysis.statistics.intervals import CELL, accuracy_interval
from analysis.tables.table import NONE, Table
from trainables.naming import label, seed_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.findings.label_audit import LabelAudit
    from analysis.report.sections import Section
    from analysis.results.study_results import StudyResults, Unread
    from analysis.results.study_state import Progress
    from analysis.text.headline import Headline
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Record
    from trainables.storage.types import Location, Stamp


@dataclass(frozen=True)
class Flight:
    """A run in training; ``epoch`` is 0 until the first one has ended."""

    run_id: str
    configuration: str
    subset: str
    seed: str  # and the fold, if it has one
    epoch: int
    epochs: int
    validation_accuracy: float | None  # a fraction


@dataclass(frozen=True)
class Live:
    """The state that the process running a study last reported."""

    owner: str  # who runs it; empty if it is not running
    flights: tuple[Flight, ...] = ()
    standing: str = ""
    eta_s: float | None = None
    age_s: float = 0.0
    waits: tuple[str, ...] = ()  # what runs wait for, apart from their turn
    ray_dashboard: str = ""  # address of the Ray dashboard of the cluster; empty without one


def flight(planned: PlannedRun, epoch: int, validation_accuracy: float | None) -> Flight:
    """Return a run in training, with its progress."""
    run, epochs = planned.run, planned.run.configuration.training.epochs
    seed = seed_in_words(run).removeprefix("seed ")
    return Flight(run.run_id, label(planned), run.configuration.subset, seed, epoch, epochs, validation_accuracy)


@dataclass(frozen=True)
class Source:
    """What a snapshot is made from.

    Attributes:
        plan: the study's plan.
        runs: its runs, by run_id.
        stamps: the stamp of each record, which changes with it.
        progress: the study's progress file.

    """

    plan: StudyPlan
    runs: dict[str, PlannedRun]
    stamps: dict[str, Stamp]
    progress: Progress

    def snapshot(  # noqa: PLR0913 -- what is read, what is shown, and what came before
        self,
        storage: Location,
        records: dict[str, Record],
        unread: Mapping[str, Unread],
        before: Snapshot | None,
        *,
        show_test: bool,
        metric: str,
    ) -> Snapshot:
        """Return the snapshot.

        Args:
            storage: the storage location.
            records: by run_id.
            unread: why other records cannot be read, by run_id.
            before: the earlier snapshot of this study, if there is one.
            show_test: whether to show the test accuracies of a study that has not ended.
            metric: the metric on test clips that is reported; accuracy where every run lacks it.

        Raises:
            ValueError: two runs cannot be told apart.

        """
        start = time.monotonic()
        results = study_results(self.plan, records, unread, self.progress, show_test=show_test)
        if before and before.plan is self.plan and before.results.labels:
            results = with_labels(results, before.results.labels)  # the labels of a data set never change
        else:
            results = with_kept_labels(results, storage)
        with suppress(ValueError):  # every run lacks it
            results = of_metric(results, metric)
        number = before.number + 1 if before else 1
        now, ended = time.monotonic(), bool(self.progress.ended)
        return Snapshot(results, storage, self.runs, self.stamps, number, now, now - start, said_ended=ended)


@dataclass
class Snapshot:
    """A study at one moment.

    Attributes:
        results: the study with its records.
        storage: the storage location that they lie in.
        runs: the planned runs, by run_id.
        stamps: the stamp of each record, which changes with it.
        number: counts the snapshots of the study, so that a page can tell whether it shows this one.
        made: time of creation, on the monotonic clock.
        cost_s: seconds of computation so far, without reading records.
        said_ended: whether the study's progress file stated that it has ended.

    """

    results: StudyResults
    storage: Location
    runs: dict[str, PlannedRun]
    stamps: dict[str, Stamp]
    number: int
    made: float
    cost_s: float
    said_ended: bool = False
    _said: tuple[Headline, str] | None = None
    _seeds: Table | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _sectioning: Job[list[Section]] | None = None

    def __post_init__(self) -> None:
        """Create the report of the study's method, which computes everything on demand."""
        self._report = method_report(self.results, self.storage)

    @property
    def plan(self) -> StudyPlan:
        """The study's plan."""
        return self.results.plan

    def stamp_of(self, run_id: str) -> str:
        """Return a text that changes whenever a run's record does; empty without a record."""
        return "-".join(map(str, self.stamps.get(run_id, ())))

    @property
    def verdict(self) -> str:
        """The verdict of the report."""
        return self._words[1]

    @property
    def headline(self) -> Headline:
        """The headline of the report."""
        return self._words[0]

    @property
    def _words(self) -> tuple[Headline, str]:
        with self._lock:
            if self._said is None:
                start = time.monotonic()
                self._said = self._report.headline, self._report.verdict
                self.cost_s += time.monotonic() - start
            return self._said

    @property
    def seeds(self) -> Table:
        """The table of each configuration's seeds, see ``seeds_table``."""
        with self._lock:
            self._seeds = self._seeds or seeds_table(self.results)
            return self._seeds

    @property
    def clips(self) -> ClipPredictions | None:
        """The predictions for the test clips; see ``Finding.clips``."""
        with self._lock:
            return self._report.finding.clips

    @cached_property
    def test_paths(self) -> tuple[str, ...]:
        """The paths of the test clips, in the order of their predictions; empty where they are not kept."""
        try:
            return tuple(clip.path for clip in read_test_clips(self.storage, self.plan))
        except (ValueError, OSError):  # the section on test clips states it
            return ()

    @property
    def audit(self) -> LabelAudit | None:
        """The audit of the training labels; see ``MethodReport.audit``."""
        with self._lock:
            return self._report.audit

    @cached_property
    def first_screen(self) -> FirstScreen:
        """The first screen of the report."""
        return FirstScreen(self._report)

    def compute_first_screen(self) -> None:
        """Compute all that the first screen shows."""
        start = time.monotonic()
        for part in ("context", "headline", "tiles", "verdict", "cautions", "figure", "table"):
            getattr(self.first_screen, part)
        self.made = time.monotonic()
        self.cost_s += self.made - start

    @property
    def sections(self) -> list[Section]:
        """The sections of the report."""
        return self.sections_within(math.inf)

    def sections_within(self, patience_s: float) -> list[Section]:
        """Return the sections of the report, which a thread computes.

        Args:
            patience_s: seconds to wait for them at most.

        Raises:
            StillWorkingError: they are not there by then.

        """
        with self._lock:
            if self._sectioning is None:
                self._sectioning = Job(self._compute_sections, "Computing the evidence")
        return self._sectioning.result(patience_s)

    def _compute_sections(self, _: Job[list[Section]]) -> list[Section]:
        start = time.monotonic()
        sections = report_sections(self._report)
        self.cost_s += time.monotonic() - start
        return sections


def seeds_table(results: StudyResults) -> Table:
    """Tabulate each configuration's complete and planned seeds, and the accuracies to choose by and of the test.

    Exploring runs have separate rows, without a test accuracy: they do not enter the reported results.
    """
    exploring, reporting = explored(results).runs, reported(results).runs
    several_subsets = len({key.subset for key in keys(results.runs)}) > 1
    explores = len(exploring) > 0
    columns = (selected_on(results.plan), results.tested_by)
    rows = []
    for runs, purpose, metrics in ((exploring, "explore", columns[:1]), (reporting, "report", columns)):
        accuracies = [scores(runs, metric) for metric in metrics]
        for names, status in runs.groupby(list(Key._fields), sort=False)["status"]:
            key = Key(*map(str, names))
            row = [key.configuration]
            row += [key.subset] if several_subsets else []
            row += [purpose] if explores else []
            row += [f"{int((status == 'complete').sum())} of {len(status)}"]
            row += [_cell(by_key.get(key, {})) for by_key in accuracies] + [NONE] * (len(columns) - len(metrics))
            rows.append(tuple(row))
    note = f"In %: {CELL}."
    header = ["Configuration"]
    header += ["Subset"] if several_subsets else []
    header += ["To"] if explores else []
    header += ["Seeds", *map(metric_name, columns)]
    return Table("Seeds done", tuple(header), tuple(rows), note)


def _cell(values: Mapping[int, float]) -> str:
    return accuracy_interval(values.values()).cell() if values else NONE


def ended(results: StudyResults) -> pd.Series[int]:
    """Count the runs by status."""
    return results.runs["status"].value_counts()
