"""What q the adaptive loss chose over the epochs: data first, the drawing below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.learning_curves import shared_epochs
from analysis.plotting.direct_labels import EndLabel, add_end_labels
from analysis.plotting.figure import Figure
from analysis.plotting.styles import DASHES
from analysis.plotting.theme import INK, empty, epoch_range, escaped, faint, strength
from analysis.results.runs_table import Key, complete_runs, curve_points, keys, runs_of, subsets
from trainables.naming import counted, number, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.results.study_results import StudyResults

MAX_CURVES = 12
ROW = 24  # pixels of a legend's row
MAX_BANDS = 3  # curves that each have a band; more would hide each other
TEMPERATURES = ("temperature", "relative_temperature")


@dataclass(frozen=True)
class QCurve:
    """q_a over the epochs of one configuration, while all of its complete runs still train.

    ``temperature`` is absolute, or relative to the median distance where that is what the arm states; ``sign`` is its
    symbol.
    """

    key: Key
    sign: str
    temperature: float
    epochs: tuple[int, ...]
    means: tuple[float, ...]  # over batches and runs
    sds: tuple[float, ...]  # of one batch's q_a, over batches and runs
    n: int  # runs


def q_per_epoch_data(results: StudyResults, most: int = MAX_CURVES) -> list[QCurve]:
    """Return q_a over epochs of the adaptive configurations with complete runs, by subset and then by T.

    Of more than ``most``, some are picked evenly, the first and the last always. Exploring runs are included.
    """
    runs = adaptive_runs(results)
    temperatures = runs[[*TEMPERATURES]].astype(float).fillna(-1.0).itertuples(index=False, name=None)
    place: dict[Key, tuple[float, float]] = dict(zip(keys_of(runs), temperatures, strict=True))
    order = sorted(keys(runs), key=lambda key: (subsets(runs).index(key.subset), *place[key]))
    if len(order) > most:
        order = [order[round(i * (len(order) - 1) / (most - 1))] for i in range(most)]
    run_ids_of = {key: list(runs_of(runs, key)["run_id"]) for key in order}
    points = _points(results, [run_id for run_ids in run_ids_of.values() for run_id in run_ids])
    curves = (
        _curve(key, place[key], [points[i] for i in run_ids if i in points]) for key, run_ids in run_ids_of.items()
    )
    return [curve for curve in curves if curve.epochs]


def configurations(results: StudyResults) -> int:
    """Return how many adaptive configurations have a complete run."""
    return len(keys(adaptive_runs(results)))


def keys_of(runs: pd.DataFrame) -> list[Key]:
    """Return the configuration of each row of a runs table."""
    return [Key(*map(str, row)) for row in runs[list(Key._fields)].itertuples(index=False)]


def adaptive_runs(results: StudyResults) -> pd.DataFrame:
    """Return the complete runs of the adaptive loss, exploring ones included."""
    complete = complete_runs(results.runs)
    return complete[complete["loss"] == "adaptive_gce"]


def known_q(results: StudyResults) -> pd.DataFrame:
    """Return run_id, epoch, mean and standard deviation of q_a over the epoch's batches, where they are known."""
    return results.curves.loc[results.curves["q_mean"].notna(), ["run_id", "epoch", "q_mean", "q_sd"]]


def _points(results: StudyResults, run_ids: Sequence[str]) -> dict[str, dict[int, tuple[float, float]]]:
    """Return run_id -> epoch -> (mean, sd) of q_a over the epoch's batches."""
    known = known_q(results).fillna({"q_sd": 0.0})
    means, sds = (curve_points(known, name, run_ids) for name in ("q_mean", "q_sd"))
    return {run_id: {epoch: (mean, sds[run_id][epoch]) for epoch, mean in run.items()} for run_id, run in means.items()}


def _curve(key: Key, temperatures: tuple[float, float], runs: Sequence[dict[int, tuple[float, float]]]) -> QCurve:
    epochs = shared_epochs([{epoch: mean for epoch, (mean, _) in run.items()} for run in runs])
    means, sds = [], []
    for epoch in epochs:
        mean = math.fsum(run[epoch][0] for run in runs) / len(runs)
        # The variance within the runs, and that of their means.
        squares = math.fsum(run[epoch][1] ** 2 + (run[epoch][0] - mean) ** 2 for run in runs)
        means.append(mean)
        sds.append(math.sqrt(squares / len(runs)))
    temperature = max(temperatures)  # the other one is not set
    sign = symbol(TEMPERATURES[temperatures.index(temperature)])
    return QCurve(key, sign, temperature, epochs, tuple(means), tuple(sds), len(runs))


