"""Log-mel features of a sound, equal to those of the FSDnoisy18k baseline (Fonseca et al. 2019) to 1e-3."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torchaudio

from trainables.config import FEATURES, Features

# The baseline's guard of the logarithm: the spacing of float64 at 1.
LOG_FLOOR = float(np.finfo(np.float64).eps)


@lru_cache(maxsize=4)
def _transform(features: Features) -> torchaudio.transforms.MelSpectrogram:
    return torchaudio.transforms.MelSpectrogram(
        sample_rate=features.sample_rate,
        n_fft=features.n_fft,
        win_length=features.window,
        hop_length=features.hop,
        f_min=0.0,
        f_max=features.sample_rate / 2,
        n_mels=features.mels,
        window_fn=torch.hamming_window,  # periodic, centred in the FFT by torch.stft
        power=2.0,
        center=True,
        pad_mode="reflect",
        norm=None,
        mel_scale="slaney",
    )


def prepared_length(samples: int, features: Features = FEATURES) -> int:
    """Return the length in samples of a sound after ``prepare``: at least ``min_samples``."""
    return max(samples, features.min_samples)


def frame_count(samples: int, features: Features = FEATURES) -> int:
    """Return the number of frames of a sound of so many samples at the features' own rate."""
    return 1 + prepared_length(samples, features) // features.hop


def prepare(samples: np.ndarray, features: Features = FEATURES) -> np.ndarray:
    """Centre, scale and lengthen a sound as the baseline does.

    Args:
        samples: raw mono samples at the features' rate, shape (n,), n >= 1.
        features: settings; ``min_samples`` is the shortest length.

    Returns:
        float32 samples, mean 0, divided by (max |y| + 0.005), repeated and cut to ``min_samples`` if shorter.

    """
    y = samples.astype(np.float64)
    y -= y.mean()
    y /= np.abs(y).max() + 0.005
    if len(y) < features.min_samples:
        y = np.tile(y, -(-features.min_samples // len(y)))[: features.min_samples]
    return y.astype(np.float32)


def log_mel(samples: np.ndarray, sample_rate: int, features: Features = FEATURES) -> np.ndarray:
    """Log-mel frames of a sound, with the baseline's normalisation and repetition of short sounds included.

    Args:
        samples: raw mono samples, shape (n,), n >= 1, finite.
        sample_rate: in Hz; another rate than the features' own is resampled first.
        features: settings; the defaults are the baseline's.

    Returns:
        float32 array of shape (frames, mels): log10 of mel power, where frames = 1 + n' // hop and n' is the length
        after resampling and repetition.

    Raises:
        ValueError: samples are not a vector, empty or not finite, or the rate is not above 0.

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
    if sample_rate != features.sample_rate:
        wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
        samples = torchaudio.functional.resample(wave, sample_rate, features.sample_rate).numpy()
    with torch.inference_mode():
        power = _transform(features)(torch.from_numpy(prepare(samples, features)))
        frames: np.ndarray = (power.double() + LOG_FLOOR).log10().T.float().contiguous().numpy()
    return frames
