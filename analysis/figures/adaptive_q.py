"""What q the adaptive loss chose: over epochs, and against the temperature. Data first, drawings below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analysis.figures.learning_curves import shared_epochs
from analysis.plotting.figure import Figure, part_drawn
from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.series import run_marker
from analysis.plotting.styles import styles
from analysis.plotting.theme import INK, empty, escaped, faint, first_of_each
from analysis.results.runs_table import Key, complete_runs, curve_points, keys, runs_of, subsets
from analysis.results.study_results import StudyResults
from analysis.statistics.intervals import LEVEL, Interval, t_interval
from trainables.naming import counted, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.plotting.styles import Style
    from analysis.results.study_results import StudyResults

MAX_PANELS = 12  # configurations, each with its panel
TEMPERATURES = ("temperature", "relative_temperature")
COLUMNS = 2  # of panels, so that their titles stand side by side on a narrow screen


@dataclass(frozen=True)
class QCurve:
    """q_a over the epochs of one configuration, while all of its complete runs still train."""

    key: Key
    epochs: tuple[int, ...]
    means: tuple[float, ...]  # over batches and runs
    sds: tuple[float, ...]  # of one batch's q_a, over batches and runs
    n: int  # runs


@dataclass(frozen=True)
class QLine:
    """A series' mean q_a against T."""

    arm: str
    label: str
    temperatures: tuple[float, ...]
    intervals: tuple[Interval, ...]  # over runs
    runs: tuple[tuple[float, float], ...]  # (T, mean q_a) of each run


@dataclass(frozen=True)
class QSweep:
    """Mean q_a against T, and its value if distances carried no information on labels."""

    lines: tuple[QLine, ...]
    classes: int
    limit: float
    parameter: str = "temperature"


def q_per_epoch_data(results: StudyResults, most: int = MAX_PANELS) -> list[QCurve]:
    """Return q_a over epochs of the adaptive configurations with complete runs, by subset and then by T.

    Of more than ``most``, some are picked evenly, the first and the last always. Exploring runs are included.
    """
    runs = _adaptive(results)
    temperatures = runs[[*TEMPERATURES]].astype(float).fillna(-1.0).itertuples(index=False)
    place = dict(zip(keys_of(runs), temperatures, strict=True))
    order = sorted(keys(runs), key=lambda key: (subsets(runs).index(key.subset), *place[key]))
    if len(order) > most:
        order = [order[round(i * (len(order) - 1) / (most - 1))] for i in range(most)]
    run_ids_of = {key: list(runs_of(runs, key)["run_id"]) for key in order}
    points = _points(results, [run_id for run_ids in run_ids_of.values() for run_id in run_ids])
    curves = (_curve(key, [points[i] for i in run_ids if i in points]) for key, run_ids in run_ids_of.items())
    return [curve for curve in curves if curve.epochs]


def configurations(results: StudyResults) -> int:
    """Return how many adaptive configurations have a complete run."""
    return len(keys(_adaptive(results)))


def keys_of(runs: pd.DataFrame) -> list[Key]:
    """Return the configuration of each row of a runs table."""
    return [Key(*map(str, row)) for row in runs[list(Key._fields)].itertuples(index=False)]


def _adaptive(results: StudyResults) -> pd.DataFrame:
    complete = complete_runs(results.runs)
    return complete[complete["loss"] == "adaptive_gce"]


def _known(results: StudyResults) -> pd.DataFrame:
    return results.curves.loc[results.curves["q_mean"].notna(), ["run_id", "epoch", "q_mean", "q_sd"]]


def _points(results: StudyResults, run_ids: Sequence[str]) -> dict[str, dict[int, tuple[float, float]]]:
    """Return run_id -> epoch -> (mean, sd) of q_a over the epoch's batches."""
    known = _known(results).fillna({"q_sd": 0.0})
    means, sds = (curve_points(known, name, run_ids) for name in ("q_mean", "q_sd"))
    return {run_id: {epoch: (mean, sds[run_id][epoch]) for epoch, mean in run.items()} for run_id, run in means.items()}


