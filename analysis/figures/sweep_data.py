"""Data along a varied parameter: series of means and runs, levels of other arms, and marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.series import Dot, SweepLine
from analysis.results.runs_table import keys, scores, subsets
from analysis.statistics.intervals import LEVEL, Interval, accuracy_interval
from analysis.text.certainty import stands

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from analysis.figures.published import PublishedMark
    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key


@dataclass(frozen=True)
class Sweep:
    """Accuracy against one varied parameter."""

    parameter: str
    metric: str  # validation or test
    lines: tuple[SweepLine, ...]

    @property
    def axis(self) -> ParameterAxis:
        """The axis of the parameter."""
        return ParameterAxis(self.parameter, [x for line in self.lines for x in line.x])

    @property
    def subsets(self) -> list[str]:
        """The training subsets, each of which has a panel."""
        return list(dict.fromkeys(line.subset for line in self.lines))

    def on(self, subset: str) -> list[SweepLine]:
        """Return the lines of one subset."""
        return [line for line in self.lines if line.subset == subset]


@dataclass(frozen=True)
class Marks:
    """What is marked on the panel of a subset.

    Attributes:
        spans: the least and the greatest value of each group of neighbours that may be the best; empty where all may.
        pick: the label of the choice's series and the value, which is NaN for a level; None where there is no choice.
        published: the published numbers.
        every: whether every value may be the best.
        word: what is written at the pick.

    """

    spans: tuple[tuple[float, float], ...] = ()
    pick: tuple[str, float] | None = None
    published: tuple[PublishedMark, ...] = ()
    every: bool = False
    word: str = "pick"


def sweep_parameters(runs: pd.DataFrame) -> list[str]:
    """Return the numeric parameters that some arm varies, in the plan's order."""
    return [name for name in dict.fromkeys(map(str, runs["parameter"])) if name]


def sweep_data(
    runs: pd.DataFrame,
    parameter: str,
    metric: str,
    level: float = LEVEL,
    collapsed: Mapping[Key, Collection[int]] = MappingProxyType({}),
) -> Sweep:
    """Return accuracy against a varied parameter: the series that vary it, then the arms and controls that do not.

    Args:
        runs: a study's runs table.
        parameter: a name from ``sweep_parameters``.
        metric: ``validation`` or ``test``.
        level: of the t-intervals, in (0, 1).
        collapsed: configuration -> seeds whose runs are drawn, but are not in the means.

    Series without a complete run are absent; so are arms that vary another parameter, and subsets on which no series
    varies this one.

    """
    swept, fixed = [], []
    for series, subset in dict.fromkeys(zip(runs["series"], runs["subset"], strict=True)):
        rows = runs[(runs["series"] == series) & (runs["subset"] == subset)]
        if (rows["stage"] == "control").all() and len(keys(rows)) == 1:
            # It is named after the value of the configuration that it controls for, and does not have it itself.
            rows = rows.assign(series=rows["configuration"], parameter="", value=math.nan)
        name = str(rows["series"].iloc[0])
        if (rows["parameter"] == parameter).all():
            swept.append(_line(rows, name, metric, level, collapsed))
        elif (rows["parameter"] == "").all():
            fixed.append(_line(rows, name, metric, level, collapsed))
    where = {line.subset for line in swept if line.intervals}
    return Sweep(parameter, metric, tuple(x for x in (*swept, *fixed) if x.intervals and x.subset in where))


def best_spans(finding: Finding, runs: pd.DataFrame, parameter: str) -> list[tuple[float, float]]:
    """Return which values of a parameter may be the best.

    Args:
        finding: of the study.
        runs: the study's runs, or a part of them.
        parameter: a name from ``sweep_parameters``.

    Returns:
        The least and the greatest value of each group of neighbours, ascending; empty unless the runs are of one subset
        and exactly one series varies the parameter, and where nothing can be ruled out.

    """
    swept = runs[(runs["parameter"] == parameter) & (runs["stage"] != "control")]
    if len(subsets(runs)) != 1 or len(set(swept["series"])) != 1 or (swept["stage"] != "").any():
        return []
    bests = finding.bests(subsets(runs)[0])
    if bests is None or not bests.decided:
        return []  # one seed, or no spread: nothing is compared
    tied = {key.configuration for key in bests.members}
    names = dict(zip(map(float, swept["value"]), swept["configuration"], strict=True))  # with or without a score
    return grouped(sorted(names), {value for value, name in names.items() if name in tied})


