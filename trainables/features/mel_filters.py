"""Mel filters; imports numpy alone, so that a study file can be checked without more."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from trainables.feature_settings import FEATURES, Features

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 1e-3  # weight of the bin nearest to a filter's peak, below which the filter is considered empty


@lru_cache(maxsize=4)
def mel_filters(features: Features = FEATURES) -> NDArray[np.float32]:
    """Return the triangular mel filters on Slaney's scale, not normalised, over 0 Hz to half the rate.

    Slaney's scale (Auditory Toolbox, 1998) is linear up to 1000 Hz, 200/3 Hz a mel, and logarithmic above it, 27 mel to
    a factor of 6.4.

    Returns:
        float32 weights of each FFT bin in each band, shape (n_fft // 2 + 1, mels), in [0, 1].

    """
    edges = _edges(features)
    bins = np.linspace(0.0, features.sample_rate / 2, features.n_fft // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters: NDArray[np.float32] = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return filters


def band_centres(features: Features = FEATURES) -> NDArray[np.float64]:
    """Return the frequencies at which the bands of ``mel_filters`` peak, in Hz, rising; shape (mels,)."""
    return _edges(features)[1:-1]


def _edges(features: Features) -> NDArray[np.float64]:
    """Return where the bands begin, peak and end, in Hz: band k at k, k + 1 and k + 2; shape (mels + 2,)."""
    step, knee, octave = 200 / 3, 1000.0, np.log(6.4) / 27
    top = knee / step + np.log(features.sample_rate / 2 / knee) / octave
    mels = np.linspace(0.0, top, features.mels + 2)
    return np.where(mels < knee / step, mels * step, knee * np.exp((mels - knee / step) * octave))


def most_mels(features: Features) -> int:
    """Return the largest number of mel bands, at most that of the settings, with a bin of the transform in each."""
    mels = features.mels
    while mels > 1 and mel_filters(features.model_copy(update={"mels": mels})).max(axis=0).min() < LEAST:
        mels -= 1
    return mels
