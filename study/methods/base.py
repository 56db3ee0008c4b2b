"""Base classes of the methods: one that hands runs out from a queue, and one that wraps another method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.methods.method import FIRST_CONFIRMING_SEED, Decision, Signal
from study.methods.run_queue import RunQueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from study.methods.method import Method
    from study.spec.candidates import Candidate
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record


class QueuedMethod:
    """A method that plans its runs in a queue and trains each of them to the end."""

    rungs: tuple[int, ...] = ()

    def __init__(self, runs: Iterable[PlannedRun] = ()) -> None:
        """Plan the runs, in this order."""
        self._queue = RunQueue(runs)

    def _next(self) -> PlannedRun | Signal:
        """Return the next queued run, ``WAIT`` while others are in flight, ``DONE`` when all are recorded."""
        return self._queue.next() or (Signal.WAIT if self._queue.in_flight else Signal.DONE)

    def _plan_confirming(self, candidates: Sequence[Candidate], seeds: int, dataset: str) -> None:
        """Plan the runs that confirm a choice: the first seed of every candidate, then the second, and so on."""
        for seed in range(FIRST_CONFIRMING_SEED, FIRST_CONFIRMING_SEED + seeds):
            for candidate in candidates:
                self._queue.plan(candidate.planned(seed, dataset, "confirm"))

    def tell(self, record: Record) -> None:
        """Register a run's record; with any status, the run is not asked for again.

        Raises:
            ValueError: the method has not planned this run.

        """
        self._queue.tell(record.run_id)

    def give_back(self, run_id: str) -> None:
        """Return a lost run to the queue; it is the next to be asked for.

        Raises:
            ValueError: the run is not in flight.

        """
        self._queue.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Accept every record except that of a run which another study's search stopped early."""
        return record.status != "stopped"

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:  # noqa: ARG002 -- part of the interface
        """Train every run to its end."""
        return Decision.CONTINUE

    def planned(self) -> list[PlannedRun]:
        """Return every run planned so far, in planning order."""
        return list(self._queue.planned.values())


class WrappedMethod:
    """Another method, to which everything is delegated that a subclass does not override."""

    def __init__(self, inner: Method) -> None:
        """Wrap a method."""
        self._inner = inner
        self.rungs = inner.rungs

    def tell(self, record: Record) -> None:
        """Register a run's record."""
        self._inner.tell(record)

    def give_back(self, run_id: str) -> None:
        """Return a lost run."""
        self._inner.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Return whether a record already in the ledger counts for its run."""
        return self._inner.takes(record)

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Decide how a run proceeds."""
        return self._inner.report(run_id, curve)

    def planned(self) -> list[PlannedRun]:
        """Return every run planned so far."""
        return self._inner.planned()

    def most_left(self) -> int:
        """Return an upper bound on the runs still to be recorded."""
        return self._inner.most_left()

    def most_in_flight(self, slots: int) -> int:
        """Return how many runs are worth having in flight at once."""
        return self._inner.most_in_flight(slots)

    def standing(self) -> str:
        """Return a short description of the method's progress."""
        return self._inner.standing()
