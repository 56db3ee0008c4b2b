"""A square of classes against classes: confusions, and estimated transitions between labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.plotting.theme import empty, finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

ROW = 26  # pixels of a class


def draw_class_matrix(  # noqa: PLR0913 -- a figure, its axes and what it shows on hover
    shares: Sequence[Sequence[float]],
    names: Sequence[str],
    *,
    rows: str,
    columns: str,
    hover: Sequence[Sequence[Sequence[object]]],
    hovertemplate: str,
) -> go.Figure:
    """Draw the share of each row that is in each column, in %.

    Args:
        shares: fractions, shape (K, K); NaN leaves a gap.
        names: of the K classes, escaped.
        rows: title of the vertical axis.
        columns: title of the horizontal axis.
        hover: the ``customdata`` of each cell, shape (K, K, ...).
        hovertemplate: of the cells.

    """
    places = list(range(len(names)))
    figure = empty(height=230 + ROW * len(names))
    figure.add_heatmap(
        z=[finite(row, 100) for row in shares],
        x=places,
        y=places,
        customdata=hover,
        zmin=0,
        zmax=100,
        colorbar={"title": {"text": "%"}},
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate=f"{hovertemplate}<extra></extra>",
    )
    figure.update_xaxes(title_text=columns, tickvals=places, ticktext=names, tickangle=-60, showgrid=False)
    figure.update_yaxes(
        title_text=rows, tickvals=places, ticktext=names, range=[len(names) - 0.5, -0.5], showgrid=False
    )
    figure.update_layout(margin_b=60)  # there is no legend
    return figure
