"""Learning curves: validation accuracy per epoch, how many runs still train, and the training loss of each loss."""

from __future__ import annotations

import math
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from analysis.plotting.curve_panels import MAX_LOSSES, MIN_BAND, Curve, Cut, draw_learning_curves
from analysis.plotting.direct_labels import MAX_LABELS
from analysis.plotting.figure import Figure, named, panels
from analysis.plotting.styles import styles
from analysis.plotting.theme import MAX_DRAWN
from analysis.results.measures import metric_column
from analysis.results.runs_table import Key, complete_runs, curve_points, key_of, runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analysis.findings.finding import Finding
    from analysis.plotting.styles import Style
    from trainables.plans import StudyPlan
    from trainables.records import Record

QUARTILES = (25, 50, 75)


def learning_curves_data(runs: pd.DataFrame, epochs: pd.DataFrame, quantity: str, shown: Sequence[Key]) -> list[Curve]:
    """Return the learning curves of some configurations.

    Args:
        runs: a study's runs table, or a part of it.
        epochs: the study's curves table.
        quantity: a numeric field of ``trainables.records.Epoch``, as ``verified_accuracy`` or ``train_loss``.
        shown: the configurations; those without a run here are left out.

    """
    rows_of = {key: rows for key in shown if len(rows := runs_of(runs, key))}
    points = curve_points(epochs, quantity, [run_id for rows in rows_of.values() for run_id in rows["run_id"]])
    return [_curve(rows, key, points) for key, rows in rows_of.items()]


def _curve(runs: pd.DataFrame, key: Key, points: dict[str, dict[int, float]]) -> Curve:
    drawn, cuts = [], []
    for run_id, seed, status in zip(runs["run_id"], runs["seed"], runs["status"], strict=True):
        if by_epoch := points.get(str(run_id)):
            drawn.append((int(seed), tuple(by_epoch), tuple(by_epoch.values())))
            if status != "complete":
                cuts.append(Cut(key.configuration, int(seed), str(status), *list(by_epoch.items())[-1]))
    complete = [points[run_id] for run_id in complete_runs(runs)["run_id"] if points.get(run_id)]
    at = {epoch: [run[epoch] for run in complete if epoch in run] for epoch in sorted(set().union(*complete))}
    at = {epoch: values for epoch, values in at.items() if 2 * len(values) >= len(complete)}
    quartiles = tuple(tuple(np.percentile(values, QUARTILES).tolist()) for values in at.values())
    return Curve(key, tuple(drawn), len(complete), tuple(at), quartiles, tuple(map(len, at.values())), tuple(cuts))


def shared_epochs(complete: Sequence[dict[int, float]]) -> tuple[int, ...]:
    """Return the first epochs, as far as all runs have them; a run is given as epoch -> value."""
    if not complete:
        return ()
    return tuple(takewhile(lambda epoch: all(epoch in run for run in complete), sorted(complete[0])))


def learning_curves(finding: Finding) -> tuple[Figure, ...]:
    """Draw the learning curves, a figure per subset."""
    results, figures = finding.reported, []
    for where, runs in panels(results.runs, "validation"):
        accuracy, loss = (
            learning_curves_data(runs, results.curves, name, finding.representatives)
            for name in (metric_column(results.curves, "validation"), "train_loss")
        )
        if any(curve.runs for curve in accuracy):
            title = f"Validation accuracy and training loss per epoch{where}"
            shown = highest(accuracy)
            losses = comparable([curve for curve in loss if curve.key in shown], results.plan)
            drawing = draw_learning_curves(accuracy, losses, styles(results.runs), shown)
            caption, more = _captions(accuracy, shown)
            figures.append(Figure(named("learning curves", where), title, caption, drawing, more))
    return tuple(figures)


def _captions(curves: Sequence[Curve], shown: Sequence[Key]) -> tuple[str, str]:
    """Return the caption and what explains it further."""
    caption, more = "Each arm's best configuration on validation: the median of its complete runs", []
    if max(curve.n for curve in curves) >= MIN_BAND:
        caption += ", with half of the runs in the band"
    if any(curve.whole < len(curve.epochs) for curve in curves):
        caption += "; dotted once some have stopped"
        more.append(
            "The dotted part is of the runs that still train, which the panel “Runs” counts: it may move because "
            "others have stopped, and ends where fewer than half still train."
        )
    if any(curve.cuts for curve in curves):
        more.append("A mark shows where a run ended that is not complete, and why.")
    if len(shown) < len(curves):
        more.append(f"The {len(shown)} that end highest have colours, the other {len(curves) - len(shown)} are grey.")
    drawn = f", of more than {MAX_DRAWN} the first ones" if max(len(curve.runs) for curve in curves) > MAX_DRAWN else ""
    more.append(f"Thin lines are single runs{drawn}; of many, a click in the legend shows them.")
    more.append("Training losses have scales of their own and do not compare.")
    return f"{caption}.", " ".join(more)


def highest(curves: Sequence[Curve], most: int = MAX_LOSSES) -> list[Key]:
    """Return which curves to highlight: all of a few, else those whose medians end highest."""
    if len(curves) <= MAX_LABELS:
        return [curve.key for curve in curves]
    ended = [curve for curve in curves if curve.epochs and math.isfinite(curve.medians[-1])]
    return [curve.key for curve in sorted(ended, key=lambda curve: -curve.medians[-1])[:most]]


def comparable(curves: Sequence[Curve], plan: StudyPlan) -> list[list[Curve]]:
    """Group the curves of training losses that compare: those of equal losses."""
    losses = {key_of(planned): planned.run.configuration.loss.model_dump_json() for planned in plan.runs}
    groups: dict[str, list[Curve]] = {}
    for curve in curves:
        groups.setdefault(losses[curve.key], []).append(curve)
    return list(groups.values())


def learning_curve_of_run(record: Record, key: Key, looks: Mapping[str, Style]) -> Figure:
    """Draw the learning curve of one run, which has recorded an epoch.

    Args:
        record: of the run, which may still train.
        key: its configuration.
        looks: arm -> style.

    """
    epochs = tuple(point.epoch for point in record.epochs)

    def curve(values: list[float]) -> Curve:
        lines = tuple((value, value, value) for value in values)
        return Curve(key, ((record.run.seed, epochs, tuple(values)),), 1, epochs, lines, (1,) * len(epochs))

    accuracy = curve([point.score("validation") or 0.0 for point in record.epochs])  # it is always measured
    loss = curve([point.train_loss for point in record.epochs])
    drawing = draw_learning_curves([accuracy], [[loss]], looks)
    drawing.update_traces(mode="lines+markers")  # a single epoch has no line
    return Figure("learning_curve", "Validation accuracy and training loss per epoch", "This run alone.", drawing)
