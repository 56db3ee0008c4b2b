"""A study with its records at one moment, and the results derived from them, computed on first use."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.report.first_screen import FirstScreen
from analysis.report.method_report import method_report
from analysis.report.sections import report_sections
from analysis.results.clip_labels import read_test_clips
from analysis.results.measures import metric_name
from analysis.results.runs_table import Key, keys, scores, selected_on
from analysis.results.study_results import explored, reported
from analysis.statistics.intervals import CELL, accuracy_interval
from analysis.tables.table import NONE, Table
from trainables.naming import label, seed_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.findings.label_audit import LabelAudit
    from analysis.report.sections import Section
    from analysis.results.study_results import StudyResults
    from analysis.text.headline import Headline
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.storage.types import Location


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
        cost_s: seconds of computation so far.
        said_ended: whether the study's progress file stated that it has ended.

    """

    results: StudyResults
    storage: Location
    runs: dict[str, PlannedRun]
    stamps: dict[str, tuple[int, int, int]]
    number: int
    made: float
    cost_s: float
    said_ended: bool = False
    _said: tuple[Headline, str] | None = None
    _sections: list[Section] | None = None
    _seeds: Table | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

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

    @property
    def sections(self) -> list[Section]:
        """The sections of the report."""
        with self._lock:
            if self._sections is None:
                start = time.monotonic()
                self._sections = report_sections(self._report)
                self.cost_s += time.monotonic() - start
            return self._sections


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
