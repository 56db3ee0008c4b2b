"""What the exploring runs of a study tell: which configuration to choose, how sure that is, what was tried."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from analysis.budget import Spent, reached
from analysis.frames import Key, explored, key_of, keys, reported, runs_of, scores, selected_on
from analysis.intervals import t_interval
from analysis.select import ValidationTable, choose
from analysis.settling import RUNS_EACH, Explored, Standing, stand
from analysis.tables import NONE, Table

if TYPE_CHECKING:
    import pandas as pd

    from analysis.frames import StudyResults
    from analysis.select import Choice
    from trainables.records import Record

UNRECORDED = ("missing", "damaged")
LEAST = 0.01  # probability that is written out
LISTED = 20  # configurations of a search in its table; the CSV files have all of them


@dataclass(frozen=True)
class Settled:
    """How far a settle study has come, by the same posterior that decided its runs.

    Attributes:
        standing: of the configurations that are in the race; None when none has a score.
        runs: exploring runs that are recorded.
        within: points of accuracy that make no difference.
        asked: the confidence that was asked for.
        ended: which limit ended the exploring; None when none did, or it is not over.

    """

    standing: Standing[Key] | None
    runs: int
    within: float
    asked: float
    ended: str | None

    @property
    def sure(self) -> bool:
        """Whether the confidence that was asked for is reached."""
        return self.standing is not None and self.standing.confidence >= self.asked


def settled(results: StudyResults) -> Settled:
    """Judge a settle study's exploring runs."""
    runs = explored(results).runs
    method: dict[str, Any] = results.plan.spec["method"]
    recorded = int((~runs["status"].isin(UNRECORDED)).sum())
    standing = _standing(results, runs, float(method["within"]))
    limit = reached(results.plan.spec.get("budget", {}), Spent.of(results.records.values()))
    most = method["max_runs"] or RUNS_EACH * len(keys(runs))
    if recorded >= most:
        limit = f"method.max_runs = {most}"
    elif limit is None and any(planned.stage == "confirm" for planned in results.plan.runs):
        limit = "budget.max_runs, less what confirms the choice,"
    return Settled(standing, recorded, float(method["within"]), float(method["confidence"]), limit)


def _standing(results: StudyResults, runs: pd.DataFrame, within: float) -> Standing[Key] | None:
    found = scores(runs, "selection")
    configurations: dict[Key, Explored] = {}
    for planned in results.plan.runs:
        key = key_of(planned)
        if planned.stage == "explore" and key not in configurations:
            accuracies = [100 * value for value in found.get(key, {}).values()]
            ended = int((~runs_of(runs, key)["status"].isin(UNRECORDED)).sum())
            configurations[key] = Explored(planned.arm, planned.varied, accuracies, ended - len(accuracies))
    return stand(configurations, within) if configurations else None


def exploration_table(results: StudyResults) -> Table:
    """Tabulate what the exploring runs showed of each configuration, the likeliest choice first."""
    return _settle_table(results) if results.plan.method == "settle" else _search_table(results)


def _settle_table(results: StudyResults) -> Table:
    runs = explored(results).runs
    found = settled(results)
    accuracies = scores(runs, "selection")
    standing = found.standing
    rows = []
    for key in keys(runs):
        own = accuracies.get(key, {})
        mean = t_interval(own.values()).cell() if own else NONE
        place = standing.keys.index(key) if standing is not None and key in standing.keys else None
        if standing is None or place is None:
            rows.append((key.configuration, mean, *[NONE] * 3))
            continue
        posterior = f"{standing.posterior.mean[place]:.1f} ± {standing.posterior.sd[place]:.1f}"
        rows.append((key.configuration, mean, posterior, chance(standing.within[place]), chance(standing.best[place])))
    note = (
        f"The choice is the configuration that is most probably within {found.within:g} points of the best, by a "
        "Gaussian process over the parameter's scale with a deviation of its own for every configuration. Validation "
        "accuracies in %; none of these runs enters a reported interval."
    )
    header = ("Configuration", "Validation accuracy", "Posterior mean ± sd")
    return Table("Exploring runs", (*header, f"P(within {found.within:g} points)", "P(best)"), tuple(rows), note)


def chance(probability: float) -> str:
    """Write a probability rounded down, so that 0.949 does not pass for 0.95, nor 0.002 for none."""
    return f"{int(100 * probability) / 100:.2f}" if not 0 < probability < LEAST else f"< {LEAST}"


def _search_table(results: StudyResults) -> Table:
    runs = explored(results).runs
    found = tried(results)
    rows = [
        (
            f"{key.configuration} on {key.subset}",
            *(", ".join(sorted(set(runs_of(runs, key)["status"]))), str(int(runs_of(runs, key)["epochs"].max()))),
            NONE if score is None else f"{100 * score:.1f}",
        )
        for key, score in list(found.items())[:LISTED]
    ]
    note = (
        f"{len(found)} configurations were sampled; those that finished stand first, by their mean validation accuracy "
        "in %, then those stopped early, the last ones first. The best of many means is too high: what is reported "
        "comes from fresh seeds."
    )
    return Table("Search", ("Configuration", "Status", "Epochs", "Validation accuracy"), tuple(rows), note)


def tried(results: StudyResults) -> dict[Key, float | None]:
    """Return what a search sampled: configuration -> validation accuracy to rank by, the likeliest choice first.

    Configurations that finished come first, by the mean over their seeds; then those that were stopped at a rung, the
    last ones first; then those without a score. That is the order in which the search confirms.
    """
    runs = explored(results).runs
    asha = results.plan.spec["method"].get("asha") or {}
    most = asha.get("max_epochs") or math.inf  # where every run is cut: that is no rung
    ranked: list[tuple[int, float, float, int, Key]] = []
    for number, key in enumerate(keys(runs)):
        records = [results.records[i] for i in runs_of(runs, key)["run_id"] if i in results.records]
        stopped = [r for r in records if r.status == "stopped" and len(r.epochs) < most]
        finished = [r for r in records if r.status in {"complete", "stopped"} and r not in stopped]
        found = [score for r in stopped or finished if (score := _score(results, r, most)) is not None]
        if found:
            last = max(len(r.epochs) for r in stopped) if stopped else 0
            ranked.append((1 if stopped else 0, -last, -fmean(found), number, key))
        else:
            ranked.append((2, 0.0, 0.0, number, key))
    return {key: -score if place < 2 else None for place, _, score, _, key in sorted(ranked)}  # noqa: PLR2004 -- see above


def _score(results: StudyResults, record: Record, most: float) -> float | None:
    """Return a run's last accuracy to choose by, up to the epoch at which every run is cut."""
    last = record if len(record.epochs) <= most else record.epochs[int(most) - 1]
    score: float | None = getattr(last, f"{selected_on(results.plan)}_accuracy")
    return score


def confirmed_choice(results: StudyResults) -> Choice | None:
    """Choose among the configurations that a search confirmed on fresh seeds; None where none is confirmed.

    A baseline may score higher; it is compared with the choice and not chosen.
    """
    return choose(ValidationTable.from_runs(confirmed_runs(results), None))


def confirmed_runs(results: StudyResults) -> pd.DataFrame:
    """Return the runs of the configurations that a search confirmed; the baselines are none of them."""
    fresh = reported(results).runs
    baselines = results.plan.spec["method"]["baselines"]
    return fresh[(fresh["stage"] == "confirm") & ~fresh["arm"].isin(baselines)]
