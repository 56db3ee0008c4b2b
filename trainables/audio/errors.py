"""The error of a sound file that cannot be used."""

from __future__ import annotations

MIN_RATE, MAX_RATE = 1_000, 768_000  # Hz. A rate outside this range means a damaged header.


class AudioError(Exception):
    """A sound file cannot be used. The message is only the reason: the caller knows the file."""


def truncated(promised: int, readable: int, unit: str = "samples") -> AudioError:
    """Return the error for a file that is shorter than its header states."""
    return AudioError(f"truncated: the header promises {promised} {unit}, {readable} could be read")


def out_of_range(rate: int) -> AudioError:
    """Return the error for a rate, in Hz, that no sound file has."""
    return AudioError(f"sample rate {rate} Hz; allowed: {MIN_RATE} to {MAX_RATE}")
