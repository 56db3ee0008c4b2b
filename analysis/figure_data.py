"""What each figure shows, as plain numbers: computed here, drawn in ``figures``. Accuracies are fractions in [0, 1]."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from analysis.exploration import settled
from analysis.frames import Key, complete_runs, curve_points, explored, keys, runs_of, scores, selected_on, subsets
from analysis.intervals import LEVEL, Interval, t_interval
from analysis.select import ValidationTable, best_per_arm, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.frames import StudyResults

WIDTHS = 1.96  # standard deviations on either side that hold 95 % of a normal distribution


@dataclass(frozen=True)
class Dot:
    """One complete run at a value of the varied parameter; ``x`` is NaN for an arm that does not vary it."""

    x: float
    accuracy: float
    seed: int


@dataclass(frozen=True)
class Line:
    """One series on one subset: a mean with its interval at each value of the varied parameter, and every run.

    An arm that does not vary the parameter has an empty ``x`` and a single interval: it is drawn as a level.
    """

    arm: str
    label: str
    x: tuple[float, ...]
    intervals: tuple[Interval, ...]
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Sweep:
    """Accuracy against one varied parameter."""

    parameter: str
    metric: str  # validation or test
    lines: tuple[Line, ...]


def sweep_parameters(runs: pd.DataFrame) -> list[str]:
    """Return the numeric parameters that some arm varies, in the plan's order."""
    return [name for name in dict.fromkeys(map(str, runs["parameter"])) if name]


def sweep(runs: pd.DataFrame, parameter: str, metric: str, level: float = LEVEL) -> Sweep:
    """Return accuracy against a varied parameter: the series that vary it, then the arms that vary no number.

    Args:
        runs: a study's runs table.
        parameter: a name from ``sweep_parameters``.
        metric: ``validation`` or ``test``.
        level: of the t-intervals, in (0, 1).

    Series without a complete run are absent; an arm that varies another parameter has no place on this axis.

    """
    several = len(subsets(runs)) > 1
    swept, fixed = [], []
    for series, subset in dict.fromkeys(zip(runs["series"], runs["subset"], strict=True)):
        own = runs[(runs["series"] == series) & (runs["subset"] == subset)]
        label = f"{series} · {subset}" if several else str(series)
        if (own["parameter"] == parameter).all():
            swept.append(_line(own, label, metric, level))
        elif (own["parameter"] == "").all():
            fixed.append(_line(own, label, metric, level))
    return Sweep(parameter, metric, tuple(line for line in (*swept, *fixed) if line.intervals))


def may_be_best(runs: pd.DataFrame, parameter: str) -> list[tuple[float, float]]:
    """Return which values of a parameter the study does not tell apart from its choice, the chosen one with them.

    Args:
        runs: a study's runs, or a part of them; none that only explored.
        parameter: a name from ``sweep_parameters``.

    Returns:
        The least and the greatest value of each group of neighbours, ascending; empty unless the runs are of one subset
        and one series varies the parameter there.

    """
    swept = runs[runs["parameter"] == parameter]
    if len(subsets(runs)) != 1 or len(set(swept["series"])) != 1 or (swept["stage"] != "").any():
        return []
    choice = choose(ValidationTable.from_runs(runs, subsets(runs)[0]))
    if choice is None or all(c.difference is None or c.difference.half_width is None for c in choice.comparisons):
        return []  # one seed, or no spread: nothing is compared
    tied = {key.configuration for key in (choice.key, *choice.not_told_apart)}
    names = dict(zip(map(float, swept["value"]), swept["configuration"], strict=True))  # those without a score as well
    found: list[tuple[float, float]] = []
    before = False
    for value in sorted(names):
        if within := names[value] in tied:
            found = [*found[:-1], (found[-1][0], value)] if before else [*found, (value, value)]
        before = within
    return found


def posterior_sweep(results: StudyResults) -> Sweep | None:
    """Return the exploring runs of a settle study and the posterior mean at each value; None without an axis.

    The intervals hold 95 % of the posterior: mean ± 1.96 standard deviations, cut to accuracies from 0 to 1.
    """
    runs = explored(results).runs
    standing = settled(results).standing
    parameters = sweep_parameters(runs)
    if standing is None or len(parameters) != 1 or len(set(zip(runs["series"], runs["subset"], strict=True))) != 1:
        return None
    data = sweep(runs, parameters[0], "selection")
    value = dict(zip(runs["configuration"], runs["value"], strict=True))
    counts = scores(runs, "selection")
    points = []
    posterior = standing.posterior
    for key, mean, sd in zip(standing.keys, posterior.mean / 100, posterior.sd / 100, strict=True):
        low, high = max(0.0, float(mean - WIDTHS * sd)), min(1.0, float(mean + WIDTHS * sd))
        n = len(counts.get(key, ()))
        interval = Interval(float(mean), (high - low) / 2, low, high, n, LEVEL, "posterior ")
        points.append((float(value[key.configuration]), interval))
    points.sort(key=lambda point: point[0])
    line = data.lines[0]
    x, intervals = tuple(x for x, _ in points), tuple(interval for _, interval in points)
    return Sweep(data.parameter, selected_on(results.plan), (Line(line.arm, line.label, x, intervals, line.dots),))


