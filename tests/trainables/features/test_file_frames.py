"""The frames of long files: those of the whole sound, bit for bit, in little memory."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from sound_files import chunk, form, mp3, noise, riff
from trainables.audio.decoding import read_mono, stream
from trainables.audio.errors import AudioError
from trainables.feature_settings import FEATURES, Features
from trainables.features import file_frames as module
from trainables.features.file_frames import file_frames
from trainables.features.logmel import log_mel, log_mel_blocks

RATE = 44_100
LENGTHS = [1 << 20, (1 << 20) + 1, (2 << 20) + 123_457]


@pytest.fixture(autouse=True)
def every_sound_is_long(monkeypatch):
    monkeypatch.setattr(module, "LONG", 100_000)


def frames(path):
    return np.concatenate(list(file_frames(path, [], FEATURES)))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("samples", LENGTHS)
def test_frames_made_in_blocks_are_those_of_the_whole_sound_bit_for_bit(tmp_path, samples):
    soundfile.write(tmp_path / "a.wav", noise(samples) + np.float32(0.01), RATE, subtype="FLOAT")
    assert np.array_equal(frames(tmp_path / "a.wav"), log_mel(read_mono(tmp_path / "a.wav", RATE), RATE))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("rate", [16_000, 48_000, 65_348])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_long_sound_at_another_rate_is_resampled_in_stretches_bit_for_bit(tmp_path, rate, channels):
    sound = np.stack([noise(1_300_001, seed) for seed in range(channels)], axis=1)
    soundfile.write(tmp_path / "a.flac", sound, rate)
    blocks = list(stream(tmp_path / "a.flac", RATE))
    assert {len(block) for block in blocks[:-1]} <= {1 << 20}
    whole = read_mono(tmp_path / "a.flac", RATE)
    assert np.array_equal(np.concatenate(blocks), whole)
    assert np.array_equal(frames(tmp_path / "a.flac"), log_mel(whole, RATE))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("n_fft", "window", "hop"), [(16_384, 16_384, 16_384), (16_384, 16_384, 100), (64, 16, 5)])
def test_frames_longer_and_shorter_than_a_block_are_those_of_the_whole_sound_bit_for_bit(n_fft, window, hop):
    features = Features(n_fft=n_fft, window=window, hop=hop, mels=8, patch_frames=1, patch_hop=1)
    sound = noise(30_000)
    blocks = [sound[first : first + 8192] for first in range(0, len(sound), 8192)]
    assert np.array_equal(
        np.concatenate(list(log_mel_blocks(lambda: blocks, features))), log_mel(sound, RATE, features)
    )


def test_a_long_file_that_is_not_finite_is_refused_with_the_place(tmp_path):
    wave = noise(1_500_000)
    wave[1_323_000] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"^1 samples are NaN or Inf, the first at 30\.000 s$"):
        frames(tmp_path / "a.wav")


def test_messages_of_the_decoder_about_a_long_file_are_collected(tmp_path):
    data = mp3(noise(6 * RATE), header=False)
    (tmp_path / "a.mp3").write_bytes(data[len(data) // 2 :])
    messages = []
    for _ in file_frames(tmp_path / "a.mp3", messages, FEATURES):
        pass
    assert messages == ["dequantization failed!"]


MEASURE = """
import resource, sys
from trainables.feature_settings import FEATURES, Features
from trainables.features.file_frames import file_frames
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(len(frames) for frames in file_frames(sys.argv[1], [], FEATURES))
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_twelve_minutes_take_less_than_200_mb(tmp_path):
    samples = 720 * RATE  # 127 MB as floats
    header = riff(form(), chunk(b"data", b"", 2 * samples))
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(header)
        file.truncate(len(header) + 2 * samples)
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "a.wav")]
    count, megabytes = map(int, subprocess.run(command, capture_output=True, check=True).stdout.split())
    assert count == 1 + samples // 882
    assert megabytes < 200
