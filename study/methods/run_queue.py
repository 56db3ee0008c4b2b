"""The runs that a method has planned: which wait, which are out, which are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.plans import PlannedRun


class RunQueue:
    """Hands each planned run out once, in the order of planning; one that was given back goes before the others.

    Attributes:
        planned: every run, by ``run_id``; a run that is planned twice stands there once.
        out: the runs that were handed out and are neither told nor given back.
        told: the runs whose record is known.

    """

    def __init__(self, runs: Iterable[PlannedRun] = ()) -> None:
        """Plan the runs, in this order."""
        self.planned: dict[str, PlannedRun] = {}
        self.out: set[str] = set()
        self.told: set[str] = set()
        self._waiting: dict[str, None] = {}  # a set that keeps its order
        self._returned: dict[str, None] = {}
        for run in runs:
            self.plan(run)

    def plan(self, planned: PlannedRun) -> bool:
        """Add a run; say whether it is new."""
        run_id = planned.run.run_id
        if run_id in self.planned:
            return False
        self.planned[run_id] = planned
        self._waiting[run_id] = None
        return True

    @property
    def ready(self) -> bool:
        """Whether a run waits to be handed out."""
        return bool(self._returned or self._waiting)

    def next(self) -> PlannedRun | None:
        """Hand out the next run; None when none waits."""
        queue = self._returned or self._waiting
        if not queue:
            return None
        run_id = next(iter(queue))
        del queue[run_id]
        self.out.add(run_id)
        return self.planned[run_id]

    def tell(self, run_id: str) -> None:
        """Take in that a run is recorded; it is not handed out again.

        Raises:
            ValueError: it was not planned.

        """
        if run_id not in self.planned:
            msg = f"run {run_id} is none of the {len(self.planned)} runs planned"
            raise ValueError(msg)
        self._waiting.pop(run_id, None)
        self._returned.pop(run_id, None)
        self.out.discard(run_id)
        self.told.add(run_id)

    def hold(self, run_id: str) -> None:
        """Take a run in without handing it out again before it is released.

        Raises:
            ValueError: the run is not out.

        """
        if run_id not in self.out:
            msg = f"run {run_id} was not asked for, or is recorded already"
            raise ValueError(msg)
        self.out.remove(run_id)

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost; it is the next to be handed out.

        Raises:
            ValueError: the run is not out.

        """
        self.hold(run_id)
        self.release(run_id)

    def release(self, run_id: str) -> None:
        """Let a run that was held be the next to be handed out."""
        self._returned[run_id] = None
