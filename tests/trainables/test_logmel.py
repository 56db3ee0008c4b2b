"""Log-mel features against the baseline's own extraction, run unmodified."""

import json

import numpy as np
import pytest
import soundfile
import torch

from trainables.logmel import frame_count, log_mel, prepare


def test_frames_equal_the_baseline_within_1e_3(shared):
    samples, rate = soundfile.read(shared / "golden" / "synthetic.wav", dtype="float32")
    frames = log_mel(samples, rate)
    expected = np.load(shared / "golden" / "logmel_synthetic.npy")
    assert frames.dtype == np.float32
    assert frames.shape == expected.shape
    assert np.abs(frames - expected).max() < 1e-3


def test_silence_is_the_logarithm_of_the_floor():
    frames = log_mel(np.zeros(1000, np.float32), 44_100)
    assert frames.shape == (101, 96)
    assert np.abs(frames - np.log10(2.220446049250313e-16)).max() < 1e-5


def test_frame_counts_equal_the_golden_vectors(shared):
    for case in json.loads((shared / "golden" / "patches.json").read_text()):
        assert frame_count(case["samples"]) == case["frames"]
        if case["samples"] <= 441_000:
            assert len(log_mel(np.ones(case["samples"], np.float32), 44_100)) == case["frames"]


def test_a_short_sound_is_centred_scaled_and_repeated():
    sound = np.array([1.0, 2.0, 6.0], np.float32)
    y = prepare(sound)
    assert len(y) == 88_200
    assert np.allclose(y[:3], (sound - 3) / 3.005)
    assert np.array_equal(y[3:6], y[:3])


def test_another_rate_is_resampled_first():
    t = np.arange(16_000 * 3) / 16_000
    frames = log_mel(np.sin(2 * np.pi * 1000 * t).astype(np.float32), 16_000)
    t = np.arange(44_100 * 3) / 44_100
    expected = log_mel(np.sin(2 * np.pi * 1000 * t).astype(np.float32), 44_100)
    assert frames.shape == expected.shape == (151, 96)
    loudest = expected[75].argmax()
    assert frames[75].argmax() == loudest
    assert abs(frames[75, loudest] - expected[75, loudest]) < 0.01


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(0, np.float32), 44_100, "at least one mono sample"),
        (np.zeros((2, 2), np.float32), 44_100, r"a ndarray of shape \(2, 2\)"),
        (torch.zeros(9), 44_100, r"a Tensor of shape \(9,\); allowed: a numpy vector"),
        (np.array([0, np.nan], np.float32), 44_100, "NaN or infinite"),
        (np.array([0, np.inf], np.float32), 44_100, "NaN or infinite"),
        (np.zeros(9, np.float32), 0, "sample rate is 0 Hz"),
    ],
)
def test_bad_samples_are_refused(samples, rate, message):
    with pytest.raises(ValueError, match=message):
        log_mel(samples, rate)
