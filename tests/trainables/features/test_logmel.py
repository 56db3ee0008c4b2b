"""Log-mel features against the baseline's own extraction, run unmodified."""

import json

import librosa
import numpy as np
import pytest
import soundfile
import torch
import torchaudio

from trainables.feature_settings import Features
from trainables.features.framing import frame_count
from trainables.features.logmel import log_mel, mel_filters, prepare


def test_frames_equal_the_baseline_within_1e_3(golden):
    samples, rate = soundfile.read(golden / "synthetic.wav", dtype="float32")
    frames = log_mel(samples, rate)
    expected = np.load(golden / "logmel_synthetic.npy")
    assert frames.dtype == np.float32
    assert frames.shape == expected.shape
    assert np.abs(frames - expected).max() < 1e-3


def test_the_mel_filters_are_torchaudios():
    expected = torchaudio.functional.melscale_fbanks(1025, 0.0, 22_050.0, 96, 44_100, norm=None, mel_scale="slaney")
    assert np.abs(mel_filters() - expected.numpy()).max() < 1e-5


@pytest.mark.parametrize("samples", [88_200, 88_201, 88_200 + 881, 882 * 128, 882 * 129 - 1, 400_000])
@pytest.mark.slow
def test_the_framed_transform_equals_librosas_of_each_clip(samples):
    """Also where a sound ends inside a frame, and where its last block holds one frame."""
    sound = np.random.default_rng(samples).normal(size=samples).astype(np.float32)
    mel = librosa.feature.melspectrogram(
        y=prepare(sound),
        sr=44_100,
        n_fft=2048,
        win_length=1764,
        hop_length=882,
        window="hamming",
        pad_mode="reflect",
        n_mels=96,
        norm=None,
    )
    frames = log_mel(sound, 44_100)
    assert frames.shape == mel.T.shape
    assert np.abs(frames - np.log10(mel.T + np.finfo(np.float64).eps)).max() < 1e-4


def test_features_with_an_odd_window_equal_librosas():
    features = Features(n_fft=512, window=401, hop=160, mels=40, sample_rate=16_000, patch_frames=25)
    sound = np.random.default_rng(1).normal(size=9999).astype(np.float32)
    mel = librosa.feature.melspectrogram(
        y=prepare(sound, features),
        sr=16_000,
        n_fft=512,
        win_length=401,
        hop_length=160,
        window="hamming",
        pad_mode="reflect",
        n_mels=40,
        norm=None,
    )
    assert np.abs(log_mel(sound, 16_000, features) - np.log10(mel.T)).max() < 1e-4


def test_silence_is_the_logarithm_of_the_floor():
    frames = log_mel(np.zeros(1000, np.float32), 44_100)
    assert frames.shape == (101, 96)
    assert np.abs(frames - np.log10(2.220446049250313e-16)).max() < 1e-5


def test_frame_counts_equal_the_golden_vectors(golden):
    for case in json.loads((golden / "patches.json").read_text()):
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
