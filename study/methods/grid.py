"""The grid: every planned run once, in the plan's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.methods.method import Decision, Signal
from study.methods.run_queue import RunQueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record


class Grid:
    """Asks for each planned run that is not recorded; a run that two arms name is asked for once."""

    rungs: tuple[int, ...] = ()

    def __init__(self, runs: Iterable[PlannedRun]) -> None:
        """Plan the runs, in this order."""
        self._runs = list(runs)
        self._queue = RunQueue(self._runs)

    def ask(self) -> PlannedRun | Signal:
        """Return the next run, ``WAIT`` while the last ones are out, ``DONE`` when every run is told."""
        return self._queue.next() or (Signal.WAIT if self._queue.out else Signal.DONE)

    def tell(self, record: Record) -> None:
        """Take a run's record; whatever its status, the run is not asked for again.

        Raises:
            ValueError: the grid names no such run.

        """
        self._queue.tell(record.run_id)

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost; it is the next to be asked for.

        Raises:
            ValueError: the run is not out.

        """
        self._queue.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Take any record but that of a run which another study's search stopped early."""
        return record.status != "stopped"

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:  # noqa: ARG002 -- the protocol's
        """Let every run go on to its end."""
        return Decision.CONTINUE

    def planned(self) -> list[PlannedRun]:
        """Return the plan; a run that two arms name stands there twice."""
        return self._runs

    def most_left(self) -> int:
        """Return the number of runs that are not told."""
        return len(self._queue.planned) - len(self._queue.told)

    def most_in_flight(self, slots: int) -> int:  # noqa: ARG002 -- of every method
        """Return the number of runs that are left: all of them are known beforehand."""
        return self.most_left()

    def standing(self) -> str:
        """Say nothing: counts say it all."""
        return ""
