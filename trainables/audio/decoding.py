"""Decode a sound file to a mono waveform at a given rate, or raise an error with the reason why not."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from trainables.audio.headers import AudioError, Probe, probe, truncated

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Samples decoded at a time, so that a header with a wrong length cannot exhaust the memory.
BLOCK = 1 << 20
FIRST_LOOK = 1 << 14  # samples decoded at a time to find out whether there is any sound: most files need no second look
# The resampling filters hold about rate * sample_rate / gcd^2 coefficients; for unrelated rates, that is gigabytes.
MAX_FILTER_SIZE = 200_000_000


def read_mono(path: Path | str, sample_rate: int) -> NDArray[np.float32]:
    """Read a sound file as mono at ``sample_rate`` Hz.

    Args:
        path: a wav, flac, ogg or mp3 file.
        sample_rate: rate of the result, in Hz.

    Returns:
        Finite samples with full scale [-1, 1], shape ``(resampled_length(probe.samples, probe.rate, sample_rate),)``.
        Channels are averaged; nothing is subtracted, scaled or padded.

    Raises:
        AudioError: the file is missing, empty, unreadable, truncated or not finite, or its rate is out of range or
            cannot be resampled.

    """
    wave, rate = decode(path)
    return resample(wave, rate, sample_rate)


def decode(path: Path | str) -> tuple[NDArray[np.float32], int]:
    """Read a sound file as mono at its own rate; see ``read_mono``.

    Returns:
        Finite samples with full scale [-1, 1], shape ``(probe.samples,)``, and their rate in Hz.

    Raises:
        AudioError: see ``read_mono``.

    """
    header = probe(path)
    wave = _decode(path, header)
    finite = np.isfinite(wave)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        message = f"{bad.size} samples are NaN or Inf, the first at {bad[0] / header.rate:.3f} s"
        raise AudioError(message)
    return wave, header.rate


def without_sound(path: Path | str) -> str:
    """Return why a file holds no sound although it can be read, or "": its mono samples are all equal, or it has one.

    Only a file without sound is decoded to its end. "" also stands for a file that cannot be decoded.
    """
    levels: set[np.float32] = set()
    samples = 0
    try:
        with soundfile.SoundFile(str(path)) as sound:
            while len(block := _read_block(sound, FIRST_LOOK)):
                wave = block.mean(axis=1, dtype=np.float32)
                levels |= {wave.min(), wave.max()}
                samples += len(wave)
                if len(levels) > 1:
                    return ""
    except (soundfile.LibsndfileError, RuntimeError):
        return ""
    if samples == 1:
        return "a single sample"
    return "".join("silent: every sample is 0" if v == 0 else f"constant: every sample is {v:.6g}" for v in levels)


def _decode(path: Path | str, header: Probe) -> NDArray[np.float32]:
    """Decode all samples and average the channels: float32, shape (header.samples,)."""
    blocks: list[NDArray[np.float32]] = []
    decoded, reason = 0, ""
    try:
        with soundfile.SoundFile(str(path)) as sound:
            while decoded < header.samples:
                block = _read_block(sound)
                if not len(block):  # soundfile does not raise on a short read
                    break
                decoded += len(block)
                blocks.append(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = str(error).rpartition(": ")[2].rstrip(".")
    if reason and not decoded:
        # The decoder rejects a damaged flac block as a whole, so the number of intact samples is unknown.
        message = f"truncated or damaged: the header promises {header.samples} samples ({reason})"
        raise AudioError(message)
    if decoded < header.samples:
        raise truncated(header.samples, decoded)
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _read_block(sound: soundfile.SoundFile, size: int = BLOCK) -> NDArray[np.float32]:
    """Read the next samples, shape (n, channels), with full scale [-1, 1]."""
    # Converting integers here takes a fifth of the time that libsndfile needs, and yields the same floats.
    integers = sound.subtype == "PCM_16"
    block: NDArray[np.float32] = sound.read(size, dtype="int16" if integers else "float32", always_2d=True)
    return block.astype(np.float32) / np.float32(32768) if integers else block


def resample(wave: NDArray[np.float32], rate: int, sample_rate: int) -> NDArray[np.float32]:
    """Resample a mono sound of shape (n,) from ``rate`` to ``sample_rate`` Hz.

    Raises:
        AudioError: the ratio of the rates needs filters that would exhaust the memory.

    """
    if rate == sample_rate:
        return wave
    common = gcd(rate, sample_rate)
    if (rate // common) * (sample_rate // common) > MAX_FILTER_SIZE:
        message = (
            f"sample rate {rate} Hz cannot be resampled to {sample_rate} Hz: the ratio is too uneven; convert the file"
        )
        raise AudioError(message)
    import torch  # noqa: PLC0415 -- needed only for a file at another rate
    from torchaudio import functional  # noqa: PLC0415

    wave = np.ascontiguousarray(wave, dtype=np.float32)
    resampled: NDArray[np.float32] = functional.resample(torch.from_numpy(wave), rate, sample_rate).numpy()
    return resampled
