"""The error of a sound file that cannot be used."""

from __future__ import annotations


class AudioError(Exception):
    """A sound file cannot be used. The message is only the reason: the caller knows the file."""


def truncated(promised: int, readable: int, unit: str = "samples") -> AudioError:
    """Return the error for a file that is shorter than its header states."""
    return AudioError(f"truncated: the header promises {promised} {unit}, {readable} could be read")
