"""What a study's driver and its workers pass each other in the storage location: data sets, and runs in flight.

It needs no torch, and so the driver needs none.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trainables.records import Cost, Record
from trainables.runs.log import now
from trainables.storage import locks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.config import Run
    from trainables.records import Epoch
    from trainables.storage.locks import Held
    from trainables.storage.types import Location

OF_AN_ATTEMPT = {"from_epoch", "wall_s", "at_rung"}  # what means nothing of a run as a whole


class BusyError(Exception):
    """Another process trains this run."""


@contextmanager
def owned(storage: Location, run_id: str) -> Iterator[None]:
    """Own a run while the context lasts, which is to leave a record behind.

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
    held = locks.acquire(storage / "running" / run_id)
    if held is None:
        raise BusyError(run_id)
    return held


def stopped(run: Run, curve: list[Epoch], state: dict[str, Any] | None, provenance: dict[str, Any]) -> Record:
    """Return the record of a run that was cut after an epoch.

    Args:
        run: the run.
        curve: its epochs.
        state: its last checkpoint, for what it cost and where it was trained; None where that is lost.
        provenance: of who cut it.

    """
    spent = state["spent"] if state else {"wall_s": 0.0, "cpu_s": 0.0}
    images, train_s = (state["training"]["images"], state["training"]["train_s"]) if state else (0, 0.0)
    *earlier, last = state["earlier"] if state else [{}]
    return Record(
        run_id=run.run_id,
        run=run,
        status="stopped",
        epochs=curve,
        validation_accuracy=curve[-1].validation_accuracy if curve else None,
        verified_accuracy=curve[-1].verified_accuracy if curve else None,
        test=None,
        cost=Cost(**spent, images=images, images_per_s=images / train_s if train_s else 0.0),
        provenance=provenance
        | {key: value for key, value in last.items() if key not in OF_AN_ATTEMPT}
        | {"ended": now(), "attempts": len(earlier) + 1, "earlier_attempts": earlier},
    )
