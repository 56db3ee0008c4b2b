"""What a reader has chosen in a tab that explores runs, to and from the query of an address."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from analysis.dashboard.explore.brush import Brush

if TYPE_CHECKING:
    from collections.abc import Mapping

EPOCH = "epoch"  # as x: learning curves
MAX_SMOOTHING = 99  # percent
MAX_COMPARED = 12  # runs that are overlaid or compared side by side
MAX_TEXT = 1500  # characters of one value of an address
FILTERS = ("arm", "subset", "status", "stage")
_CHOICES = {
    "group": ("seeds", "runs"),
    "xlog": ("", "0", "1"),
    "ylog": ("", "0", "1"),
    "compare": ("", "curves", "sides"),
}
_LISTS = ("columns", "runs")


@dataclass(frozen=True)
class Choices:
    """The choices of a reader; every field has a default, which an address leaves out.

    Attributes:
        x: column on the x axis, or ``epoch`` for learning curves; empty for the study's default, as for ``y``.
        y: column, or measure of an epoch, on the y axis.
        colour: column by which marks are coloured; ``none`` for one colour.
        facet: column with a panel for each value; ``none`` for one panel.
        group: ``seeds`` for the mean and interval of each configuration, ``runs`` for single runs.
        smoothing: weight in percent of the exponential mean of learning curves, from 0 to 99.
        xlog: ``1`` if the x axis is logarithmic, ``0`` if not, empty for the default; ``ylog`` likewise.
        where: a filter, see ``filters``.
        brush: area of the figure that was selected; empty without one.
        pick: run_id of a run whose configuration was selected by its mean; empty without one.
        arm: only runs of this arm; ``subset``, ``status`` and ``stage`` likewise.
        sort: columns by which the runs are sorted, as in ``-validation,seed``; empty for the default.
        columns: the chosen columns of the grid; empty for the default.
        runs: run_ids that are selected, to be compared.
        compare: ``curves`` to overlay their curves, ``sides`` for them side by side; empty for neither.
        drawer: run_id of the run whose drawer is open.

    """

    x: str = ""
    y: str = ""
    colour: str = ""
    facet: str = ""
    group: str = "seeds"
    smoothing: int = 0
    xlog: str = ""
    ylog: str = ""
    where: str = ""
    brush: str = ""
    pick: str = ""
    arm: str = ""
    subset: str = ""
    status: str = ""
    stage: str = ""
    sort: str = ""
    columns: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    compare: str = ""
    drawer: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Choices:
        """Return the choices that a query describes; what is unknown or malformed there is ignored."""
        values: dict[str, Any] = {}
        for field in fields(cls):
            text = query.get(field.name, "")[:MAX_TEXT]
            if not text:
                continue
            if field.name in _LISTS:
                names = tuple(dict.fromkeys(name for name in text.split(",") if name))
                values[field.name] = names[:MAX_COMPARED] if field.name == "runs" else names
            elif field.name == "smoothing":
                values[field.name] = min(MAX_SMOOTHING, int(text)) if text.isdecimal() and text.isascii() else 0
            elif text in _CHOICES.get(field.name, (text,)):
                values[field.name] = text
        choices = cls(**values)
        return choices if not choices.brush or Brush.parse(choices.brush) else replace(choices, brush="")

    def query(self) -> dict[str, str]:
        """Return the part of a query that describes the choices, without the fields that have their defaults."""
        parts = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            parts[field.name] = ",".join(value) if field.name in _LISTS else str(value)
        return parts

    def but(self, **changes: Any) -> Choices:  # noqa: ANN401 -- the value of any field
        """Return these choices with some fields changed."""
        return replace(self, **changes)

    @property
    def sorted_by(self) -> list[tuple[str, bool]]:
        """The columns by which runs are sorted, each with whether in descending order."""
        names = [name for name in self.sort.split(",") if name.removeprefix("-")]
        return [(name.removeprefix("-"), name.startswith("-")) for name in names]
