"""The grid: every planned run once, in the plan's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.methods.base import QueuedMethod

if TYPE_CHECKING:
    from collections.abc import Iterable

    from study.methods.method import Signal
    from trainables.plans import PlannedRun


class Grid(QueuedMethod):
    """Asks for each planned run without a record; a run shared by two arms is asked for once."""

    def __init__(self, runs: Iterable[PlannedRun]) -> None:
        """Plan the runs, in this order."""
        self._runs = list(runs)
        super().__init__(self._runs)

    def ask(self) -> PlannedRun | Signal:
        """Return the next run, ``WAIT`` while the last ones are in flight, ``DONE`` when all are recorded."""
        return self._next()

    def planned(self) -> list[PlannedRun]:
        """Return the plan, in which a run shared by two arms occurs twice."""
        return self._runs

    def most_left(self) -> int:
        """Return the number of runs without a record."""
        return self._queue.left

    def most_in_flight(self, slots: int) -> int:  # noqa: ARG002 -- part of the interface
        """Return the number of runs left: no result changes what is trained."""
        return self.most_left()

    def standing(self) -> str:
        """Return nothing: the run counts suffice."""
        return ""
