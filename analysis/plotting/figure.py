"""A figure of a report, with its title and caption; what several figures share in their names and captions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.theme import MAX_DRAWN
from analysis.results.measures import on_test
from analysis.results.runs_table import Key, subsets
from trainables.metrics import split_name

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Figure:
    """A drawn figure.

    Attributes:
        name: unique in the report; of lower-case letters, digits and underscores.
        title: what it shows.
        caption: one line of at most 35 words that is always read.
        drawing: the figure, for white paper.
        more: the rest of the explanation, which a page folds; empty if the caption is enough.

    """

    name: str
    title: str
    caption: str
    drawing: go.Figure
    more: str = ""


def named(*parts: str) -> str:
    """Return a name for a figure, of lower-case letters, digits and underscores: ``accuracy_vs_t``."""
    return re.sub(r"[^a-z0-9]+", "_", " ".join(parts).lower()).strip("_")


def measure(measured: str) -> str:
    """Return what a measured value is called in a figure's name: ``accuracy`` on test clips, ``verified accuracy``."""
    clips, metric = split_name(measured)
    return metric.name if clips == "test" else f"{clips} {metric.name}"


def axis(parameter: str) -> str:
    """Return what a parameter is called in a figure's name."""
    return "t" if parameter == "temperature" else parameter


def panels(runs: pd.DataFrame, metric: str) -> list[tuple[str, pd.DataFrame]]:
    """Return what may share an axis, each with the end of its title: validation does not compare across subsets."""
    names = subsets(runs)
    if on_test(metric) or len(names) == 1:
        return [("", runs)]
    return [(f" on {name}", runs[runs["subset"] == name]) for name in names]


def part_drawn(runs: pd.DataFrame) -> str:
    """Return the end of a caption where a configuration has more runs than are drawn one by one; else nothing."""
    if runs.groupby(list(Key._fields)).size().max() <= MAX_DRAWN:
        return ""
    return (
        f" Of a configuration with more than {MAX_DRAWN} runs, the first {MAX_DRAWN} in the plan's order are drawn; "
        "means and intervals rest on all of them."
    )
