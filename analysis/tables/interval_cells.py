"""Cells with means and their intervals, in a table that states once how many runs they rest on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from analysis.statistics.intervals import LEVEL, MIN_SEEDS
from analysis.tables.table import Span
from trainables.naming import counted
from trainables.numerals import percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.statistics.intervals import Interval


class IntervalCells:
    """Writes the intervals of one table: a cell states its number of values only where that is not the usual one."""

    def __init__(self, intervals: Iterable[Interval]) -> None:
        """Start with all intervals of the table; ``usual`` becomes the number of values that most of them have."""
        self._intervals = tuple(intervals)
        counts = Counter(interval.n for interval in self._intervals)
        self.usual = max(counts, key=lambda n: (counts[n], n), default=0)

    def cell(self, interval: Interval, sign: Literal["", "+"] = "") -> str:
        """Return ``75.3 ± 0.5``; ``75.3 ± 0.5 (n = 11)`` where n is another; ``75.3 (75.0, 75.6)`` of few."""
        return interval.cell(sign, self.usual)

    def note(self, unit: str = "seed") -> str:
        """Return a sentence on what the cells hold, for the table's note; empty without intervals.

        Args:
            unit: what n counts; empty where a column of the table states n.

        """
        if not self._intervals:
            return ""
        wide = any(interval.has_width for interval in self._intervals)
        what = f"Mean ± half width of the {percent(LEVEL)} t-interval" if wide else "Mean"
        parts = [what]
        if any(interval.cut for interval in self._intervals if interval.has_width):
            parts.append("an interval cut at 0 or 100 by its ends")
        if any(interval.values for interval in self._intervals):
            parts.append(f"of fewer than {MIN_SEEDS} {unit or 'run'}s, the mean (the values themselves)")
        every = len({interval.n for interval in self._intervals}) == 1
        few = all(interval.values for interval in self._intervals)
        if unit and not few:
            parts.append(f"n = {counted(self.usual, unit)} {'everywhere' if every else 'unless stated otherwise'}")
        return f"{'; '.join(parts)}."


def span(interval: Interval) -> Span:
    """Return what a bar beside the cell shows, in percent or points."""
    if not interval.has_width or interval.low is None or interval.high is None:
        return Span(100 * interval.mean)
    return Span(100 * interval.mean, 100 * interval.low, 100 * interval.high)
