"""Decode a sound file to a mono waveform at a given rate, or raise an error with the reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soundfile

from trainables.audio.decoder_messages import decoder_messages
from trainables.audio.errors import AudioError, truncated
from trainables.audio.headers import BLOCK, Layout, inspect
from trainables.audio.parts import open_sound
from trainables.audio.resampling import resample, resample_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Samples decoded at a time to find out whether there is any sound: most files need no second look.
FIRST_LOOK = 1 << 14


def read_mono(path: Path | str, sample_rate: int) -> NDArray[np.float32]:
    """Read a sound file as mono at ``sample_rate`` Hz.

    Args:
        path: a wav, flac, ogg or mp3 file.
        sample_rate: rate of the result, in Hz.

    Returns:
        Finite samples with full scale [-1, 1], shape ``(resampled_length(probe.samples, probe.rate, sample_rate),)``.
        Channels are averaged; nothing is subtracted, scaled or padded.

    Raises:
        AudioError: the file is missing, empty, unreadable, truncated or not finite, or its rate is out of range.

    """
    sound = decode(path)
    return resample(sound.wave, sound.rate, sample_rate)


class Sound(NamedTuple):
    """A decoded file: finite mono samples, shape (probe.samples,), their rate in Hz, and what the decoder printed."""

    wave: NDArray[np.float32]
    rate: int
    messages: list[str]


def decode(path: Path | str) -> Sound:
    """Read a sound file as mono, with full scale [-1, 1], at its own rate.

    Raises:
        AudioError: see ``read_mono``.

    """
    layout = inspect(path)
    try:
        with decoder_messages(expected=layout.is_mpeg) as messages:
            blocks = list(_finite_blocks(Path(path), layout))
    except AudioError as error:
        raise AudioError("; ".join([str(error), *messages])) from None
    wave = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    return Sound(wave, layout.probe.rate, messages)


def stream(path: Path | str, sample_rate: int) -> Iterator[NDArray[np.float32]]:
    """Yield what ``read_mono`` returns in blocks of 2**20 samples, the last one shorter: for long files.

    Raises:
        AudioError: see ``read_mono``; at the end, unless the file cannot be opened.

    """
    layout = inspect(path)
    blocks = _finite_blocks(Path(path), layout)
    held: list[NDArray[np.float32]] = []
    for block in resample_blocks(blocks, layout.probe.rate, sample_rate):
        held.append(block)
        if sum(map(len, held)) >= BLOCK:
            joined = np.concatenate(held)
            whole = len(joined) // BLOCK * BLOCK
            yield from np.split(joined[:whole], whole // BLOCK)
            held = [joined[whole:]]
    if sum(map(len, held)):
        yield np.concatenate(held)


def without_sound(path: Path | str) -> str:
    """Return why a file holds no sound although it can be read, or "": its mono samples are all equal, or it has one.

    Only a file without sound is decoded to its end. "" also stands for a file that cannot be decoded.
    """
    levels: set[np.float32] = set()
    samples = 0
    try:
        layout = inspect(path)
        with decoder_messages(expected=layout.is_mpeg):
            for block in _blocks(Path(path), layout, FIRST_LOOK):
                levels |= {block.min(), block.max()}
                samples += len(block)
                if len(levels) > 1:
                    return ""
    except AudioError:
        return ""
    if samples == 1:
        return "a single sample"
    return "".join("silent: every sample is 0" if v == 0 else f"constant: every sample is {v:.6g}" for v in levels)


def _finite_blocks(path: Path, layout: Layout) -> Iterator[NDArray[np.float32]]:
    """Yield a file's blocks; at the end, raise an AudioError if samples are not finite."""
    bad, first, samples = 0, 0, 0
    for block in _blocks(path, layout):
        places = np.flatnonzero(~np.isfinite(block))
        if len(places):
            first = first if bad else samples + int(places[0])
            bad += len(places)
        samples += len(block)
        yield block
    if bad:
        message = f"{bad} samples are NaN or Inf, the first at {first / layout.probe.rate:.3f} s"
        raise AudioError(message)


def _blocks(path: Path, layout: Layout, size: int = BLOCK) -> Iterator[NDArray[np.float32]]:
    """Decode a file and average its channels: yield mono blocks of ``size`` samples, the last of each part shorter.

    Raises:
        AudioError: there are fewer or more samples than promised.

    """
    decoded, reason, promised = 0, "", layout.probe.samples
    try:
        for part in layout.parts or (None,):
            with open_sound(path, part) as sound:
                sound.read(part.skip if part else 0)
                while len(block := _read_block(sound, size)):  # soundfile does not raise on a short read
                    decoded += len(block)
                    yield block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = str(error).rpartition(": ")[2].rstrip(".")
    if reason and not decoded:
        # The decoder rejects a damaged flac block as a whole, so the number of intact samples is unknown.
        message = f"truncated or damaged: the header promises {promised} samples ({reason})"
        raise AudioError(message)
    if decoded < promised:
        raise truncated(promised, decoded)
    if decoded > promised:
        message = f"the header promises {promised} samples, but {decoded} follow; write the file again"
        raise AudioError(message)


def _read_block(sound: soundfile.SoundFile, size: int) -> NDArray[np.float32]:
    """Read the next samples, shape (n, channels), with full scale [-1, 1]."""
    # Converting integers here takes a fifth of the time that libsndfile needs, and yields the same floats.
    integers = sound.subtype == "PCM_16"
    block: NDArray[np.float32] = sound.read(size, dtype="int16" if integers else "float32", always_2d=True)
    return block.astype(np.float32) / np.float32(32768) if integers else block
