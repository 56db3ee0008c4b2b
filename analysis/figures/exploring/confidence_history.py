"""How sure a settle study's choice became, run by run: data, drawing and caption."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.plotting.figure import Figure
from analysis.plotting.theme import INK, SOFT, empty, escaped
from analysis.results.runs_table import UNRECORDED, Key, key_of
from analysis.statistics.best_arm.assessment import Explored, assess_explored
from analysis.text.phrases import chance
from trainables.naming import counted_points

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from analysis.findings.method_finding import SettleFinding
    from analysis.results.study_results import StudyResults
    from trainables.plans import PlannedRun

MAX_STEPS = 40  # posteriors in a history: one of 50 values may take half a second on a busy machine


@dataclass(frozen=True)
class Step:
    """Where a settle study stood when a number of its exploring runs had ended."""

    runs: int
    confidence: float  # probability that the chosen one is within the tolerance of the best
    chosen: Key


@dataclass(frozen=True)
class History:
    """How sure a settle study's choice became, run by run."""

    steps: tuple[Step, ...]
    within: float  # points
    level: float  # at which exploring may stop


def confidence_history_data(finding: SettleFinding, most: int = MAX_STEPS) -> History | None:
    """Return how sure the choice was after each exploring run, in the order in which they ended.

    Every posterior is recomputed from the records, without the runs in flight that the method took into account. Runs
    without a time in their record come first; ties are broken by run id.

    Args:
        finding: of the study.
        most: posteriors to compute; of more runs than that, some are picked evenly, the last always.

    Returns:
        None where no exploring run has a score.

    """
    method = finding.method
    set_aside = finding.plan.settings.collapse == "set_aside"
    race: dict[Key, PlannedRun] = {}
    for planned in finding.plan.runs:
        if planned.stage == "explore":
            race.setdefault(key_of(planned), planned)
    ended = _in_order(finding.explored)
    counts = set(np.linspace(1, len(ended), min(most, len(ended))).round().astype(int).tolist())
    scores: dict[Key, dict[int, float]] = {key: {} for key in race}
    unscored = dict.fromkeys(race, 0)
    steps = []
    for count, (key, seed, score) in enumerate(ended, start=1):
        if score is None:
            unscored[key] += 1
        else:
            scores[key][seed] = score
        if count in counts:
            now = {key: Explored(p.arm, p.varied, scores[key], unscored[key]) for key, p in race.items()}
            standing = assess_explored(now, method.within, set_aside_collapses=set_aside)
            if standing is not None:
                steps.append(Step(count, standing.confidence, standing.chosen))
    return History(tuple(steps), method.within, finding.settled.goal.probability) if steps else None


def _in_order(results: StudyResults) -> list[tuple[Key, int, float | None]]:
    """Return configuration, seed and score (points; None without one) of the exploring runs, as they ended."""
    runs = results.runs
    columns = [runs[name] for name in ("run_id", *Key._fields, "seed", "status", "selection_score")]
    ended = []
    for run_id, arm, configuration, subset, seed, status, accuracy in zip(*columns, strict=True):
        if status not in UNRECORDED:
            when = results.records[run_id].provenance.ended
            score = 100 * float(accuracy) if status == "complete" and math.isfinite(accuracy) else None
            ended.append((when, str(run_id), Key(arm, configuration, subset), int(seed), score))
    return [(key, seed, score) for _, _, key, seed, score in sorted(ended, key=lambda run: run[:2])]


def draw_confidence_history(data: History) -> go.Figure:
    """Draw the probability that the choice is within the tolerance of the best, against the exploring runs ended."""
    figure = empty(height=400)
    final = data.steps[-1].chosen
    runs = [step.runs for step in data.steps]
    figure.add_scatter(
        x=runs,
        y=[step.confidence for step in data.steps],
        mode="lines",
        line={"color": INK, "width": 1.5},
        showlegend=False,
        hoverinfo="skip",
    )
    for same, mark, name in ((True, "circle", "chosen as in the end"), (False, "circle-open", "another was chosen")):
        marked = [step for step in data.steps if (step.chosen == final) == same]
        if marked:
            figure.add_scatter(
                x=[step.runs for step in marked],
                y=[step.confidence for step in marked],
                customdata=[(escaped(step.chosen.configuration), chance(step.confidence)) for step in marked],
                mode="markers",
                marker={"symbol": mark, "size": 8, "color": INK, "line": {"width": 2}},
                name=name,
                cliponaxis=False,
                hovertemplate="after %{x} runs: %{customdata[0]}<br>P: %{customdata[1]}<extra></extra>",
            )
    figure.add_scatter(
        x=[0, runs[-1] + 0.5],
        y=[data.level] * 2,
        mode="lines",
        line={"color": SOFT, "width": 2, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="right",
        y=data.level,
        yanchor="top",
        text=f"needed to stop: {data.level:g}",
        showarrow=False,
        font={"size": 13, "color": SOFT},
    )
    figure.update_xaxes(title_text="Exploring runs that have ended", range=[0, runs[-1] + 0.5])
    figure.update_layout(margin_t=12, legend={"xref": "container"})
    figure.update_yaxes(title_text=f"P(within {counted_points(data.within)} of the best)", range=[0, 1.02])
    return figure


def confidence_history(finding: SettleFinding) -> tuple[Figure, ...]:
    """Draw how sure the choice became; nothing where no exploring run has a score."""
    data = confidence_history_data(finding)
    if data is None:
        return ()
    caption = (
        f"Probability that the choice of the moment is within {counted_points(data.within)} of the best, after each "
        "exploring run. Open marks: another value was chosen than in the end."
    )
    more = (
        "Each posterior is computed again from the runs in the order in which they ended; of many runs, a selection. "
        "The method also accounted for the runs in flight, so its numbers may differ slightly."
    )
    return (Figure("confidence", "How sure the choice became", caption, draw_confidence_history(data), more=more),)