def draw_q_per_epoch(data: Sequence[QCurve]) -> go.Figure:
    """Draw mean q_a per epoch, the darker the higher T; dashes tell arms and subsets apart.

    Few curves have a band of one standard deviation of a batch on either side.
    """
    temperatures = sorted({curve.temperature for curve in data})
    series = list(dict.fromkeys((curve.key.arm, curve.key.subset) for curve in data))
    below = 60 + ROW * len(series) * (len(series) > 1)  # for the legend, which is a column on a narrow screen
    figure = empty(height=340 + below)
    shades = {t: strength(i / max(1, len(temperatures) - 1)) for i, t in enumerate(temperatures)}
    banded = data if len(data) <= MAX_BANDS else ()
    for curve in banded:
        _add_band(figure, curve, shades[curve.temperature])
    named: set[tuple[str, str]] = set()
    for curve in data:
        belongs = (curve.key.arm, curve.key.subset)
        dash = DASHES[series.index(belongs) % len(DASHES)]
        line = {"color": shades[curve.temperature], "width": 2.2, "dash": dash}
        _add_curve(figure, curve, line, several=len(series) > 1, first=belongs not in named)
        named.add(belongs)
    ends = [value for curve in data for value in curve.means]
    ends += [
        m + side * sd for curve in banded for m, sd in zip(curve.means, curve.sds, strict=True) for side in (-1, 1)
    ]
    limits = limits_of_q(ends)
    figure.update_xaxes(title_text="Epoch", range=epoch_range(max(curve.epochs[-1] for curve in data)))
    figure.update_yaxes(title_text="q<sub>a</sub> of a batch", range=limits)
    figure.update_layout(margin={"t": 16, "b": below})
    last: dict[str, list[float]] = {}
    for curve in data:
        last.setdefault(f"{curve.sign} = {number(curve.temperature)}", []).append(curve.means[-1])
    labels = [EndLabel(name, math.fsum(means) / len(means), INK) for name, means in last.items()]
    add_end_labels(figure, labels, limits)
    figure.update_layout(showlegend=len(series) > 1)
    return figure


def _add_band(figure: go.Figure, curve: QCurve, colour: str) -> None:
    """Add one standard deviation of a batch on either side of a curve."""
    band = list(zip(curve.means, curve.sds, strict=True))
    figure.add_scatter(
        x=[*curve.epochs, *reversed(curve.epochs)],
        y=[*(min(1, mean + sd) for mean, sd in band), *(max(0, mean - sd) for mean, sd in reversed(band))],
        fill="toself",
        fillcolor=faint(colour, 0.18),
        mode="lines",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def _add_curve(figure: go.Figure, curve: QCurve, line: Mapping[str, object], *, several: bool, first: bool) -> None:
    """Add a curve; ``first`` of its arm and subset, it is in the legend, if there are several."""
    name = escaped(curve.key.configuration) + (f" on {escaped(curve.key.subset)}" if several else "")
    belongs = escaped(f"{curve.key.arm} on {curve.key.subset}")
    figure.add_scatter(
        x=list(curve.epochs),
        y=list(curve.means),
        customdata=list(curve.sds),
        mode="lines" if len(curve.epochs) > 1 else "markers",
        line=line,
        marker={"color": line["color"], "size": 8},
        name=belongs,
        legendgroup=belongs,
        showlegend=first,
        hovertemplate=(
            f"{name}, epoch %{{x}}<br>%{{y:.3f}}, sd %{{customdata:.3f}} ({counted(curve.n, 'run')})<extra></extra>"
        ),
    )


def limits_of_q(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis on which q_a lies: what leaves 0 to 1 is cut there."""
    low, high = max(0.0, min(values)), min(1.0, max(values))
    margin = 0.05 * (high - low) or 0.01
    return low - margin, high + margin


def q_per_epoch(results: StudyResults) -> tuple[Figure, ...]:
    """Draw which q the adaptive loss chose over the epochs."""
    data, configured = q_per_epoch_data(results), configurations(results)
    if not data:
        return ()
    which = (
        f"{len(data)} of {configured} adaptive configurations"
        if configured > len(data)
        else "every adaptive configuration"
    )
    caption = f"The q that {which} chose for a batch: mean over batches and runs at each epoch, darker for higher T."
    more = [
        "The mean is over all complete runs, exploring ones included, and ends where the first of them stops training."
    ]
    if len(data) <= MAX_BANDS:
        more.append("The band is one standard deviation of a batch on either side, not a confidence interval.")
    title = "q of the adaptive loss per epoch"
    return (Figure("q_per_epoch", title, caption, draw_q_per_epoch(data), " ".join(more)),)
