"""The windows of a sound file, and how much of it is in memory."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from trainables.audio.decoding import read_mono
from trainables.audio.errors import AudioError
from trainables.inference.windows import window_problem, window_starts, window_waves

RATE = 8_000


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """A file of 33.3 s at another rate than that of the windows."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 333 * 400).astype(np.float32), 4_000)
    return path


@pytest.mark.parametrize(
    ("samples", "window", "hop", "starts"),
    [
        (10, 4, 4, [0, 4, 6]),
        (12, 4, 4, [0, 4, 8]),
        (12, 4, 3, [0, 3, 6, 8]),
        (4, 4, 4, [0]),
        (3, 4, 4, [0]),
        (5, 4, 4, [0, 1]),
    ],
)
def test_windows_cover_the_sound_and_the_last_one_ends_with_it(samples, window, hop, starts):
    assert window_starts(samples, window, hop) == starts


def test_each_window_holds_the_samples_that_the_whole_file_has_there(long_file):
    whole = read_mono(long_file, RATE)
    windows = list(window_waves(long_file, RATE, window=2.5, hop=1.5))
    assert [start for start, _ in windows] == window_starts(len(whole), 20_000, 12_000)
    for start, wave in windows:
        np.testing.assert_array_equal(wave, whole[start : start + 20_000])


def test_a_file_of_over_thirty_seconds_is_cut_into_windows_of_ten_by_default(long_file):
    assert [(start / RATE, len(wave) / RATE) for start, wave in window_waves(long_file, RATE)] == [
        (0, 10),
        (10, 10),
        (20, 10),
        (pytest.approx(23.3), 10),
    ]


def test_a_file_of_thirty_seconds_is_one_window_by_default(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(30 * RATE, 0.1, np.float32), RATE)
    ((start, wave),) = window_waves(tmp_path / "a.wav", RATE)
    assert (start, len(wave)) == (0, 30 * RATE)


def test_a_file_shorter_than_the_window_is_one_window(long_file):
    ((start, wave),) = window_waves(long_file, RATE, window=60)
    assert (start, len(wave)) == (0, 333 * 800)


def test_windows_before_a_damage_are_returned_and_then_the_damage_is_reported(tmp_path):
    wave = np.full(140 * RATE, 0.1, np.float32)  # more than is decoded at once
    wave[15 * RATE] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    windows = window_waves(tmp_path / "a.wav", RATE, window=5)
    assert [next(windows)[0] for _ in range(3)] == [0, 5 * RATE, 10 * RATE]
    with pytest.raises(AudioError, match=r"^samples between 15\.0 and 20\.0 s are NaN or Inf$"):
        next(windows)


def test_memory_does_not_grow_with_the_length_of_a_file(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 60 * RATE)

    def peak(minutes):
        with soundfile.SoundFile(tmp_path / f"{minutes}.wav", "w", samplerate=RATE, channels=1) as file:
            for _ in range(minutes):
                file.write(noise)
        tracemalloc.start()
        assert sum(1 for _ in window_waves(tmp_path / f"{minutes}.wav", RATE)) == 6 * minutes
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(30) < 1.1 * peak(10)


@pytest.mark.parametrize(
    ("window", "hop", "problem"),
    [
        (None, None, None),
        (10, None, None),
        (10, 10, None),
        (0.1, 0.1, None),
        (300, 5, None),
        (None, 5, "a hop needs the length of the window too"),
        (0.09, None, "window 0.09; allowed: 0.1 to 300 seconds"),
        (301, None, "window 301; allowed: 0.1 to 300 seconds"),
        (float("nan"), None, "window nan; allowed: 0.1 to 300 seconds"),
        (10, 11, "hop 11; allowed: 0.1 seconds to the window, 10"),
        (10, 0, "hop 0; allowed: 0.1 seconds to the window, 10"),
        (10, float("nan"), "hop nan; allowed: 0.1 seconds to the window, 10"),
    ],
)
def test_windows_out_of_range_are_refused_with_what_is_allowed(window, hop, problem):
    assert window_problem(window, hop) == problem
