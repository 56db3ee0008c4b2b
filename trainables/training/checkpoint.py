"""Checkpoints of a run in flight: tensors and plain numbers only, replaced atomically after every epoch.

The driver reads them too, and imports PyTorch only if there is one.
"""

from __future__ import annotations

import hashlib
import io
import logging
import pickle
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from trainables.provenance import Attempt
from trainables.records import Epoch, Spent
from trainables.storage.documents import Document, OtherVersionError, newer

if TYPE_CHECKING:
    from typing import Self

    from trainables.storage.types import Location

logger = logging.getLogger(__name__)

CHECKSUM = 16  # bytes of BLAKE2b before the payload: torch does not look at the checksums inside its own format


class Trained(BaseModel):
    """The progress of a training."""

    curve: Annotated[list[Epoch], Field(min_length=1)]
    images: int  # patches trained on
    train_s: float


class Checkpoint(Document):
    """The content of a checkpoint. It is not JSON, but states the version of its schema, as JSON documents do.

    Attributes:
        training: ``RunTraining.state()``.
        spent: the time that all attempts took.
        earlier: all attempts up to this checkpoint; the last one wrote it.

    """

    training: dict[str, Any]
    spent: Spent
    earlier: Annotated[list[Attempt], Field(min_length=1)]

    @cached_property
    def trained(self) -> Trained:
        """The part of ``training`` that can be read without building the network."""
        return Trained.model_validate(self.training)

    @model_validator(mode="after")
    def _check_trained(self) -> Self:
        _ = self.trained
        return self


def checkpoint_path(storage: Location, run_id: str) -> Location:
    """Return the path of a run's checkpoint in a storage location."""
    return storage / "checkpoints" / f"{run_id}.pt"


def save_checkpoint(path: Location, checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically: a crash leaves the old one or the new one.

    Raises:
        OSError: the disk is full or cannot be written; the old checkpoint is kept.

    """
    import torch  # noqa: PLC0415 -- it takes seconds, and a driver that finds no checkpoint does not need it

    state = {
        "schema_version": checkpoint.schema_version,
        "training": checkpoint.training,
        "spent": checkpoint.spent.model_dump(),
        "earlier": [attempt.dump() for attempt in checkpoint.earlier],
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    path.write(_checksum(payload) + payload)


def load_checkpoint(path: Location) -> Checkpoint | None:
    """Read a checkpoint; return None if it is absent, damaged or cannot be used, and the run is to start over.

    Raises:
        OtherVersionError: a newer version wrote it; it is not to be written over.
        OSError: the file exists but cannot be read now.

    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    payload = data[CHECKSUM:]
    if data[:CHECKSUM] != _checksum(payload):
        logger.warning("%s: damaged checkpoint; the run starts over", path)
        return None
    import torch  # noqa: PLC0415 -- as above

    try:
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
        return Checkpoint.model_validate(state)
    except (RuntimeError, pickle.UnpicklingError, ValidationError) as error:  # intact, but not what this version writes
        if isinstance(error, ValidationError) and (reason := newer(error, Checkpoint)):
            raise OtherVersionError([f"{path}: {reason}"]) from None
        logger.warning("%s: foreign checkpoint (%s); the run starts over", path, str(error).partition("\n")[0])
        return None


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=CHECKSUM).digest()
