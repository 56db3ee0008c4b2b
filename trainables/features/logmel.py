"""Log-mel features of a sound, equal to those of the FSDnoisy18k baseline (Fonseca et al. 2019) to 1e-3.

In numpy, without torch, so that the processes that compute features are small and start fast.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import rfft

from trainables.audio.resampling import resample
from trainables.feature_settings import FEATURES, Features
from trainables.features.mel_filters import mel_filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

# The baseline's guard of the logarithm: the spacing of float64 at 1.
LOG_FLOOR = float(np.finfo(np.float64).eps)
BLOCK = 64  # frames transformed at once: their spectra stay in a core's cache
GROUPS = 4  # of bands, each multiplied only with the bins that it spans: most of a filter is zeros


@lru_cache(maxsize=4)
def _grouped_filters(features: Features) -> list[tuple[slice, slice, NDArray[np.float32]]]:
    """Return the bins and the bands of each group, and its filters."""
    filters = mel_filters(features)
    groups = []
    for bands in np.array_split(np.arange(features.mels), min(GROUPS, features.mels)):
        columns = slice(bands[0], bands[-1] + 1)
        spanned = np.flatnonzero(filters[:, columns].any(axis=1))
        bins = slice(spanned[0], spanned[-1] + 1) if len(spanned) else slice(0, 0)
        groups.append((bins, columns, np.ascontiguousarray(filters[bins, columns])))
    return groups


@lru_cache(maxsize=4)
def _window(features: Features) -> NDArray[np.float32]:
    """Return the periodic Hamming window, shape (window,)."""
    return np.hamming(features.window + 1)[:-1].astype(np.float32)


def prepare(samples: NDArray[np.float32], features: Features = FEATURES) -> NDArray[np.float32]:
    """Centre, scale and lengthen a sound as the baseline does.

    Args:
        samples: raw mono samples at the features' rate, shape (n,), n >= 1.
        features: settings; ``min_samples`` is the shortest length.

    Returns:
        float32 samples, mean 0, divided by (max |y| + 0.005), repeated and cut to ``min_samples`` if shorter.

    """
    y = samples.astype(np.float32)
    y -= np.float32(samples.mean(dtype=np.float64))
    y /= np.float32(max(y.max(), -y.min()) + 0.005)
    if len(y) < features.min_samples:
        y = np.tile(y, -(-features.min_samples // len(y)))[: features.min_samples]
    return y


def log_mel(samples: NDArray[np.float32], sample_rate: int, features: Features = FEATURES) -> NDArray[np.float32]:
    """Return the log-mel frames of a sound, normalised and, if it is short, repeated as in the baseline.

    Args:
        samples: raw mono samples, shape (n,), n >= 1, finite.
        sample_rate: in Hz; another rate than the features' own is resampled first.
        features: settings; the defaults are the baseline's.

    Returns:
        float32 array of shape (frames, mels): log10 of mel power, where frames = 1 + n' // hop and n' is the length
        after resampling and repetition.

    Raises:
        ValueError: samples are empty, not a vector or not finite, or the rate is not above 0.

    """
    if not isinstance(samples, np.ndarray) or samples.ndim != 1 or len(samples) == 0:
        what = f"a {type(samples).__name__} of shape {tuple(np.shape(samples))}"
        msg = f"samples are {what}; allowed: a numpy vector of at least one mono sample"
        raise ValueError(msg)
    if not np.isfinite(samples).all():
        msg = "samples hold NaN or infinite values"
        raise ValueError(msg)
    if sample_rate <= 0:
        msg = f"the sample rate is {sample_rate} Hz; allowed: above 0"
        raise ValueError(msg)
    resampled = resample(samples, sample_rate, features.sample_rate)
    padded = np.pad(prepare(resampled, features), _padding(features), mode="reflect")
    return _log_mel_of_windows(_windows(padded, features), features)


def log_mel_blocks(
    blocks: Callable[[], Iterable[NDArray[np.float32]]], features: Features = FEATURES
) -> Iterator[NDArray[np.float32]]:
    """Yield the log-mel frames of a long sound block by block: together, those of ``log_mel`` bit for bit.

    Args:
        blocks: returns the sound's blocks from the start, mono at the features' rate, finite, each of a multiple of
            8,192 samples but the last. It is called twice: the frames need the mean and the peak of the whole sound.
        features: settings; the sound is longer than their window and not shorter than their ``min_samples``.

    Yields:
        float32 arrays of shape (frames of a block, mels).

    """
    total, count, low, high = np.float64(0), 0, np.float32(np.inf), np.float32(-np.inf)
    for block in blocks():
        # Continues the sum as numpy sums an array: by pieces of 8,192 samples, one after the other.
        total = np.add.reduce(block, dtype=np.float64, initial=total)
        count += len(block)
        low, high = min(low, block.min()), max(high, block.max())
    mean = np.float32(total / count)
    peak = np.float32(max(high - mean, -(low - mean)) + 0.005)
    before, after = _padding(features)
    held, first = np.empty(0, np.float32), True
    for block in blocks():
        held = np.concatenate([held, (block - mean) / peak])
        if first and len(held) > before:
            held, first = np.pad(held, (before, 0), mode="reflect"), False
        if first:
            continue
        # The last samples are kept, because the end of the sound is padded with them.
        rows = (len(held) - features.window - after) // features.hop // BLOCK * BLOCK
        if rows > 0:
            yield _log_mel_of_windows(_windows(held, features)[:rows], features)
            held = held[rows * features.hop :]
    held = np.pad(held, (0, after), mode="reflect")
    yield _log_mel_of_windows(_windows(held, features), features)


def _padding(features: Features) -> tuple[int, int]:
    """Return the samples put before and after a sound, so that frames are centred on the multiples of ``hop``."""
    before = (features.window + 1) // 2
    return before, features.window - before


def _windows(padded: NDArray[np.float32], features: Features) -> NDArray[np.float32]:
    """Return the windows of a padded sound, every ``hop`` samples: a view of shape (frames, window)."""
    return np.lib.stride_tricks.sliding_window_view(padded, features.window)[:: features.hop]


def _log_mel_of_windows(windows: NDArray[np.float32], features: Features) -> NDArray[np.float32]:
    """Return log10 of the windows' mel power: float32, shape (frames, mels)."""
    power = _mel_power(windows, features)
    power += np.float32(LOG_FLOOR)
    np.log(power, out=power)  # float32 and base e: numpy's fastest
    power *= np.float32(1 / np.log(10))
    return power


def _mel_power(windows: NDArray[np.float32], features: Features) -> NDArray[np.float32]:
    """Return the mel power of windows of a prepared sound: float32, shape (frames, mels).

    A window shorter than the FFT lies at its start, not its middle, which changes only the phases.
    """
    power = np.empty((len(windows), features.mels), np.float32)
    block = np.zeros((BLOCK, features.n_fft), np.float32)
    for first in range(0, len(power), BLOCK):
        rows = power[first : first + BLOCK]
        np.multiply(windows[first : first + BLOCK], _window(features), out=block[: len(rows), : features.window])
        spectrum = rfft(block[: len(rows)])
        squared = np.square(spectrum.real)
        squared += np.square(spectrum.imag)
        for bins, bands, filters in _grouped_filters(features):
            rows[:, bands] = squared[:, bins] @ filters
    return power
