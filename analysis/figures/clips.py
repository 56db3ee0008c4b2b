"""Clips per class, confusions, and the classes that a loss helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.plotting.class_matrix import ROW, draw_class_matrix
from analysis.plotting.figure import Figure
from analysis.plotting.series import error_bars
from analysis.plotting.theme import COLOURS, INK, PAPER, empty, escaped
from analysis.statistics.clips import class_gaps
from analysis.statistics.clips import confusion as confusion_counts
from analysis.statistics.intervals import LEVEL
from trainables.naming import counted, set_off

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.results.clip_labels import ClipLabels
    from analysis.results.study_results import StudyResults
    from analysis.statistics.arrays import Floats, Integers
    from analysis.statistics.clips import ClassAccuracy

SPLITS = {"train verified": "training, verified", "train unverified": "training, unverified", "test": "test"}
PATTERNS = ("", "/", ".")  # distinguish the splits without colour


def draw_clips_per_class(labels: ClipLabels, classes: Sequence[str]) -> go.Figure:
    """Draw the number of clips of each class: training clips by whether they are verified, and test clips.

    Where each fold is the test set in turn, the test clips are the training clips, and are not drawn.
    """
    order = np.argsort([sum(column) for column in zip(*labels.counts.values(), strict=True)], kind="stable")
    names = [escaped(classes[k]) for k in order]
    figure = empty(height=180 + ROW * len(names))
    for place, (split, title) in enumerate(SPLITS.items()):
        counts = () if split == "test" and labels.folds else labels.counts.get(split, ())
        if any(counts):
            pattern = {"shape": PATTERNS[place], "bgcolor": COLOURS[place], "fgcolor": PAPER, "solidity": 0.2}
            figure.add_bar(
                x=[counts[k] for k in order],
                y=names,
                orientation="h",
                name=title,
                marker={"color": COLOURS[place], "pattern": pattern},
                hovertemplate=f"%{{y}}, {title}: %{{x:,}}<extra></extra>",
            )
    if labels.wrong is not None:
        figure.add_scatter(
            x=[labels.wrong[k] for k in order],
            y=names,
            mode="markers",
            marker={"symbol": "diamond", "size": 9, "color": INK, "line": {"color": PAPER, "width": 1.5}},
            name="training, known to be wrong",
            hovertemplate="%{y}, label known to be wrong: %{x:,}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3, legend_traceorder="normal")
    figure.update_xaxes(title_text="Clips", rangemode="tozero")
    figure.update_yaxes(type="category", showgrid=False, dtick=1)
    return figure


def shares(confusion: Integers) -> Floats:
    """Return each label's predictions as shares of its row, NaN for a label without a test clip; shape (K, K)."""
    totals = confusion.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(confusion, totals, out=np.full(confusion.shape, np.nan), where=totals > 0))


def draw_confusion(confusion: Integers, classes: Sequence[str]) -> go.Figure:
    """Draw how the test clips of each label are classified (%), over all runs of a configuration."""
    names = [escaped(name) for name in classes]
    return draw_class_matrix(
        shares(confusion).tolist(),
        names,
        rows="Label",
        columns="Prediction",
        hover=[[[label, said, int(confusion[i, j])] for j, said in enumerate(names)] for i, label in enumerate(names)],
        hovertemplate="%{customdata[0]} taken for %{customdata[1]}: %{z:.1f} % (%{customdata[2]:,})",
    )


def draw_class_differences(gaps: Sequence[ClassAccuracy]) -> go.Figure:
    """Draw each class's difference in accuracy (points) with its interval, the largest gain on top."""
    order = sorted(gaps, key=lambda gap: gap.accuracy.mean)
    rows = list(range(len(order)))
    figure = empty(height=130 + ROW * len(order))
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    figure.add_scatter(
        x=[100 * gap.accuracy.mean for gap in order],
        y=rows,
        error_x=error_bars((gap.accuracy for gap in order), thickness=2, width=4),
        customdata=[
            f"{escaped(gap.name)}: {gap.accuracy.percent()} points "
            f"({gap.accuracy.label()}; {counted(gap.clips, 'test clip')})"
            for gap in order
        ],
        mode="markers",
        marker={"symbol": "diamond", "size": 10, "color": COLOURS[0]},
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_xaxes(title_text="Difference in test accuracy of the class (points)", zeroline=False)
    figure.update_yaxes(
        tickvals=rows, ticktext=[escaped(gap.name) for gap in order], range=[-0.6, len(order) - 0.4], showgrid=False
    )
    figure.update_layout(showlegend=False, margin_b=60)
    return figure


def most_confused(confusion: Integers, classes: Sequence[str], most: int) -> list[tuple[str, str, float]]:
    """Return the label, the prediction and the share of the label's clips of the most frequent confusions."""
    confused = shares(confusion)
    np.fill_diagonal(confused, np.nan)
    order = np.argsort(np.where(np.isnan(confused), -1.0, confused), axis=None, kind="stable")[::-1][:most]
    pairs = [divmod(int(k), len(classes)) for k in order]
    return [(classes[i], classes[j], float(confused[i, j])) for i, j in pairs if confused[i, j] > 0]


MAX_CONFUSIONS = 3  # confusions that a caption names


def clips_per_class(results: StudyResults) -> tuple[Figure, ...]:
    """Draw how many clips each class has; nothing where the storage location does not keep the labels."""
    if results.labels is None:
        return ()
    caption = "Clips of each class by the labels they came with; verified: a person confirmed the label."
    if results.labels.wrong is not None:
        caption += " A diamond counts the training clips whose label is known to be wrong."
    drawing = draw_clips_per_class(results.labels, results.plan.dataset.classes)
    return (Figure("clips_per_class", "Clips per class", caption, drawing),)


def confusion(clips: ClipPredictions) -> tuple[Figure, ...]:
    """Draw how the first configuration classifies the clips of each label."""
    runs = clips.predictions[clips.first]
    counts = confusion_counts(runs.values(), clips.truth, clips.classes)
    caption = (
        f"{clips.names[clips.first]}: how the test clips of each label are classified, as shares over "
        f"{counted(len(runs), 'run')}; the diagonal is correct."
    )
    if worst := most_confused(counts, clips.classes, MAX_CONFUSIONS):
        words = "; ".join(
            f"{set_off(label)} as {set_off(wrong)} ({100 * share:.0f} %)" for label, wrong, share in worst
        )
        caption += f" Most frequent confusions: {words}."
    return (Figure("confusion", "Labels and predictions", caption, draw_confusion(counts, clips.classes)),)


def class_differences(clips: ClipPredictions) -> tuple[Figure, ...]:
    """Draw in which classes the first configuration is better than the other one; nothing without a comparison."""
    first, other = clips.first, clips.other
    gaps = class_gaps(clips.predictions[first], clips.predictions[other], clips.truth, clips.classes) if other else ()
    if other is None or not gaps:
        return ()
    caption = (
        f"{clips.names[first]} minus {clips.names[other]}, paired by seed, with {100 * LEVEL:g} % t-intervals over "
        "seeds, each at its own level: of many classes, a few exclude zero by chance. The accuracy of a class with few "
        "clips moves in large steps."
    )
    return (Figure("class_differences", "Which classes gain", caption, draw_class_differences(gaps)),)
