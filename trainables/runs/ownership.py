"""Own a run while it is trained or stopped; without PyTorch, so that the driver does not need it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trainables.provenance import Attempt, Provenance
from trainables.records import NO_COST, Cost, Record, owner_path
from trainables.runs.log import now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trainables.config import Run
    from trainables.records import Epoch
    from trainables.storage.types import Held, Location
    from trainables.training.checkpoint import Checkpoint


class BusyError(Exception):
    """Another process trains this run."""


@contextmanager
def owned(storage: Location, run_id: str) -> Iterator[None]:
    """Own a run within the context, at whose end the run has a record.

    Raises:
        BusyError: another process owns it.

    """
    held = own(storage, run_id)
    try:
        yield
    finally:
        held.release(remove=True)


def own(storage: Location, run_id: str) -> Held:
    """Own a run until it is released.

    Raises:
        BusyError: another process owns it.

    """
    held = owner_path(storage, run_id).acquire()
    if held is None:
        raise BusyError(run_id)
    return held


def stopped(run: Run, curve: list[Epoch], checkpoint: Checkpoint | None, facts: Mapping[str, Any]) -> Record:
    """Return the record of a run that was stopped after an epoch.

    Args:
        run: the run.
        curve: its epochs.
        checkpoint: its last checkpoint, for its cost and where it was trained; None if it is lost.
        facts: the provenance of the process that stopped it.

    """
    *earlier, last = checkpoint.earlier if checkpoint else [Attempt()]
    cost = Cost.of(checkpoint.spent, checkpoint.trained.images, checkpoint.trained.train_s) if checkpoint else NO_COST
    provenance = Provenance.of({**facts, **last.of_run()}, earlier, now())
    return Record.of_curve(run, "stopped", curve, cost=cost, provenance=provenance)