def _curve(key: Key, runs: Sequence[dict[int, tuple[float, float]]]) -> QCurve:
    epochs = shared_epochs([{epoch: mean for epoch, (mean, _) in run.items()} for run in runs])
    means, sds = [], []
    for epoch in epochs:
        mean = math.fsum(run[epoch][0] for run in runs) / len(runs)
        # The variance within the runs, and that of their means.
        squares = math.fsum(run[epoch][1] ** 2 + (run[epoch][0] - mean) ** 2 for run in runs)
        means.append(mean)
        sds.append(math.sqrt(squares / len(runs)))
    return QCurve(key, epochs, tuple(means), tuple(sds), len(runs))


def q_vs_t_data(results: StudyResults) -> QSweep | None:
    """Return mean q_a against T, of all complete runs; None with fewer than two T.

    Of a study whose runs have relative temperatures alone, it is against those.

    As T grows every distance weighs the same, and the score of a batch tends to the share of pairs of equal labels: q_a
    tends to 1 - sum over classes of the squared share of each, which is 1 - 1/K for K equally large classes.
    """
    runs = _adaptive(results)
    points = curve_points(_known(results), "q_mean", list(runs["run_id"]))
    parameter = next((name for name in TEMPERATURES if len(set(runs[name].dropna())) > 1), None)  # an axis
    if parameter is None:
        return None
    runs = runs[runs[parameter].notna()]
    several = len(subsets(runs)) > 1
    lines = []
    for (series, subset), rows in runs.groupby(["series", "subset"], sort=False):
        dots = [
            (float(temperature), math.fsum(points[run_id].values()) / len(points[run_id]))
            for run_id, temperature in zip(rows["run_id"], rows[parameter], strict=True)
            if run_id in points
        ]
        x = sorted({temperature for temperature, _ in dots})
        intervals = tuple(t_interval(q for temperature, q in dots if temperature == at) for at in x)
        label = f"{series} · {subset}" if several else str(series)
        lines.append(QLine(str(rows["arm"].iloc[0]), label, tuple(x), intervals, tuple(dots)))
    drawn = tuple(line for line in lines if line.runs)
    classes = len(results.plan.dataset.classes)
    return QSweep(drawn, classes, 1 - 1 / classes, parameter) if drawn and classes else None


