"""Windows of a sound file, decoded one after the other: of a long file, only a window and a block are in memory."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from trainables.audio.decoder_messages import decoder_messages
from trainables.audio.decoding import decode, stream
from trainables.audio.errors import AudioError
from trainables.audio.headers import inspect, resampled_length
from trainables.audio.resampling import resample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

WHOLE_S = 30.0  # up to this length a file is one window by default: the longest clips of FSDnoisy18k
WINDOW_S = 10.0  # of longer files by default: the length of the clips of AudioSet
LEAST_S, MOST_S = 0.1, 300.0  # the longest window bounds the memory


def window_problem(window: float | None, hop: float | None) -> str | None:
    """Return what is wrong with the length and the hop of windows, both in seconds; None if nothing is."""
    if window is None:
        return None if hop is None else "a hop needs the length of the window too"
    if not LEAST_S <= window <= MOST_S:
        return f"window {window:g}; allowed: {LEAST_S:g} to {MOST_S:g} seconds"
    if hop is not None and not LEAST_S <= hop <= window:
        return f"hop {hop:g}; allowed: {LEAST_S:g} seconds to the window, {window:g}"
    return None


def window_starts(samples: int, window: int, hop: int) -> list[int]:
    """Return the first samples of the windows of a sound: every ``hop``, and a last one that ends with the sound.

    Args:
        samples: of the sound.
        window: samples of a window; a sound that is not longer has one window, which is shorter.
        hop: samples from one window to the next.

    """
    last = max(0, samples - window)
    return [*range(0, last, hop), last]


def window_waves(
    path: Path | str, sample_rate: int, window: float | None = None, hop: float | None = None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the windows of a sound file, mono at ``sample_rate`` Hz: each one's first sample, and its samples.

    Args:
        path: a wav, flac, ogg or mp3 file.
        sample_rate: rate of the windows in Hz.
        window: length of a window in seconds. A file that is not longer is one window. By default, a file of up to
            ``WHOLE_S`` is one window, and a longer one is cut into windows of ``WINDOW_S``.
        hop: seconds from one window to the next; by default ``window``.

    Raises:
        AudioError: the file cannot be used; where that shows only further on, after the windows before.
        ValueError: see ``window_problem``.

    """
    if problem := window_problem(window, hop):
        raise ValueError(problem)
    layout = inspect(path)
    header = layout.probe
    if header.seconds <= (WHOLE_S if window is None else window):
        sound = decode(path)
        _warn(path, sound.messages)
        yield 0, resample(sound.wave, sound.rate, sample_rate)
        return
    seconds = WINDOW_S if window is None else window
    length, step = round(seconds * sample_rate), round((hop or seconds) * sample_rate)
    samples = resampled_length(header.samples, header.rate, sample_rate)
    with decoder_messages(expected=layout.is_mpeg) as messages:
        yield from _streamed(stream(path, sample_rate), window_starts(samples, length, step), length, sample_rate)
    _warn(path, messages)


def _streamed(
    blocks: Iterator[NDArray[np.float32]], starts: Sequence[int], length: int, sample_rate: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the windows of ``length`` samples that begin at these places of a sound that comes in blocks."""
    held, first = np.empty(0, np.float32), 0  # the samples that are in memory, and the place of their first one
    for start in starts:
        held, first = held[start - first :], start
        while len(held) < length:
            held = np.concatenate([held, next(blocks)])
        wave = held[:length]
        if not np.isfinite(wave).all():
            msg = f"samples between {start / sample_rate:.1f} and {(start + length) / sample_rate:.1f} s are NaN or Inf"
            raise AudioError(msg)
        yield start, wave
    for _ in blocks:  # the decoder checks the end of the file only when it is there
        pass


def _warn(path: Path | str, messages: Sequence[str]) -> None:
    if messages:
        logger.warning("%s: the mp3 decoder reports: %s", path, "; ".join(messages))
