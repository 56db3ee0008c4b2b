"""Resampling between any two rates: right, of the right length, and in little memory."""

from __future__ import annotations

import subprocess
import sys
from math import ceil, gcd
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torchaudio import functional

from sound_files import RATE, noise
from trainables.audio.decoding import read_mono
from trainables.audio.errors import MAX_RATE, MIN_RATE
from trainables.audio.headers import probe, resampled_length
from trainables.audio.resampling import MAX_FILTER_SIZE, resample

if TYPE_CHECKING:
    from pathlib import Path

ODD = [1_009, 11_127, 44_056, 44_099, 65_348, 96_001, 767_999]


def tone(rate: int, seconds: float = 0.5, hertz: float = 400) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def by_formula(wave: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    """Windowed-sinc interpolation in float64, sample by sample: 6 zero crossings, Hann window, rolloff 0.99."""
    cutoff = 0.99 * min(rate, sample_rate) / rate
    resampled = np.zeros(ceil(len(wave) * sample_rate / rate))
    for j in range(len(resampled)):
        whole, part = divmod(j * rate, sample_rate)
        first, last = max(0, whole - ceil(6 / cutoff) - 1), min(len(wave), whole + ceil(6 / cutoff) + 2)
        times = (np.arange(first, last) - whole - part / sample_rate) * cutoff
        weights = cutoff * np.sinc(times) * np.cos(np.clip(times, -6, 6) * np.pi / 12) ** 2
        resampled[j] = weights @ wave[first:last]
    return resampled


@pytest.mark.parametrize("rate", ODD)
def test_rates_without_a_large_common_divisor_follow_the_formula(rate: int) -> None:
    wave = noise(max(100, rate // 20))
    assert np.abs(resample(wave, rate, RATE) - by_formula(wave, rate, RATE)).max() < 1e-6


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000, 96_000])
def test_the_formula_is_torchaudios_up_to_its_rounding(rate: int) -> None:
    wave = noise(rate // 20)
    assert np.abs(resample(wave, rate, RATE) - by_formula(wave, rate, RATE)).max() < 5e-5


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000, 7_100, 88_200, 767_900])
def test_rates_with_a_common_divisor_are_bit_for_bit_torchaudios(rate: int) -> None:
    wave = noise(3_000)
    expected = functional.resample(torch.from_numpy(wave), rate, RATE).numpy()
    np.testing.assert_array_equal(resample(wave, rate, RATE), expected)


def test_every_multiple_of_100_hertz_is_left_to_torchaudio() -> None:
    sizes = [rate * RATE // gcd(rate, RATE) ** 2 for rate in range(MIN_RATE, MAX_RATE + 1, 100)]
    assert max(sizes) <= MAX_FILTER_SIZE


@pytest.mark.parametrize("rate", ODD)
def test_a_tone_keeps_its_pitch_and_level(tmp_path: Path, rate: int) -> None:
    hertz = 300 if rate == 1_009 else 440
    soundfile.write(tmp_path / "a.wav", tone(rate, hertz=hertz), rate, subtype="FLOAT")
    wave = read_mono(tmp_path / "a.wav", RATE)
    assert len(wave) == resampled_length(probe(tmp_path / "a.wav").samples, rate, RATE)
    inside = slice(len(wave) // 10, -len(wave) // 10)
    assert np.abs(wave - tone(RATE, 1, hertz)[: len(wave)])[inside].max() < 0.02


@settings(max_examples=30, deadline=None)
@given(rate=st.integers(MIN_RATE, MAX_RATE), samples=st.integers(1, 3_000))
@example(rate=44_099, samples=1)
@example(rate=1_009, samples=1)
def test_every_rate_and_length_has_the_stated_length_and_stays_finite(rate: int, samples: int) -> None:
    if rate * RATE // gcd(rate, RATE) ** 2 <= MAX_FILTER_SIZE:
        rate += 1  # the others need torchaudio's filters, which take a second each
    resampled = resample(noise(samples), rate, RATE)
    assert resampled.shape == (resampled_length(samples, rate, RATE),)
    assert np.abs(resampled).max() < 1.5


MEASURE = """
import resource, sys
import numpy as np
from trainables.audio.resampling import resample
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resample(np.zeros(int(sys.argv[1]) // 5, np.float32), int(sys.argv[1]), 44_100)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("rate", [65_348, 44_099, 767_999])
@pytest.mark.slow
def test_a_fifth_of_a_second_at_an_odd_rate_takes_less_than_200_mb(rate: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(rate)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200
