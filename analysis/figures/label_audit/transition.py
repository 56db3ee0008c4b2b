"""The estimated transition matrix: which labels the clips of each class have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.plotting.class_matrix import draw_class_matrix
from analysis.plotting.figure import Figure
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
        "Estimated transition matrix: the labels given to the training clips that belong to a class, in % of the "
        "class's clips; the diagonal is correct."
    )
    worst = most_mislabelled(audit.transition, MAX_NAMED)
    words = "; ".join(f"{set_off(true)} as {set_off(given)} ({100 * share:.0f} %)" for true, given, share in worst)
    more = f"Most frequent errors: {words}." if worst else ""
    drawing = draw_transition(audit.transition)
    return (Figure("label_transition", "True classes and given labels", caption, drawing, more),)


def draw_transition(matrix: pd.DataFrame) -> go.Figure:
    """Draw the probability of each given label (columns) for each true class (rows), in %; both are class names."""
    return draw_class_matrix(
        matrix.to_numpy().tolist(),
        [str(name) for name in matrix.index],
        rows="True class",
        columns="Given label",
        hovertemplate="%{y} labelled as %{x}: %{z:.1f} %",
    )


def most_mislabelled(matrix: pd.DataFrame, most: int) -> list[tuple[str, str, float]]:
    """Return the true class, the given label and the probability of the most frequent wrong labels, highest first."""
    shares = [
        (str(true), str(given), float(matrix.loc[true, given]))
        for true in matrix.index
        for given in matrix.columns
        if given != true and matrix.loc[true, given] > 0
    ]
    return sorted(shares, key=lambda share: -share[2])[:most]
