"""The panels of an exploring figure, which share their axes; the look of each colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from plotly.subplots import make_subplots

from analysis.plotting.parameter_axis import MAX_TICKS, ParameterAxis
from analysis.plotting.styles import DASHES, MARKERS, Style
from analysis.plotting.theme import COLOURS, SOFT, empty, escaped, strength

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.dashboard.explore.scene import Groups, Scene
    from analysis.statistics.arrays import Floats

WIDE, PANEL = 460, 300  # heights in pixels of a single panel, and of one of several
SHORT = 24  # characters of a panel's title and of a tick
LEGEND = 44


def looks_of(groups: Groups, arms: Mapping[str, Style]) -> list[Style]:
    """Return how each group is drawn: an arm in its own style, numbers on one scale, the rest of many texts in grey."""
    count = len(groups.names)
    looks = []
    for place, name in enumerate(groups.names):
        marker, dash = MARKERS[place % len(MARKERS)], DASHES[place // len(COLOURS) % len(DASHES)]
        if name in arms:
            looks.append(arms[name])
        elif groups.ordered and count > 1:
            looks.append(Style(strength(place / (count - 1)), marker, "solid"))
        else:
            rest = groups.others and place == count - 1
            looks.append(Style(SOFT if rest else COLOURS[place % len(COLOURS)], marker, dash))
    return looks


class Panels:
    """A figure whose panels share their axes, and the legend of its colours."""

    def __init__(self, scene: Scene, *, narrow: bool) -> None:
        """Make the empty panels of a scene; in a narrow window they stand below each other."""
        self.scene = scene
        count = max(1, len(scene.panels.names))
        self.columns = 1 if narrow or count == 1 else 2 if count in (2, 4) else 3
        rows = math.ceil(count / self.columns)
        title = scene.panels.title
        titles = [escaped(short(f"{title}: {name}")) for name in scene.panels.names] if title else None
        base = make_subplots(
            rows=rows,
            cols=self.columns,
            shared_xaxes="all",
            shared_yaxes="all",
            subplot_titles=titles,
            vertical_spacing=0.24 / rows,
            horizontal_spacing=0.04,
        )
        self.figure = empty(height=WIDE if count == 1 else 90 + PANEL * rows, base=base)
        self._named: set[int] = set()
        most = MAX_TICKS // (2 if self.columns > 1 or narrow else 1)
        directions = (
            (scene.x, scene.xs, self.figure.update_xaxes, most),
            (scene.y, scene.ys, self.figure.update_yaxes, MAX_TICKS),
        )
        for axis, values, update, room in directions:
            update(type="log" if axis.log else "linear", **(log_ticks(values, room) if axis.log else {}))
            if axis.ticks:
                names = [escaped(short(name)) for name in axis.ticks]
                update(tickmode="array", tickvals=list(range(len(names))), ticktext=names)
        for index in range(count):
            row, column = self.place(index)
            if index + self.columns >= count:
                self.figure.update_xaxes(title_text=escaped(scene.x.title), showticklabels=True, row=row, col=column)
            if column == 1:
                self.figure.update_yaxes(title_text=escaped(scene.y.title), row=row, col=column)
        self.figure.update_layout(
            dragmode="select",
            hovermode="closest",
            margin={"l": 64, "r": 12, "t": 58 if title else 30, "b": 110},
            legend={"title": {"text": f"{escaped(scene.colours.title)}  "}, "itemsizing": "constant"},
            selectionrevision="kept",
            newselection={"mode": "immediate"},
        )

    def place(self, panel: int) -> tuple[int, int]:
        """Return the row and the column of a panel, from 1."""
        row, column = divmod(panel, self.columns)
        return row + 1, column + 1

    def add(self, kind: str, panel: int, group: int, **trace: Any) -> None:  # noqa: ANN401 -- plotly's properties
        """Add a trace; the first one of each colour that may stand in the legend does."""
        row, column = self.place(panel)
        name = self.scene.colours.names[group]
        legend = trace.pop("legend", True) and group not in self._named and bool(self.scene.colours.title)
        if legend:
            self._named.add(group)
        common = {"name": escaped(short(name, LEGEND)), "legendgroup": str(group), "legendrank": 1000 + group}
        getattr(self.figure, f"add_{kind}")(**common, **trace, showlegend=legend, row=row, col=column)


def log_ticks(values: Floats, most: int) -> dict[str, Any]:
    """Return plotly's ticks of a logarithmic axis on which some values of any shape lie, as reports draw them."""
    positive = values[np.isfinite(values) & (values > 0)]
    if not positive.size:
        return {}
    ends = [float(positive.min()), float(positive.max())]
    ticks = ParameterAxis("", ends, "log").ticks(most)
    return {} if ticks.get("tickvals") == sorted(set(ends)) else ticks  # no round values there: as plotly does


def coordinates(scene: Scene) -> str:
    """Return the template of the coordinates that a reader sees; those of texts are on the axis."""
    axes = (("x", scene.x), ("y", scene.y))
    return "<br>".join(f"{escaped(axis.title)}: %{{{name}:.4~g}}" for name, axis in axes if not axis.ticks)


def short(text: str, most: int = SHORT) -> str:
    """Return a text of at most some characters, cut with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
