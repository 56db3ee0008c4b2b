"""The estimated transition matrix: which labels the clips of each class have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.clips import ROW
from analysis.plotting.figure import Figure
from analysis.plotting.theme import SCALE, empty, escaped, finite
from trainables.naming import set_off

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from analysis.findings.label_audit import LabelAudit

MAX_NAMED = 3  # of the most frequent wrong labels that the caption names


def transition(audit: LabelAudit) -> tuple[Figure, ...]:
    """Draw the estimated probabilities of the given labels for each true class; nothing without an estimate."""
    if audit.transition is None:
        return ()
    caption = (
        "Estimated transition matrix: the labels given to the training clips that belong to a class, as shares of its "
        "clips; the diagonal is correct."
    )
    if worst := most_mislabelled(audit.transition, MAX_NAMED):
        words = "; ".join(f"{set_off(true)} as {set_off(given)} ({100 * share:.0f} %)" for true, given, share in worst)
        caption += f" Most frequent errors: {words}."
    return (Figure("label_transition", "True classes and given labels", caption, draw_transition(audit.transition)),)


def draw_transition(matrix: pd.DataFrame) -> go.Figure:
    """Draw the probability of each given label (columns) for each true class (rows), in %; both are class names."""
    given, true = ([escaped(str(name)) for name in names] for names in (matrix.columns, matrix.index))
    figure = empty(height=230 + ROW * len(true))
    figure.add_heatmap(
        z=[finite(row, 100) for row in matrix.to_numpy().tolist()],
        x=list(range(len(given))),
        y=list(range(len(true))),
        customdata=[[[label, name] for name in given] for label in true],
        colorscale=SCALE,
        zmin=0,
        zmax=100,
        colorbar={"title": {"text": "%"}, "thickness": 14, "outlinewidth": 0},
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{customdata[0]} labelled as %{customdata[1]}: %{z:.1f} %<extra></extra>",
    )
    figure.update_xaxes(
        title_text="Given label", tickvals=list(range(len(given))), ticktext=given, tickangle=-60, showgrid=False
    )
    figure.update_yaxes(
        title_text="True class",
        tickvals=list(range(len(true))),
        ticktext=true,
        range=[len(true) - 0.5, -0.5],
        showgrid=False,
    )
    figure.update_layout(margin_b=60)  # there is no legend
    return figure


def most_mislabelled(matrix: pd.DataFrame, most: int) -> list[tuple[str, str, float]]:
    """Return the true class, the given label and the probability of the most frequent wrong labels, highest first."""
    shares = [
        (str(true), str(given), float(matrix.loc[true, given]))
        for true in matrix.index
        for given in matrix.columns
        if given != true and matrix.loc[true, given] > 0
    ]
    return sorted(shares, key=lambda share: -share[2])[:most]
