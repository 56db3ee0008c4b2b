"""From a sound file to a mono waveform at the wanted rate, or one clear reason why not."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from trainables.audio.headers import AudioError, Probe, probe, resampled_length, truncated

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["AudioError", "Probe", "probe", "read_mono", "resample", "resampled_length"]

BLOCK = 1 << 20  # samples decoded at a time, so that a header that lies about its length cannot fill the memory
# The resampling filter bank holds about rate * sample_rate / gcd^2 numbers; unrelated rates would need gigabytes.
MOST_FILTER_NUMBERS = 200_000_000


def read_mono(path: Path | str, sample_rate: int) -> NDArray[np.float32]:
    """Read a sound file as mono at ``sample_rate`` Hz.

    Args:
        path: a wav, flac, ogg or mp3 file.
        sample_rate: wanted rate, in Hz.

    Returns:
        ``resampled_length(probe.samples, probe.rate, sample_rate)`` finite samples, full scale is [-1, 1]; the
        channels are averaged. Nothing is subtracted, scaled or padded.

    Raises:
        AudioError: the file is missing, empty, unreadable, truncated, at an impossible rate or not finite, or its rate
            cannot be resampled.

    """
    header = probe(path)
    wave = _decode(path, header)
    finite = np.isfinite(wave)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        message = f"{bad.size} samples are NaN or Inf, the first at {bad[0] / header.rate:.3f} s"
        raise AudioError(message)
    return resample(wave, header.rate, sample_rate)


def _decode(path: Path | str, header: Probe) -> NDArray[np.float32]:
    """Decode every sample, average the channels: float32 (header.samples,)."""
    blocks: list[NDArray[np.float32]] = []
    found, reason = 0, ""
    try:
        with soundfile.SoundFile(str(path)) as sound:
            while found < header.samples:
                block = _read_block(sound)
                if not len(block):  # soundfile does not count a short read as an error
                    break
                found += len(block)
                blocks.append(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = str(error).rpartition(": ")[2].rstrip(".")
    if reason and not found:
        # A damaged flac is refused as a whole block, so there is no count of good samples to tell.
        message = f"truncated or damaged: the header promises {header.samples} samples ({reason})"
        raise AudioError(message)
    if found < header.samples:
        raise truncated(header.samples, found)
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _read_block(sound: soundfile.SoundFile) -> NDArray[np.float32]:
    """Read the next samples, shape (n, channels); full scale is [-1, 1]."""
    # Of whole numbers the same floats in a fifth of the time: libsndfile makes them one by one.
    whole = sound.subtype == "PCM_16"
    block: NDArray[np.float32] = sound.read(BLOCK, dtype="int16" if whole else "float32", always_2d=True)
    return block.astype(np.float32) / np.float32(32768) if whole else block


def resample(wave: NDArray[np.float32], rate: int, sample_rate: int) -> NDArray[np.float32]:
    """Resample a mono sound of shape (n,) from ``rate`` to ``sample_rate`` Hz.

    Raises:
        AudioError: the rates are so odd a ratio that the filters would fill the memory.

    """
    if rate == sample_rate:
        return wave
    common = gcd(rate, sample_rate)
    if (rate // common) * (sample_rate // common) > MOST_FILTER_NUMBERS:
        message = f"sample rate {rate} Hz is too odd a ratio to {sample_rate} Hz to resample; convert the file"
        raise AudioError(message)
    import torch  # noqa: PLC0415 -- only a file at another rate needs it
    from torchaudio import functional  # noqa: PLC0415

    wave = np.ascontiguousarray(wave, dtype=np.float32)
    resampled: NDArray[np.float32] = functional.resample(torch.from_numpy(wave), rate, sample_rate).numpy()
    return resampled
