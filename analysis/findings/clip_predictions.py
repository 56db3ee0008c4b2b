"""Predictions of the test clips by the configurations that stand for their arms."""

from __future__ import annotations

from analysis.findings.choice import chosen
from analysis.results.clip_labels import predictions
from analysis.results.runs_table import Key, complete_runs, runs_of
from analysis.results.study_results import StudyResults, reported
from analysis.statistics.ranking import ValidationTable, rank, representatives

Predictions = dict[Key, dict[int, tuple[int, ...]]]  # configuration -> seed -> class index of each test clip


def _standing(results: StudyResults) -> Predictions:
    """Return the predictions of what stands for each arm and subset; the study's choice comes first, if it has one."""
    choice, runs = chosen(results), reported(results).runs
    found: Predictions = {}
    for key in dict.fromkeys([*([choice] if choice else []), *representatives(runs)]):
        run_ids = complete_runs(runs_of(runs, key))["run_id"]
        own = predictions([results.records[run_id] for run_id in run_ids], results.labels) if results.labels else {}
        found |= {key: own} if own else {}
    return found


def _best_other(results: StudyResults, found: Predictions, first: Key) -> Key | None:
    """Return the best configuration of another arm on the same subset, by the ranking that the verdict uses."""
    ranking = rank(ValidationTable.from_runs(reported(results).runs, first.subset))
    return next((key for key in ranking.keys if key.arm != first.arm and key in found), None)


def _name(key: Key) -> str:
    return f"{key.configuration} on {key.subset}"


def _recorded_runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
