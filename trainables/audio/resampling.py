"""Resample a mono sound between any two rates, in memory that does not depend on the ratio of the rates.

The filter is that of torchaudio's ``resample``: a sinc of 6 zero crossings with a Hann window, cut off at 0.99 of the
lower Nyquist frequency. For each phase of the output, torchaudio holds weights for as many input samples as the rate
has after division by the greatest common divisor: gigabytes if that is small. Between such rates the sound is
interpolated here, sample by sample, with the few weights of each phase that are not 0.
"""

from __future__ import annotations

from math import ceil, gcd, pi
from typing import TYPE_CHECKING

import numpy as np

from trainables.audio.headers import resampled_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

# Weights up to which torchaudio's filters are used: about 70 MB. Every rate that is a multiple of 100 Hz needs fewer
# to be resampled to 44.1 kHz.
MAX_FILTER_SIZE = 4_000_000
CROSSINGS, ROLLOFF = 6, 0.99  # of the sinc; torchaudio's defaults
BLOCK = 1 << 14  # samples interpolated at once
STRETCH = 1 << 20  # samples of a long sound resampled at once


def resample(wave: NDArray[np.float32], rate: int, sample_rate: int) -> NDArray[np.float32]:
    """Resample a mono sound of shape (n,) from ``rate`` to ``sample_rate`` Hz.

    Returns:
        Shape ``(resampled_length(n, rate, sample_rate),)``.

    """
    if rate == sample_rate:
        return wave
    common = gcd(rate, sample_rate)
    wave = np.ascontiguousarray(wave, dtype=np.float32)
    if (rate // common) * (sample_rate // common) > MAX_FILTER_SIZE:
        return _interpolate(wave, rate // common, sample_rate // common)
    import torch  # noqa: PLC0415 -- needed only for a file at another rate
    from torchaudio import functional  # noqa: PLC0415

    resampled: NDArray[np.float32] = functional.resample(torch.from_numpy(wave), rate, sample_rate).numpy()
    return resampled


def resample_blocks(
    blocks: Iterable[NDArray[np.float32]], rate: int, sample_rate: int
) -> Iterator[NDArray[np.float32]]:
    """Resample a sound that comes in blocks: together, what ``resample`` returns for the whole sound."""
    if rate == sample_rate:
        yield from blocks
        return
    common = gcd(rate, sample_rate)
    old, new = rate // common, sample_rate // common  # so many samples become so many, by weights that recur
    # Each stretch is resampled with the samples around it that the filter reaches; before the sound lie zeros.
    margin = ceil((_width(old, new) + 1) / old)
    stretch = max(1, STRETCH // old)
    held = np.zeros(margin * old, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= (2 * margin + stretch) * old:
            resampled = resample(held[: (2 * margin + stretch) * old], rate, sample_rate)
            yield resampled[margin * new : (margin + stretch) * new]
            held = held[stretch * old :]
    yield resample(held, rate, sample_rate)[margin * new :]


def _width(rate: int, sample_rate: int) -> int:
    """Return how many samples of the input the filter reaches to either side."""
    return ceil(CROSSINGS * rate / (min(rate, sample_rate) * ROLLOFF))


def _interpolate(wave: NDArray[np.float32], rate: int, sample_rate: int) -> NDArray[np.float32]:
    """Resample between two rates without common divisor, each output sample as a weighted sum of its neighbours."""
    width = _width(rate, sample_rate)
    samples = resampled_length(len(wave), rate, sample_rate)
    # Output sample j lies at j * rate / sample_rate of the input: a whole number of samples, and a phase, which recurs.
    weights = np.concatenate(
        [
            _weights(np.arange(first, min(first + BLOCK, sample_rate, samples)), rate, sample_rate, width)
            for first in range(0, min(sample_rate, samples), BLOCK)
        ]
    )
    padded = np.pad(wave, (width, width + 2))
    neighbours = np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 2)
    resampled = np.empty(samples, np.float32)
    for first in range(0, samples, BLOCK):
        outputs = np.arange(first, min(first + BLOCK, samples))
        np.einsum(
            "jk,jk->j",
            neighbours[outputs * rate // sample_rate],
            weights[outputs % sample_rate],
            out=resampled[first : first + BLOCK],
        )
    return resampled


def _weights(outputs: NDArray[np.int64], rate: int, sample_rate: int, width: int) -> NDArray[np.float32]:
    """Return the weights of the neighbours of some output samples: float32, shape (outputs, 2 * width + 2)."""
    phases = (outputs * rate % sample_rate) / sample_rate  # in samples of the input
    cutoff = min(rate, sample_rate) * ROLLOFF / rate
    times = (np.arange(-width, width + 2) - phases[:, None]) * cutoff
    np.clip(times, -CROSSINGS, CROSSINGS, out=times)
    window = np.cos(times * (pi / CROSSINGS / 2)) ** 2
    weights: NDArray[np.float64] = np.sinc(times) * window * cutoff
    return weights.astype(np.float32)
