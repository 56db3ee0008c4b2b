"""Clips per class, confusions, and the classes that a loss helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.plotting.class_matrix import axis_names, class_sizes, draw_class_matrix
from analysis.plotting.figure import Figure
from analysis.plotting.palette import HUES
from analysis.plotting.series import drawn_ends, error_bars
from analysis.plotting.styles import Style, styles
from analysis.plotting.theme import INK, PAPER, SOFT, empty, escaped
from analysis.statistics.clips import class_gaps, shares_of_labels
from analysis.statistics.clips import confusion as confusion_counts
from analysis.statistics.intervals import LEVEL
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.findings.finding import Finding
    from analysis.results.clip_labels import ClipLabels
    from analysis.results.study_results import StudyResults
    from analysis.statistics.arrays import Integers
    from analysis.statistics.clips import ClassAccuracy
    from analysis.statistics.intervals import Interval

SPLITS = {"train verified": "training, verified", "train unverified": "training, unverified", "test": "test"}
GREYS = [pair.light for pair in HUES["ink"]]  # no loss has them but one
WRONG = HUES["vermilion"][0].light
PATTERNS = ("", "/", ".")  # distinguish the splits without colour
OPEN = Style(SOFT, "circle", "solid")  # a class in which no configuration is known to be better


def draw_clips_per_class(labels: ClipLabels, classes: Sequence[str]) -> go.Figure:
    """Draw the number of clips of each class: training clips by whether they are verified, and test clips.

    Where each fold is the test set in turn, the test clips are the training clips, and are not drawn.
    """
    order = np.argsort([sum(column) for column in zip(*labels.counts.values(), strict=True)], kind="stable")
    names = axis_names([classes[k] for k in order])
    row, font = class_sizes(len(names))
    figure = empty(height=180 + row * len(names))
    for place, (split, title) in enumerate(SPLITS.items()):
        counts = () if split == "test" and labels.folds else labels.counts.get(split, ())
        if any(counts):
            pattern = {"shape": PATTERNS[place], "bgcolor": GREYS[place], "fgcolor": PAPER, "solidity": 0.2}
            figure.add_bar(
                x=[counts[k] for k in order],
                y=names,
                orientation="h",
                name=title,
                marker={"color": GREYS[place], "pattern": pattern},
                hovertemplate=f"%{{y}}, {title}: %{{x:,}}<extra></extra>",
            )
    if labels.wrong is not None:
        figure.add_scatter(
            x=[labels.wrong[k] for k in order],
            y=names,
            mode="markers",
            marker={"symbol": "diamond", "size": 10, "color": WRONG, "line": {"color": PAPER, "width": 1.5}},
            name="training, known to be wrong",
            hovertemplate="%{y}, label known to be wrong: %{x:,}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3, legend_traceorder="normal")
    figure.update_xaxes(title_text="Clips", rangemode="tozero")
    figure.update_yaxes(type="category", showgrid=False, tickfont_size=font, ticks="", ticklabelstandoff=5)
    return figure


def draw_confusion(confusion: Integers, classes: Sequence[str]) -> go.Figure:
    """Draw how the test clips of each label are classified (%), over all runs of a configuration."""
    return draw_class_matrix(
        shares_of_labels(confusion).tolist(),
        classes,
        rows="Label",
        columns="Prediction",
        counts=confusion.tolist(),
        hovertemplate="%{y} taken for %{x}: %{z:.1f} % (%{customdata:,})",
    )


def draw_class_differences(gaps: Sequence[ClassAccuracy], first: Style, other: Style) -> go.Figure:
    """Draw each class's difference in accuracy (points) with its interval, the largest gain on top.

    A class whose interval excludes 0 has the colour and marker of the configuration that is better in it. Of fewer
    runs than an interval needs, the runs are drawn instead.
    """
    order = sorted(gaps, key=lambda gap: gap.accuracy.mean)
    names = axis_names([gap.name for gap in order])
    row, font = class_sizes(len(order))
    figure = empty(height=110 + row * len(order))
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    runs = [(100 * value, name) for gap, name in zip(order, names, strict=True) for value in gap.accuracy.values]
    if runs:
        dots = {"symbol": "circle-open", "size": 6, "color": SOFT}
        x, y = zip(*runs, strict=True)
        figure.add_scatter(x=x, y=y, mode="markers", marker=dots, hoverinfo="skip", name="one seed")
    outcomes = [_better(gap.accuracy) for gap in order]
    for outcome in (1, 0, -1, None):  # as in the order of the rows
        places = [place for place, of_class in enumerate(outcomes) if of_class == outcome]
        if not places:
            continue
        look, name = {
            1: (first, "better"),
            -1: (other, "worse"),
            0: (OPEN, "open"),
            None: (OPEN, "mean" if runs else "no interval"),
        }[outcome]
        figure.add_scatter(
            x=[100 * order[i].accuracy.mean for i in places],
            y=[names[i] for i in places],
            error_x=error_bars((order[i].accuracy for i in places), thickness=2, width=min(4, row // 4)),
            customdata=[_gap_in_words(order[i]) for i in places],
            mode="markers",
            marker={"symbol": look.marker, "size": min(10, row // 2 + 2), "color": look.colour},
            name=name,
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_xaxes(title_text="Difference (points)", nticks=7)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=names, range=[-0.6, len(order) - 0.4])
    figure.update_yaxes(tickfont_size=font, ticks="", ticklabelstandoff=5)
    figure.update_layout(margin_t=10, margin_b=96)
    return figure


def _better(difference: Interval) -> int | None:
    """Return 1 or -1 for an interval above or below 0, 0 for one that includes it; None without an interval."""
    ends = drawn_ends(difference)
    return None if ends is None else (ends[0] > 0) - (ends[1] < 0)


def _gap_in_words(gap: ClassAccuracy) -> str:
    clips = counted(gap.clips, "test clip")
    return f"{escaped(gap.name)}: {gap.accuracy.percent()} points ({gap.accuracy.label()}; {clips})"


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
        f"{clips.names[clips.first]}: which classes the test clips of each label are taken for, in % of the label's "
        f"clips over {counted(len(runs), 'run')}; the diagonal is correct."
    )
    more = "" if counts.sum(axis=1).all() else "A grey row is a label without a test clip."
    drawing = draw_confusion(counts, clips.classes)
    return (Figure("confusion", "Labels and predictions", caption, drawing, more),)


def class_differences(finding: Finding) -> tuple[Figure, ...]:
    """Draw in which classes the first configuration is better than the other one; nothing without a comparison."""
    clips = finding.clips
    if clips is None or clips.other is None:
        return ()
    first, other = clips.first, clips.other
    gaps = class_gaps(clips.predictions[first], clips.predictions[other], clips.truth, clips.classes)
    if not gaps:
        return ()
    intervals = any(drawn_ends(gap.accuracy) for gap in gaps)
    shown = f"mean and {100 * LEVEL:g} % t-interval over seeds" if intervals else "mean and single seeds"
    caption = f"Test accuracy of each class, {clips.names[first]} minus {clips.names[other]}: {shown}."
    more = (
        "Differences are paired by seed. Each interval holds for its class alone: of many classes, a few exclude zero "
        "by chance. The accuracy of a class with few clips moves in large steps."
    )
    looks = styles(finding.results.runs)
    drawing = draw_class_differences(gaps, looks[first.arm], looks[other.arm])
    return (Figure("class_differences", "Which classes gain and which lose", caption, drawing, more),)
