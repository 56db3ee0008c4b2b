"""A study with the records that it had at one moment, and what follows from them, worked out when first asked for."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.report.method_report import method_report
from analysis.report.sections import report_sections
from analysis.results.runs_table import METRICS, Key, keys, scores
from analysis.results.study_results import explored, reported
from analysis.statistics.intervals import t_interval
from analysis.tables.table import NONE, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.report.sections import Section
    from analysis.results.study_results import StudyResults
    from trainables.plans import PlannedRun, StudyPlan


@dataclass
class Snapshot:
    """A study at one moment.

    Attributes:
        results: the study with its records.
        runs: what the plan names, by run_id.
        stamps: of each record, what tells whether it has changed.
        number: counts the study's snapshots, so that a page can tell whether it shows this one.
        made: when, on the monotonic clock.
        cost_s: what it took so far, in seconds.

    """

    results: StudyResults
    runs: dict[str, PlannedRun]
    stamps: dict[str, tuple[int, int, int]]
    number: int
    made: float
    cost_s: float
    _verdict: str | None = None
    _sections: list[Section] | None = None
    _seeds: Table | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        """Take the report of the study's method; it computes nothing before it is asked."""
        self._report = method_report(self.results)

    @property
    def plan(self) -> StudyPlan:
        """The study's plan."""
        return self.results.plan

    def stamp_of(self, run_id: str) -> str:
        """Return what changes whenever a run's record does; empty where there is none."""
        return "-".join(map(str, self.stamps.get(run_id, ())))

    @property
    def verdict(self) -> str:
        """The report's verdict."""
        with self._lock:
            if self._verdict is None:
                began = time.monotonic()
                self._verdict = self._report.verdict
                self.cost_s += time.monotonic() - began
            return self._verdict

    @property
    def seeds(self) -> Table:
        """Each configuration's seeds: see ``seeds_table``."""
        with self._lock:
            self._seeds = self._seeds or seeds_table(self.results)
            return self._seeds

    @property
    def sections(self) -> list[Section]:
        """The report's sections."""
        with self._lock:
            if self._sections is None:
                began = time.monotonic()
                self._sections = report_sections(self._report)
                self.cost_s += time.monotonic() - began
            return self._sections


def seeds_table(results: StudyResults) -> Table:
    """Tabulate each configuration's seeds, complete and planned, and how wide its intervals are so far.

    Exploring runs stand in rows of their own, without a test accuracy: they enter no reported number.
    """
    exploring, shown = explored(results).runs, reported(results).runs
    several = len({key.subset for key in keys(results.runs)}) > 1
    staged = len(exploring) > 0
    rows = []
    for runs, word, metrics in ((exploring, "explore", METRICS[:1]), (shown, "report", METRICS)):
        accuracies = [scores(runs, metric) for metric in metrics]
        for names, status in runs.groupby(list(Key._fields), sort=False)["status"]:
            key = Key(*map(str, names))
            words = (*((key.subset,) if several else ()), *((word,) if staged else ()))
            done = f"{int((status == 'complete').sum())} of {len(status)}"
            cells = [_cell(found.get(key, {})) for found in accuracies] + [NONE] * (len(METRICS) - len(metrics))
            rows.append((key.configuration, *words, done, *cells))
    note = "Accuracies in %: mean ± half width of the 95 % t-interval (n complete runs). One run has no interval."
    header = ("Configuration", *(("Subset",) if several else ()), *(("To",) if staged else ()))
    return Table("Seeds done", (*header, "Seeds", "Validation accuracy", "Test accuracy"), tuple(rows), note)


def _cell(values: Mapping[int, float]) -> str:
    return t_interval(values.values()).cell() if values else NONE


def ended(results: StudyResults) -> pd.Series[int]:
    """Count the runs by status."""
    return results.runs["status"].value_counts()
