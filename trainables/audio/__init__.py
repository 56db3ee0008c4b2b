"""Sound files: ``from trainables.audio import probe, read_mono``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainables.audio.errors import AudioError
from trainables.audio.headers import probe

if TYPE_CHECKING:
    from trainables.audio.decoding import read_mono as read_mono

__all__ = ["AudioError", "probe", "read_mono"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import the decoder on first use, so that importing the package does not import numpy."""
    if name != "read_mono":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from trainables.audio.decoding import read_mono  # noqa: PLC0415 -- as the docstring explains

    return read_mono
