"""The grid: every planned run once, in the plan's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.methods.method import Signal

if TYPE_CHECKING:
    from trainables.config import Run
    from trainables.records import PlannedRun, Record


class Grid:
    """Asks for each planned run that is not recorded; a run that two arms name is asked for once."""

    def __init__(self, runs: list[PlannedRun]) -> None:
        """Plan the runs, in this order."""
        self._runs: dict[str, Run] = {}
        for planned in runs:
            self._runs.setdefault(planned.run.run_id, planned.run)
        self._waiting = dict.fromkeys(self._runs)  # a set that keeps its order
        self._returned: list[str] = []  # given back, to go before the others
        self._out: set[str] = set()

    def ask(self) -> Run | Signal:
        """Return the next run, ``WAIT`` while the last ones are out, ``DONE`` when every run is told."""
        if self._returned:
            run_id = self._returned.pop(0)
        elif self._waiting:
            run_id = next(iter(self._waiting))
            del self._waiting[run_id]
        else:
            return Signal.WAIT if self._out else Signal.DONE
        self._out.add(run_id)
        return self._runs[run_id]

    def tell(self, record: Record) -> None:
        """Take a run's record; whatever its status, the run is not asked for again.

        Raises:
            ValueError: the grid names no such run.

        """
        run_id = record.run_id
        if run_id not in self._runs:
            msg = f"run {run_id} is none of this grid's {len(self._runs)} runs"
            raise ValueError(msg)
        self._waiting.pop(run_id, None)
        self._out.discard(run_id)
        if run_id in self._returned:
            self._returned.remove(run_id)

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost; it is the next to be asked for.

        Raises:
            ValueError: the run is not out.

        """
        if run_id not in self._out:
            msg = f"run {run_id} was not asked for, or is recorded already"
            raise ValueError(msg)
        self._out.remove(run_id)
        self._returned.append(run_id)
