"""What a study's driver and its workers pass each other in the storage location: data sets, and runs in flight.

It needs no torch, and so the driver needs none.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables import ownership
from trainables.datasets.manifest import from_json, to_json
from trainables.records import Cost, Record, write_atomically
from trainables.run_log import now
from trainables.storage import scratch
from trainables.store import STORES, open_store
from trainables.store_cache import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.config import Run
    from trainables.datasets.manifest import Manifest
    from trainables.ownership import Held
    from trainables.records import Epoch
    from trainables.storage import Location
    from trainables.store import FrameStore

OF_AN_ATTEMPT = {"from_epoch", "wall_s", "at_rung"}  # what means nothing of a run as a whole


class StorageError(Exception):
    """The storage location cannot be used: no fault of the run, which goes on from its last checkpoint later."""


class BusyError(Exception):
    """Another process trains this run."""


def leave_data(storage: Location, manifest: Manifest, store: FrameStore) -> None:
    """Leave a data set for the workers, under its fingerprint.

    The store is named beside the manifest: it may hold more clips than the manifest, which has lost its bad ones.
    """
    value = {"frames": store.folder.name, "manifest": json.loads(to_json(manifest))}
    write_atomically(storage / "datasets" / f"{manifest.fingerprint}.json", json.dumps(value).encode())


def left_data(storage: Location, fingerprint: str) -> tuple[Manifest, FrameStore]:
    """Return what the driver left; it has compared the store's checksums.

    Raises:
        FileNotFoundError: no such data set was left, or its frame store is absent or unfinished.

    """
    value = json.loads((storage / "datasets" / f"{fingerprint}.json").read_bytes())
    folder = storage / STORES / value["frames"]
    store = open_store(folder) if isinstance(folder, Path) else fetch(folder, scratch(storage) / STORES)
    if store is None:
        msg = f"{folder}: the frame store is absent or unfinished"
        raise FileNotFoundError(msg)
    return from_json(json.dumps(value["manifest"]).encode()), store


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
    held = ownership.take(storage / "running" / run_id)
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