def _line(runs: pd.DataFrame, label: str, metric: str, level: float) -> Line:
    points: list[tuple[float, Interval]] = []
    dots: list[Dot] = []
    values = dict(zip(runs["configuration"], runs["value"], strict=True))
    for key, found in scores(runs, metric).items():
        x = float(values[key.configuration])
        points.append((x, t_interval(found.values(), level)))
        dots.extend(Dot(x, accuracy, seed) for seed, accuracy in found.items())
    points.sort(key=lambda point: point[0])
    x_axis = tuple(x for x, _ in points if not math.isnan(x))
    return Line(str(runs["arm"].iloc[0]), label, x_axis, tuple(interval for _, interval in points), tuple(dots))


@dataclass(frozen=True)
class Box:
    """The complete runs of the configuration that stands for an arm on a subset."""

    key: Key
    accuracies: tuple[float, ...]
    seeds: tuple[int, ...]


def representatives(runs: pd.DataFrame) -> list[Key]:
    """Return, for each subset and arm in the plan's order, the configuration with the best mean validation accuracy."""
    best = {
        (arm, subset): key
        for subset in subsets(runs)
        for arm, key in best_per_arm(ValidationTable.from_runs(runs, subset)).items()
    }
    planned = dict.fromkeys((key.arm, key.subset) for key in keys(runs))
    return [best[pair] for pair in planned if pair in best]


def boxes(runs: pd.DataFrame, metric: str) -> list[Box]:
    """Return one box per arm and subset (the paper's Figure 4), of the arm's configuration that validation prefers."""
    found = scores(runs, metric)
    drawn = [(key, found[key]) for key in representatives(runs) if key in found]
    return [Box(key, tuple(values.values()), tuple(values)) for key, values in drawn]


@dataclass(frozen=True)
class Cut:
    """The last epoch of a run that is not complete; ``status`` says why it ended."""

    configuration: str
    seed: int
    status: str
    epoch: int
    value: float


@dataclass(frozen=True)
class Curve:
    """A configuration's learning curves: every run, and the mean over complete runs while all of them still train.

    Runs stop at different epochs. Past the first stop a mean would be over fewer and fewer runs, and would move for
    that reason alone, so it ends there.
    """

    key: Key
    runs: tuple[tuple[int, tuple[int, ...], tuple[float, ...]], ...]  # (seed, epochs, values)
    epochs: tuple[int, ...]
    means: tuple[float, ...]
    n: int  # complete runs in the means
    cuts: tuple[Cut, ...]


def curves(runs: pd.DataFrame, epochs: pd.DataFrame, quantity: str) -> list[Curve]:
    """Return the learning curves of each arm's preferred configuration.

    Args:
        runs: a study's runs table, or a part of it.
        epochs: the study's curves table.
        quantity: a numeric field of ``trainables.records.Epoch``, as ``validation_accuracy`` or ``train_loss``.

    """
    own = {key: runs_of(runs, key) for key in representatives(runs)}
    points = curve_points(epochs, quantity, [run_id for rows in own.values() for run_id in rows["run_id"]])
    return [_curve(rows, key, points) for key, rows in own.items()]


def _curve(own: pd.DataFrame, key: Key, points: dict[str, dict[int, float]]) -> Curve:
    drawn, cuts = [], []
    for run_id, seed, status in zip(own["run_id"], own["seed"], own["status"], strict=True):
        if found := points.get(str(run_id)):
            drawn.append((int(seed), tuple(found), tuple(found.values())))
            if status != "complete":
                cuts.append(Cut(key.configuration, int(seed), str(status), *list(found.items())[-1]))
    complete = [points[run_id] for run_id in complete_runs(own)["run_id"] if points.get(run_id)]
    epochs = shared_epochs(complete)
    means = tuple(math.fsum(run[epoch] for run in complete) / len(complete) for epoch in epochs)
    return Curve(key, tuple(drawn), epochs, means, len(complete), tuple(cuts))


def shared_epochs(complete: Sequence[dict[int, float]]) -> tuple[int, ...]:
    """Return the epochs from the first on that all runs have, each given as epoch -> value."""
    if not complete:
        return ()
    return tuple(takewhile(lambda epoch: all(epoch in run for run in complete), sorted(complete[0])))