def grouped(values: Sequence[float], members: Collection[float]) -> list[tuple[float, float]]:
    """Return the least and the greatest value of each group of neighbours that are members.

    Args:
        values: in ascending order.
        members: some of them.

    """
    spans: list[tuple[float, float]] = []
    before = False
    for value in values:
        if value in members:
            spans = [*spans[:-1], (spans[-1][0], value)] if before else [*spans, (value, value)]
        before = value in members
    return spans


def _line(
    runs: pd.DataFrame, label: str, metric: str, level: float, collapsed: Mapping[Key, Collection[int]]
) -> SweepLine:
    points: list[tuple[float, Interval]] = []
    dots: list[Dot] = []
    values = dict(zip(runs["configuration"], runs["value"], strict=True))
    for key, by_seed in scores(runs, metric).items():
        x = float(values[key.configuration])
        sound = [accuracy for seed, accuracy in by_seed.items() if seed not in collapsed.get(key, ())]
        points.append((x, accuracy_interval(sound, level)))
        dots.extend(Dot(x, accuracy, seed) for seed, accuracy in by_seed.items())
    points.sort(key=lambda point: point[0])
    subset = str(runs["subset"].iloc[0])
    x_axis = tuple(x for x, _ in points if not math.isnan(x))
    intervals = tuple(interval for _, interval in points)
    return SweepLine(str(runs["arm"].iloc[0]), label, x_axis, intervals, tuple(dots), subset)


def marks_on(
    finding: Finding, runs: pd.DataFrame, parameter: str, subset: str, known: Sequence[PublishedMark] = ()
) -> Marks:
    """Return what is marked on the panel of one subset.

    Args:
        finding: of the study.
        runs: the study's runs, or a part of them.
        parameter: the one on the axis.
        subset: of the panel.
        known: the published numbers of all subsets.

    """
    runs = runs[runs["subset"] == subset]
    spans = tuple(best_spans(finding, runs, parameter))
    values = [float(value) for value in runs[(runs["parameter"] == parameter) & (runs["stage"] != "control")]["value"]]
    every = bool(values) and spans == ((min(values), max(values)),)
    return Marks(
        () if every else spans,
        _pick(finding, runs, parameter, subset),
        tuple(_on(known, subset)),
        every,
        word_for_choice(finding),
    )


class Pick(NamedTuple):
    """The study's choice, and the word that figures write there."""

    key: Key
    word: str

    @classmethod
    def of(cls, finding: Finding) -> Pick | None:
        """Return the choice of a study; None if it has none."""
        return None if finding.chosen is None else cls(finding.chosen, word_for_choice(finding))


def word_for_choice(finding: Finding) -> str:
    """Return what figures write at the choice: while further runs may change it, it is what leads."""
    return "pick" if stands(finding) else "leads"


def _on(known: Sequence[PublishedMark], subset: str) -> list[PublishedMark]:
    return [mark for mark in known if mark.subset == subset]


def _pick(finding: Finding, runs: pd.DataFrame, parameter: str, subset: str) -> tuple[str, float] | None:
    bests = finding.bests(subset)
    chosen = finding.chosen if bests is None else bests.chosen
    if chosen is None:
        return None
    rows = runs[(runs[list(chosen._fields)] == list(chosen)).all(axis=1)]
    if rows.empty or rows["parameter"].iloc[0] not in ("", parameter):
        return None
    return str(rows["series"].iloc[0]), float(rows["value"].iloc[0])