def draw_q_per_epoch(data: Sequence[QCurve], looks: Mapping[str, Style]) -> go.Figure:
    """Draw a panel per configuration: mean q_a per epoch with a band of one standard deviation on either side."""
    several = len({curve.key.subset for curve in data}) > 1
    names = [
        escaped(curve.key.configuration) + (f"<br>on {escaped(curve.key.subset)}" if several else "") for curve in data
    ]
    across = min(COLUMNS, len(data))
    rows = math.ceil(len(data) / across)
    room = 46 / (26 + 190 * rows)  # for the titles: pixels of what the margins leave
    panels = make_subplots(
        rows, across, shared_xaxes="all", shared_yaxes="all", subplot_titles=names, vertical_spacing=room
    )
    figure = empty(height=150 + 190 * rows, base=panels)
    figure.update_annotations(font_size=12)
    for i, (curve, name) in enumerate(zip(data, names, strict=True)):
        colour = looks[curve.key.arm].colour
        at = {"row": i // across + 1, "col": i % across + 1, "showlegend": False}
        band = list(zip(curve.means, curve.sds, strict=True))
        figure.add_scatter(
            x=[*curve.epochs, *reversed(curve.epochs)],
            y=[*(min(1, mean + sd) for mean, sd in band), *(max(0, mean - sd) for mean, sd in reversed(band))],
            fill="toself",
            fillcolor=faint(colour, 0.25),
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            **at,
        )
        figure.add_scatter(
            x=list(curve.epochs),
            y=list(curve.means),
            customdata=list(curve.sds),
            mode="lines" if len(curve.epochs) > 1 else "markers",
            line={"color": colour, "width": 2.5},
            hovertemplate=(
                f"{name}, epoch %{{x}}<br>%{{y:.3f}}, sd %{{customdata:.3f}} ({counted(curve.n, 'run')})<extra></extra>"
            ),
            **at,
        )
    figure.update_xaxes(title_text="Epoch", row=rows)
    figure.update_yaxes(title_text="q<sub>a</sub> of a batch", col=1)
    figure.update_layout(margin_b=60, margin_t=64)  # the buttons lie above the titles
    return figure


def draw_q_vs_t(data: QSweep, looks: Mapping[str, Style]) -> go.Figure:
    """Draw mean q_a against T, with its limit for K equally large classes as a level."""
    figure = empty(height=430)
    axis = ParameterAxis(data.parameter, [x for line in data.lines for x in line.temperatures])
    for i, line in enumerate(data.lines):
        look = looks[line.arm].turned(sum(earlier.arm == line.arm for earlier in data.lines[:i]))
        name = escaped(line.label)
        dots = first_of_each(line.runs, [x for x, _ in line.runs])
        figure.add_scatter(
            x=[x for x, _ in dots],
            y=[q for _, q in dots],
            mode="markers",
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
            marker=run_marker(look),
        )
        figure.add_scatter(
            x=list(line.temperatures),
            y=[interval.mean for interval in line.intervals],
            error_y={"type": "data", "array": [interval.half_width for interval in line.intervals], "width": 5},
            customdata=[f"{interval.mean:.3f} ({interval.label()})" for interval in line.intervals],
            mode="lines+markers",
            marker={"symbol": look.marker, "size": 9, "color": look.colour},
            line={"color": look.colour, "width": 2.5, "dash": look.dash},
            name=name,
            legendgroup=name,
            hovertemplate=f"{name}<br>{symbol(data.parameter)} = %{{x:~g}}: %{{customdata}}<extra></extra>",
        )
    figure.add_scatter(
        x=list(axis.ends),
        y=[data.limit] * 2,
        mode="lines",
        line={"color": INK, "width": 1.8, "dash": "dash"},
        hoverinfo="skip",
        name=f"noise-blind limit 1 - 1/{data.classes} = {data.limit:.3f}",
    )
    axis.label(figure)
    values = [data.limit, *(q for line in data.lines for _, q in line.runs)]
    values += [end for line in data.lines for i in line.intervals for end in (i.low, i.high) if end is not None]
    low, high = max(0.0, min(values)), min(1.0, max(values))  # an interval that leaves 0 to 1 is cut there
    figure.update_yaxes(title_text="Mean q<sub>a</sub>", range=[low - 0.05 * (high - low), high + 0.05 * (high - low)])
    return figure


def q_per_epoch(results: StudyResults) -> tuple[Figure, ...]:
    """Draw which q the adaptive loss chose over the epochs."""
    data, number = q_per_epoch_data(results), configurations(results)
    if not data:
        return ()
    which = f"{len(data)} of {number} adaptive configurations" if number > len(data) else "every adaptive configuration"
    caption = (
        f"q_a, one number per batch, of {which}. The line is the mean over the batches of all complete "
        "runs, exploring ones included, while all of them still train; the band is one standard "
        "deviation of a batch on either side, not a confidence interval."
    )
    drawing = draw_q_per_epoch(data, styles(results.runs))
    return (Figure("q_per_epoch", "q of the adaptive loss per epoch", caption, drawing),)


def q_vs_t(results: StudyResults) -> tuple[Figure, ...]:
    """Draw which q the adaptive loss chose against T."""
    data = q_vs_t_data(results)
    if data is None:
        return ()
    caption = (
        "Every open mark is a complete run's mean over its epochs, exploring runs included; filled marks are means "
        f"with {100 * LEVEL:g} % t-intervals over runs.{part_drawn(results.runs)} "
        "As T grows, all distances are weighted equally and q_a tends to 1 less the sum over classes of the squared "
        "share of each: the batch's features then carry no information on its labels. The plan does not state the "
        f"shares, so the dashed level assumes {data.classes} classes of equal size; unequal classes have a lower "
        "limit, and a small training set, sampled without replacement, a higher one."
    )
    drawing = draw_q_vs_t(data, styles(results.runs))
    return (Figure("q_vs_t", "Mean q of the adaptive loss against T", caption, drawing),)
