"""The runs of a study's choice that form a kept model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.findings.method_finding import method_finding
from analysis.results.measures import SELECTION
from analysis.results.runs_table import Key, complete_runs, runs_of
from analysis.results.study_results import load_results
from study.errors import UsageError
from study.ledger.registry import find_plan
from trainables.outputs.clips import read_outputs
from trainables.outputs.weights import weights_path
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    import pandas as pd

    from analysis.findings.choice import Best
    from analysis.findings.method_finding import MethodFinding
    from analysis.results.study_results import StudyResults
    from trainables.records import Record
    from trainables.storage.types import Location

LEAST = 2.0**-24  # the smallest probability above 0 in the float16 of the stored ones


@dataclass(frozen=True, eq=False)
class Selection:
    """The runs that form a kept model.

    Attributes:
        storage: the storage location of the study.
        finding: what the study found.
        best: its choice.
        records: of the runs that the model consists of: one, or those of an ensemble.
        kept: how many runs of the choice have kept weights.
        of: how many complete runs the choice has.
        median: whether the run is the one with the median validation score.

    """

    storage: Location
    finding: MethodFinding
    best: Best
    records: tuple[Record, ...]
    kept: int
    of: int
    median: bool

    @property
    def results(self) -> StudyResults:
        """The study's plan and records."""
        return self.finding.results

    def ensemble_accuracy(self) -> float | None:
        """Return the accuracy of an ensemble on the test clips, from the probabilities that its runs stored.

        Returns:
            A fraction; None where the study hides it, labels or probabilities are not there, or the runs have several
            sets of test clips.

        """
        labels = self.results.labels
        if self.results.test_hidden or labels is None or not labels.test or any(r.run.fold for r in self.records):
            return None
        try:
            stored = [read_outputs(self.storage, record.run_id).probabilities for record in self.records]
        except (FileNotFoundError, DamagedError):
            return None
        if any(len(probabilities) != len(labels.test) for probabilities in stored):
            return None
        logs = [np.log(np.maximum(probabilities.astype(np.float64), LEAST)) for probabilities in stored]
        return float((np.mean(logs, axis=0).argmax(axis=1) == np.array(labels.test)).mean())


def select(storage: Location, name: str, *, seed: int | None = None, ensemble: bool = False) -> Selection:
    """Return the runs of a study's choice that form a kept model.

    Without a seed that is one run: the one whose validation score, which the study chooses by, is the median of the
    choice's runs (of two in the middle, the lower one). It stands for what the study states of the choice; test scores
    have no part in it.

    Args:
        storage: the storage location.
        name: the study's name.
        seed: of the run.
        ensemble: whether to take all runs.

    Raises:
        UnknownStudyError: there is no such study.
        UsageError: the study has no choice, no run with that seed, or has not kept the weights.

    """
    find_plan(storage, name)
    finding = method_finding(load_results(storage, name))
    best = finding.best
    if best is None:
        msg = f"{name}: no run is complete, so the study has chosen nothing yet"
        raise UsageError(msg)
    runs = _runs(finding, Key(best.arm, best.configuration, best.subset))
    choice = f"{name}: the choice, {best.configuration} on {best.subset},"
    if seed is not None and seed not in set(runs["seed"]):
        msg = f"{choice} has no complete run with seed {seed}; its seeds: {_listed(runs)}"
        raise UsageError(msg)
    present = storage.map(lambda run_id: weights_path(storage, run_id).exists(), runs["run_id"].tolist())
    kept = runs[list(present)]
    wanted = kept if seed is None else kept[kept["seed"] == seed]
    if kept.empty and set(runs["stage"]) == {"explore"}:
        msg = f"{choice} is not confirmed yet, and exploring runs leave no weights; continue with: gce-study run FILE"
        raise UsageError(msg)
    if wanted.empty:
        which = "" if seed is None or kept.empty else f" of seed {seed}; those of these seeds are: {_listed(kept)}"
        msg = f"{choice} has no kept weights{which}; gce-study run FILE --retrain-choice trains its runs again"
        raise UsageError(msg)
    if ensemble and len(wanted) == 1:
        msg = f"{choice} has the kept weights of one run; an ensemble needs two or more"
        raise UsageError(msg)
    taken = wanted if ensemble else _median(wanted)
    records = tuple(finding.results.records[run_id] for run_id in taken["run_id"])
    return Selection(storage, finding, best, records, len(kept), len(runs), median=seed is None and not ensemble)


def _runs(finding: MethodFinding, key: Key) -> pd.DataFrame:
    """Return the complete runs of the choice, less the collapsed ones; exploring runs if there are no others."""
    reported = complete_runs(runs_of(finding.reported.runs, key))
    if reported.empty:
        return complete_runs(runs_of(finding.explored.runs, key))
    return reported[~reported["seed"].isin(finding.collapses.collapsed.get(key, ()))]


def _median(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the row with the median score to choose by: the lower one of two, and of equal ones the first seed."""
    ranked = runs.sort_values([SELECTION, "seed"], kind="stable")
    middle = (len(ranked) - 1) // 2
    return ranked.iloc[middle : middle + 1]


def _listed(runs: pd.DataFrame) -> str:
    return ", ".join(map(str, sorted(set(runs["seed"]))))
