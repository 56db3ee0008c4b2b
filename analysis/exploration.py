"""What the exploring runs of a study tell: which configuration to choose, how sure that is, what was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.budget import reached
from analysis.frames import Key, explored, key_of, keys, runs_of, scores
from analysis.intervals import t_interval
from analysis.settling import Explored, Standing, stand
from analysis.tables import NONE, Table

if TYPE_CHECKING:
    import pandas as pd

    from analysis.frames import StudyResults

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
    limit = reached(results.plan.spec.get("budget", {}), results.records.values())
    if limit is None and method["max_runs"] is not None and recorded >= method["max_runs"]:
        limit = f"method.max_runs = {method['max_runs']}"
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
        "in %, then those stopped early, by their last. Means chosen from many are too high: fresh seeds are reported."
    )
    return Table("Search", ("Configuration", "Status", "Epochs", "Validation accuracy"), tuple(rows), note)


def tried(results: StudyResults) -> dict[Key, float | None]:
    """Return what a search sampled: configuration -> last validation accuracy, the likeliest choice first.

    Configurations with a complete run come first, by their mean; then those that were stopped; then those without any.
    """
    runs = explored(results).runs
    ranked: list[tuple[int, float, Key]] = []
    for key in keys(runs):
        own = runs_of(runs, key).dropna(subset=["selection_accuracy"])
        for place, status in enumerate(("complete", "stopped")):
            part = own[own["status"] == status]["selection_accuracy"]
            if len(part):
                ranked.append((place, -float(part.mean()), key))
                break
        else:
            ranked.append((2, 0.0, key))
    return {key: -score if place < 2 else None for place, score, key in sorted(ranked)}  # noqa: PLR2004 -- see above
