"""Which parameters of a search mattered, each by itself: data first, the drawing below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.plotting.class_matrix import shortened
from analysis.plotting.figure import Figure
from analysis.plotting.styles import styles
from analysis.plotting.theme import INK, empty, escaped
from trainables.naming import symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.exploration import Sampled
    from analysis.findings.method_finding import SearchFinding
    from analysis.plotting.styles import Style

MIN_CONFIGURATIONS = 4  # with fewer, a share of variance means nothing
ROW = 34  # pixels


@dataclass(frozen=True)
class Importance:
    """How much of the scores' ranks one parameter of one arm explains on its own.

    Attributes:
        arm: the arm's name.
        parameter: the parameter's name.
        method: ``ρ²`` (Spearman's, of numbers) or ``η²`` (of the ranks between choices).
        share: of the variance of the ranks, in [0, 1].
        chance: the share expected of a parameter without effect.
        n: configurations.

    """

    arm: str
    parameter: str
    method: str
    share: float
    chance: float
    n: int


def importance_data(sampled: Sequence[Sampled]) -> list[Importance]:
    """Return each parameter's importance, arm by arm, from the sampled configurations in their order.

    Scores count by rank, and a configuration that was stopped early ranks below all that finished. Each
    parameter is considered alone: one that matters only together with another, or whose best lies in the middle, has a
    small share.
    """
    shares = []
    for arm in dict.fromkeys(configuration.key.arm for configuration in sampled):
        of_arm = [configuration for configuration in sampled if configuration.key.arm == arm]
        if len(of_arm) < MIN_CONFIGURATIONS:
            continue
        # Scores are at most 1, so that configurations stopped early rank below all that finished.
        ranks = stats.rankdata([configuration.score + configuration.complete for configuration in of_arm])
        for name in of_arm[0].parameters:
            values = [configuration.parameters[name] for configuration in of_arm]
            if len(set(values)) > 1 and np.ptp(ranks) > 0:
                shares.append(Importance(arm, name, *_share(values, ranks), len(of_arm)))
    return shares


def _share(
    values: Sequence[float | str], ranks: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[str, float, float]:
    """Return the method, the share of the ranks' variance that the values explain, and what chance explains."""
    n = len(values)
    if not any(isinstance(value, str) for value in values):
        rho = float(stats.spearmanr([float(value) for value in values], ranks).statistic)
        return "ρ²", rho**2, 1 / (n - 1)
    groups = [ranks[[i for i, value in enumerate(values) if value == choice]] for choice in dict.fromkeys(values)]
    between = math.fsum(len(group) * (float(group.mean()) - float(ranks.mean())) ** 2 for group in groups)
    return "η²", between / float(((ranks - ranks.mean()) ** 2).sum()), (len(groups) - 1) / (n - 1)


def draw_importance(data: Sequence[Importance], looks: Mapping[str, Style]) -> go.Figure:
    """Draw each parameter's share as a bar, with a stroke at what chance alone would give."""
    figure = empty(height=100 + ROW * len(data))
    rows = list(range(len(data)))
    figure.add_bar(
        x=[each.share for each in data],
        y=rows,
        orientation="h",
        width=0.6,
        marker={"color": [looks[each.arm].colour for each in data]},
        text=[f"{each.share:.2f}" for each in data],
        textposition="outside",
        cliponaxis=False,
        customdata=[f"{each.method} = {each.share:.2f}, {each.n} configurations" for each in data],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=[each.chance for each in data],
        y=rows,
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 22, "color": INK, "line": {"width": 2.5}},
        hovertemplate="expected by chance: %{x:.2f}<extra></extra>",
    )
    labels = [f"{escaped(shortened(each.arm))}: {escaped(symbol(each.parameter))}" for each in data]
    figure.update_xaxes(title_text="Share explained", range=[0, 1.08], tickvals=[0, 0.5, 1])
    figure.update_yaxes(tickvals=rows, ticktext=labels, range=[len(data) - 0.5, -0.5], showgrid=False, ticks="")
    figure.update_layout(showlegend=False, margin={"t": 12, "b": 62})
    return figure


def importance(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw which parameters mattered."""
    data = importance_data(finding.sampled)
    if not data:
        return ()
    caption = (
        "Bars: the share of the variance of the score's ranks that a parameter explains by itself within its arm. "
        "Strokes: the share expected of a parameter without effect."
    )
    more = (
        "The share is Spearman's \N{GREEK SMALL LETTER RHO}² for numbers and \N{GREEK SMALL LETTER ETA}² between "
        "choices. Configurations that were stopped early rank below those that finished. A parameter whose best value "
        "lies in the middle, or that matters only together with another, has a small share. There are no intervals, "
        "because the configurations were picked by the search, not at random."
    )
    drawing = draw_importance(data, styles(finding.results.runs))
    return (Figure("importance", "Which parameters mattered", caption, drawing, more=more),)
