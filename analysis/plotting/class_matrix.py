"""A square of classes against classes: confusions, and estimated transitions between labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.plotting.palette import on_scale
from analysis.plotting.theme import GRID, empty, escaped, finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

MAX_PRINTED = 10  # classes up to which each cell states its share
LEAST_PRINTED = 0.5  # %
MAX_NAME = 26  # characters of a class name on an axis
# For up to so many classes: pixels of a row, and of the font of names. Of more classes, not every one is named.
SIZES = ((MAX_PRINTED, 32, 13), (30, 22, 11), (60, 14, 10))
MAX_HEIGHT = 840  # pixels of all rows together, of more classes than these
CHARACTER = 0.6  # width of an average one, as a share of the font's size
KEY = 180  # pixels: length of the colour bar


def class_sizes(classes: int) -> tuple[int, int]:
    """Return the pixels of a class's row, and of the font of its name."""
    sizes = ((row, font) for most, row, font in SIZES if classes <= most)
    return next(sizes, (max(4, MAX_HEIGHT // max(classes, 1)), SIZES[-1][2]))


def shortened(name: str, most: int = MAX_NAME) -> str:
    """Return a name that a figure has room for: one of more letters than ``most`` is cut in the middle."""
    half = most // 2
    return name if len(name) <= most else f"{name[:half]}…{name[1 - half :]}"


def axis_names(names: Sequence[str], most: int = MAX_NAME) -> list[str]:
    """Return what an axis calls classes or configurations, escaped: shortened, and all distinct."""
    short = [shortened(name, most) for name in names]
    return [escaped(name if short.count(name) == 1 else f"{i} {name}") for i, name in enumerate(short, 1)]


def draw_class_matrix(  # noqa: PLR0913 -- a figure, its axes and what it shows on hover
    shares: Sequence[Sequence[float]],
    names: Sequence[str],
    *,
    rows: str,
    columns: str,
    hovertemplate: str,
    counts: Sequence[Sequence[int]] | None = None,
) -> go.Figure:
    """Draw the share of each row that is in each column, in %; a share of 0 has the colour of the paper.

    On either axis, plotly leaves out the names that would overlap, at any width.

    Args:
        shares: fractions, shape (K, K); NaN is a cell without a share, drawn in grey.
        names: of the K classes.
        rows: what the rows are, in few words.
        columns: what the columns are, in few words.
        hovertemplate: of the cells: ``%{y}`` and ``%{x}`` are the classes, ``%{z}`` is the share and
            ``%{customdata}`` the number of clips.
        counts: number of clips in each cell, shape (K, K); None if the template does not state it.

    """
    called = axis_names(names)
    row, font = class_sizes(len(called))
    longest = round(CHARACTER * font * min(MAX_NAME, max(map(len, names), default=0)))
    figure = empty(height=30 + longest + row * len(called) + 60)
    shown = [finite(values, 100) for values in shares]
    gap = 1 if len(called) <= SIZES[-1][0] else 0
    figure.add_heatmap(
        z=shown,
        x=called,
        y=called,
        customdata=counts,
        zmin=0,
        zmax=100,
        colorbar=colour_bar(tickvals=[0, 50, 100], ticktext=["0 %", "50 %", "100 %"]),
        xgap=gap,
        ygap=gap,
        hoverongaps=False,
        hovertemplate=f"{hovertemplate}<extra></extra>",
    )
    if len(called) <= MAX_PRINTED:
        _print_shares(figure, shown, called)
    _label(figure, rows, columns, len(called), font)
    return figure


def _print_shares(figure: go.Figure, shown: Sequence[Sequence[float | None]], names: Sequence[str]) -> None:
    """Write into each cell its share in %, in a colour that can be read there on either paper."""
    cells = [
        (name, label, value)
        for label, values in zip(names, shown, strict=True)
        for name, value in zip(names, values, strict=True)
        if value is not None and value >= LEAST_PRINTED
    ]
    figure.add_scatter(
        x=[x for x, _, _ in cells],
        y=[y for _, y, _ in cells],
        text=[f"{value:.0f}" for _, _, value in cells],
        mode="text",
        textfont={"color": [on_scale(value / 100) for _, _, value in cells]},
        hoverinfo="skip",
    )


def _label(figure: go.Figure, rows: str, columns: str, classes: int, font: int) -> None:
    """Set up the axes of a matrix, and name rows and columns in its corner."""
    shared = {
        "type": "category",
        "showgrid": False,
        "tickfont": {"size": font},
        "ticks": "",
        "ticklabelstandoff": 5,
        "showline": False,
    }
    figure.update_xaxes(side="top", tickangle=-90, **shared)
    figure.update_yaxes(range=[classes - 0.5, -0.5], **shared)
    corner = f"{columns} →<br>{rows} ↓"
    at = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "right", "yanchor": "bottom"}
    figure.add_annotation(text=corner, showarrow=False, align="right", xshift=-4, yshift=4, **at)
    margins = {"l": round(14 * CHARACTER * (max(len(rows), len(columns)) + 2)), "r": 24, "t": 44, "b": 56}
    figure.update_layout(margin=margins, plot_bgcolor=GRID, showlegend=False)


def colour_bar(*, above: bool = False, **ticks: object) -> dict[str, object]:
    """Return plotly's colour bar of a heat map: of fixed length below or above it, so that it has the whole width."""
    form = {"orientation": "h", "thickness": 10, "lenmode": "pixels", "len": KEY, "outlinewidth": 1}
    edge = {"y": 1, "yanchor": "top"} if above else {"y": 0, "yanchor": "bottom"}
    place = {"x": 1, "xanchor": "right", "xpad": 0, "yref": "container", "ypad": 4, **edge}
    # The label of the end is drawn although half of it lies beside the bar.
    return {**form, **place, **ticks, "tickfont": {"size": 11}, "outlinecolor": GRID, "ticklabeloverflow": "allow"}
