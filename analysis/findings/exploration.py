"""What the exploring runs of a study show: which configuration to choose, with what confidence, and what was tried."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.results.budget import Spent, reached
from analysis.results.runs_table import Key, complete_runs, key_of, keys, recorded_count, runs_of, selected_on
from analysis.statistics.best_arm.assessment import Assessment, Explored, assess_explored
from analysis.statistics.best_arm.guarantee import Goal
from analysis.statistics.collapse import sound_means
from trainables.naming import ordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.results.study_results import StudyResults
    from analysis.statistics.best_arm.assessment import StoppingRule
    from trainables.records import Record
    from trainables.settings import Search, Settle


@dataclass(frozen=True)
class Settled:
    """The state of a settle study, by the same posterior that decided its runs.

    Attributes:
        standing: assessment of the configurations still in the race; None if none has a score.
        runs: number of recorded exploring runs.
        goal: what exploring must reach before it may stop.
        ended: the limit that ended the exploring; None if none did, or if it continues.

    """

    standing: Assessment[Key] | None
    runs: int
    goal: Goal
    ended: str | None

    @property
    def sure(self) -> bool:
        """Whether the requested confidence is reached."""
        return self.rule == "confidence"

    @property
    def rule(self) -> StoppingRule | None:
        """The rule by which exploring may end with the present choice; None if it would continue but for a limit."""
        return None if self.standing is None else self.standing.stops(self.goal)


def settled(results: StudyResults, accuracies: Mapping[Key, Mapping[int, float]], method: Settle) -> Settled:
    """Judge the exploring runs of a settle study.

    Args:
        results: the exploring runs alone.
        accuracies: of their complete runs, to choose by: configuration -> seed -> fraction.
        method: the study's settings.

    """
    runs = results.runs
    recorded = recorded_count(runs)
    standing = _standing(results, accuracies, method.within)
    limit = reached(results.plan.settings.budget, Spent.of(results.records.values()))
    configurations = len(keys(runs))
    most = method.most_exploring(configurations)
    if recorded >= most:
        limit = f"method.max_runs = {most}"
    elif limit is None and any(planned.stage == "confirm" for planned in results.plan.runs):
        limit = "budget.max_runs, less what confirms the choice,"
    return Settled(standing, recorded, Goal.of(method, configurations), limit)


def _standing(
    results: StudyResults, accuracies: Mapping[Key, Mapping[int, float]], within: float
) -> Assessment[Key] | None:
    configurations: dict[Key, Explored] = {}
    for planned in results.plan.runs:
        key = key_of(planned)
        if planned.stage == "explore" and key not in configurations:
            scores = {seed: 100 * value for seed, value in accuracies.get(key, {}).items()}
            recorded = recorded_count(runs_of(results.runs, key))
            configurations[key] = Explored(planned.arm, planned.varied, scores, recorded - len(scores))
    set_aside = results.plan.settings.collapse == "set_aside"
    return assess_explored(configurations, within, set_aside_collapses=set_aside) if configurations else None


def tried(results: StudyResults, method: Search) -> dict[Key, float | None]:
    """Return what a search sampled: configuration -> validation accuracy to rank by, the likeliest choice first.

    Configurations that finished come first, by the mean over their seeds; then those that were stopped at a rung, the
    last ones first; then those without a score. That is the order in which the search confirms.

    Args:
        results: the exploring runs alone.
        method: the study's settings.

    """
    runs = results.runs
    most = (method.asha and method.asha.max_epochs) or math.inf  # every run is cut there, so that is not a rung
    finished: dict[Key, dict[str, float]] = {}
    stopped: dict[Key, dict[str, float]] = {}
    reached: dict[Key, int] = {}
    for key in keys(runs):
        records = [results.records[i] for i in runs_of(runs, key)["run_id"] if i in results.records]
        cut = [r for r in records if r.status == "stopped" and len(r.epochs) < most]
        whole = [r for r in records if r.status in {"complete", "stopped"} and r not in cut]
        scores = {r.run_id: score for r in cut or whole if (score := _score(results, r, most)) is not None}
        if scores:
            (stopped if cut else finished)[key] = scores
            reached[key] = max((len(r.epochs) for r in cut), default=0)
    means = sound_means(finished, results.plan.settings.collapse)
    ends = {key: fmean(scores.values()) for key, scores in stopped.items()}
    first = sorted(means, key=lambda key: -means[key])
    second = sorted(ends, key=lambda key: (-reached[key], -ends[key]))
    scored = {key: (means | ends)[key] for key in (*first, *second)}
    return scored | {key: None for key in keys(runs) if key not in scored}


def _score(results: StudyResults, record: Record, most: float) -> float | None:
    """Return a run's last accuracy to choose by, up to the epoch at which every run is cut."""
    last = record if len(record.epochs) <= most else record.epochs[int(most) - 1]
    return last.score(selected_on(results.plan))


@dataclass(frozen=True)
class Sampled:
    """One configuration that a search sampled."""

    key: Key
    parameters: dict[str, float | str]  # what its arm leaves open, the subset included
    score: float  # mean of its complete runs, or of the last accuracies of stopped ones; a fraction
    complete: bool


def sampled(results: StudyResults, scored: Mapping[Key, float | None]) -> list[Sampled]:
    """Return the configurations of a search that have a score, the likeliest choice first.

    Args:
        results: the exploring runs alone.
        scored: what ``tried`` returns.

    """
    open_parameters: dict[Key, dict[str, float | str]] = {}
    for planned in results.plan.runs:
        if planned.stage == "explore":
            varied = planned.varied
            subset = {"subset": varied["subset"]} if "subset" in varied else {}
            open_parameters.setdefault(key_of(planned), ordered(varied) | subset)
    complete = set(keys(complete_runs(results.runs)))
    return [
        Sampled(key, open_parameters[key], score, key in complete) for key, score in scored.items() if score is not None
    ]
