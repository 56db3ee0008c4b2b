"""The estimated share of wrong labels of each class."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from analysis.plotting.class_matrix import axis_names, class_sizes
from analysis.plotting.figure import Figure
from analysis.plotting.theme import COLOURS, INK, PAPER, empty, escaped, finite
from analysis.statistics.intervals import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.findings.label_audit import LabelAudit


def noise_rates(audit: LabelAudit) -> tuple[Figure, ...]:
    """Draw the estimated share of wrong labels of each class; nothing where none is estimated."""
    classes = audit.classes.dropna(subset="noise_rate")
    if classes.empty:
        return ()
    ends = ""
    if classes["low"].notna().any():
        what = "intervals" if classes["high"].notna().any() else "lower ends"
        ends = f", with {100 * LEVEL:g} % {what}"
    caption = f"Estimated share of wrong labels among the training clips of each class{ends}."
    if classes["true_rate"].notna().any():
        caption += " A diamond is the true share."
    return (Figure("noise_rates", "Wrong labels by class", caption, draw_noise_rates(classes)),)


def draw_noise_rates(classes: pd.DataFrame) -> go.Figure:
    """Draw the estimated share of wrong labels of each class (%) with its interval, the largest on top.

    Args:
        classes: the columns ``class``, ``noise_rate``, ``low``, ``high`` and ``true_rate`` of ``LabelAudit.classes``;
            every noise rate is known.

    """
    order = classes.sort_values("noise_rate", kind="stable")
    rate, low, high = (100 * order[name] for name in ("noise_rate", "low", "high"))
    names, rows = [escaped(name) for name in order["class"]], axis_names([str(name) for name in order["class"]])
    row, font = class_sizes(len(rows))
    ends = [_ends(a, b) for a, b in zip(low, high, strict=True)]
    figure = empty(height=110 + row * len(rows))
    figure.add_scatter(
        x=rate.tolist(),
        y=rows,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": finite((high - rate).tolist(), 1),
            "arrayminus": finite((rate - low).tolist(), 1),
            "thickness": 2,
            "width": min(4, row // 4),
        },
        customdata=[f"{name}: {value:.0f} %{end}" for name, value, end in zip(names, rate, ends, strict=True)],
        mode="markers",
        name="estimated",
        marker={"symbol": "circle", "size": min(10, row // 2 + 2), "color": COLOURS[0]},
        hovertemplate="%{customdata}<extra></extra>",
    )
    if order["true_rate"].notna().any():
        _add_true_shares(figure, order, names, rows, row)
    figure.update_xaxes(title_text="Wrong labels (%)", range=[-2, 102], tickvals=[0, 25, 50, 75, 100])
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=rows, range=[-0.6, len(rows) - 0.4])
    figure.update_yaxes(tickfont_size=font, ticks="", ticklabelstandoff=5)
    several = len(figure.data) > 1
    figure.update_layout(showlegend=several, margin_t=10, margin_b=96 if several else 60)
    return figure


def _add_true_shares(
    figure: go.Figure, order: pd.DataFrame, names: Sequence[str], rows: Sequence[str], row: int
) -> None:
    """Add a diamond at each known share of wrong labels."""
    figure.add_scatter(
        x=finite(order["true_rate"].tolist(), 100),
        y=rows,
        customdata=names,
        mode="markers",
        name="true",
        marker={
            "symbol": "diamond",
            "size": min(9, row // 2 + 2),
            "color": INK,
            "line": {"color": PAPER, "width": 1.5},
        },
        hovertemplate="%{customdata}, true: %{x:.0f} %<extra></extra>",
    )


def _ends(low: float, high: float) -> str:
    """Return an interval (%) in words, or its lower end if only that is known; empty without either."""
    if not isfinite(low):
        return ""
    return f" ({low:.0f} to {high:.0f})" if isfinite(high) else f" (at least {low:.0f})"
