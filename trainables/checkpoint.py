"""Checkpoints of a run in flight: tensors and plain numbers only, replaced atomically after every epoch."""

from __future__ import annotations

import io
import logging
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import torch

from trainables.records import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


def checkpoint_path(storage: Path, run_id: str) -> Path:
    """Return where a run's checkpoint lies in a storage location."""
    return storage / "checkpoints" / f"{run_id}.pt"


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that a crash leaves the old one or the new one.

    Raises:
        OSError: the disk is full or cannot be written; the old checkpoint is kept.

    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint; None when there is none or it is damaged (the run then starts anew, which is always right)."""
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        logger.warning("%s: damaged checkpoint (%s); the run starts anew", path, error)
        return None
    return state
