"""A study in a few facts, for the list of studies."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from analysis.results.measures import metric_column
from analysis.results.runs_table import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.dashboard.snapshot import Snapshot
    from analysis.results.study_state import State

MAX_POINTS = 40  # of a trend


@dataclass(frozen=True)
class StudySummary:
    """A study in the list.

    Attributes:
        name: of the study.
        state: whether it runs.
        planned: number of runs.
        recorded: number of runs that have a record.
        eta_s: seconds to the end; None if unknown.
        headline: its result in at most twelve words; empty until it is computed.
        pick: the configuration that leads; empty without one, or with one for each subset.
        score: the accuracy of the pick with its interval, in %.
        scored_by: what the score is.
        updated: when the last run ended, Unix time; None without a run.
        trend: validation accuracy (fractions) of the complete runs in the order in which they ended.
        problem: why the study cannot be read; empty if it can be.
        pending: whether the results are still to be computed.

    """

    name: str
    state: State | Literal["damaged"]
    planned: int = 0
    recorded: int = 0
    eta_s: float | None = None
    headline: str = ""
    pick: str = ""
    score: str = ""
    scored_by: str = ""
    updated: float | None = None
    trend: tuple[float, ...] = ()
    problem: str = ""
    pending: bool = False

    def with_results_of(self, other: StudySummary) -> StudySummary:
        """Return this summary with the results of another one."""
        results = {
            name: getattr(other, name) for name in ("headline", "pick", "score", "scored_by", "updated", "trend")
        }
        return replace(self, **results)


def summarized(facts: StudySummary, snapshot: Snapshot) -> StudySummary:
    """Add the results of a study to the facts about it."""
    screen = snapshot.first_screen
    finding, results = screen.report.finding, snapshot.results
    tile = next((tile for tile in screen.tiles if [reading.unit for reading in tile.readings] == ["%"]), None)
    ended = sorted((record.provenance.ended, run_id) for run_id, record in results.records.items())
    validation = dict(zip(results.runs["run_id"], results.runs[metric_column(results.runs, "validation")], strict=True))
    accuracies = [float(validation[run_id]) for _, run_id in ended if math.isfinite(validation[run_id])]
    made = replace(
        facts,
        headline=screen.headline.text,
        updated=_unix(ended[-1][0]) if ended else None,
        trend=_thinned(accuracies),
    )
    if tile is None or finding.best is None:
        return made
    pick = Key(finding.best.arm, finding.best.configuration, finding.best.subset)
    score = " ".join(filter(None, (tile.readings[0].value, tile.readings[0].margin)))
    return replace(made, pick=finding.names.get(pick, finding.best.configuration), score=score, scored_by=tile.label)


def _unix(time: str) -> float | None:
    """Return an ISO 8601 time as Unix time; None for any other text."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None


def _thinned(values: Sequence[float]) -> tuple[float, ...]:
    """Return at most ``MAX_POINTS`` means of successive values."""
    size = max(1, -(-len(values) // MAX_POINTS))
    return tuple(fmean(values[start : start + size]) for start in range(0, len(values), size))
