"""The runs that a method has planned, and whether each is waiting, in flight or recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.plans import PlannedRun


class RunQueue:
    """Hands each planned run out once, in planning order; runs that were given back come first.

    Attributes:
        planned: every run, by ``run_id``, in planning order.
        in_flight: ids of the runs handed out and neither recorded nor given back.
        recorded: ids of the runs with a record.

    """

    def __init__(self, runs: Iterable[PlannedRun] = ()) -> None:
        """Plan the runs, in this order."""
        self.planned: dict[str, PlannedRun] = {}
        self.in_flight: set[str] = set()
        self.recorded: set[str] = set()
        self._waiting: dict[str, None] = {}  # an ordered set
        self._returned: dict[str, None] = {}  # an ordered set
        for run in runs:
            self.plan(run)

    def plan(self, planned: PlannedRun) -> None:
        """Add a run, unless it is planned already."""
        run_id = planned.run.run_id
        if run_id not in self.planned:
            self.planned[run_id] = planned
            self._waiting[run_id] = None

    @property
    def ready(self) -> bool:
        """Whether a run is waiting to be handed out."""
        return bool(self._returned or self._waiting)

    @property
    def left(self) -> int:
        """The number of planned runs without a record."""
        return len(self.planned) - len(self.recorded)

    def next(self) -> PlannedRun | None:
        """Hand out the next run; return None if none is waiting."""
        queue = self._returned or self._waiting
        if not queue:
            return None
        run_id = next(iter(queue))
        del queue[run_id]
        self.in_flight.add(run_id)
        return self.planned[run_id]

    def tell(self, run_id: str) -> None:
        """Mark a run as recorded; it is not handed out again.

        Raises:
            ValueError: the run was not planned.

        """
        if run_id not in self.planned:
            msg = f"run {run_id} is not one of the {len(self.planned)} planned runs"
            raise ValueError(msg)
        self._waiting.pop(run_id, None)
        self._returned.pop(run_id, None)
        self.in_flight.discard(run_id)
        self.recorded.add(run_id)

    def hold(self, run_id: str) -> None:
        """Keep a run in flight from being handed out again until it is released.

        Raises:
            ValueError: the run is not in flight.

        """
        if run_id not in self.in_flight:
            msg = f"run {run_id} is not in flight: it was not asked for or is already recorded"
            raise ValueError(msg)
        self.in_flight.remove(run_id)

    def give_back(self, run_id: str) -> None:
        """Return a lost run; it is the next to be handed out.

        Raises:
            ValueError: the run is not in flight.

        """
        self.hold(run_id)
        self.release(run_id)

    def release(self, run_id: str) -> None:
        """Make a held run the next to be handed out."""
        self._returned[run_id] = None
