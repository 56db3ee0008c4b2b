"""Checkpoints of a run in flight: tensors and plain numbers only, replaced atomically after every epoch."""

from __future__ import annotations

import hashlib
import io
import logging
import pickle
from typing import TYPE_CHECKING, Any

from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from trainables.storage.types import Location

logger = logging.getLogger(__name__)

CHECKSUM = 16  # bytes of BLAKE2b before the payload: torch does not look at the checksums inside its own format


def checkpoint_path(storage: Location, run_id: str) -> Location:
    """Return where a run's checkpoint lies in a storage location."""
    return storage / "checkpoints" / f"{run_id}.pt"


def save_checkpoint(path: Location, state: dict[str, Any]) -> None:
    """Write a checkpoint so that a crash leaves the old one or the new one.

    Raises:
        OSError: the disk is full or cannot be written; the old checkpoint is kept.

    """
    import torch  # noqa: PLC0415 -- who only looks for a checkpoint need not wait for it

    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    write_atomically(path, _checksum(payload) + payload)


def load_checkpoint(path: Location) -> dict[str, Any] | None:
    """Read a checkpoint; None when there is none or it is damaged (the run then starts anew, which is always right).

    Raises:
        OSError: there is one, but it cannot be read now.

    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    payload = data[CHECKSUM:]
    if data[:CHECKSUM] != _checksum(payload):
        logger.warning("%s: damaged checkpoint; the run starts anew", path)
        return None
    import torch  # noqa: PLC0415 -- as above

    try:
        state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError) as error:  # whole, but not what this version writes
        logger.warning("%s: foreign checkpoint (%s); the run starts anew", path, error)
        return None
    return state


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=CHECKSUM).digest()
