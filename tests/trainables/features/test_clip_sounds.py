"""The sound of a clip is opened only if it is the one that the study read; its spectrogram has the clip's duration."""

import json
import os

import numpy as np
import pytest
import soundfile

from trainables.datasets.load import content_digest
from trainables.datasets.manifest import Clip, Manifest, to_json
from trainables.feature_settings import FEATURES
from trainables.features.clip_sounds import MAX_COLUMNS, ClipSoundError, ClipSounds

RATE = 44_100


def published(root, *clips, digests=None, pool=None):
    """Return what a data set with these clips is published as."""
    listed = tuple(Clip(path, "Rain", "train", verified=False) for path in clips)
    manifest = Manifest("sounds", "csv", root, listed, pool=pool)
    if digests is None:
        digests = [content_digest(manifest.file(clip)) for clip in listed]
    return json.loads(to_json(manifest)) | {"digests": list(digests)}


def tone(path, seconds=0.5, hertz=1000.0):
    """Write a tone and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE), RATE)
    return path


def refusal(published, place=0):
    """Return why a clip is not opened."""
    with pytest.raises(ClipSoundError) as caught:
        ClipSounds().open(published, place)
    return str(caught.value)


def test_a_clips_file_is_opened_from_its_start(tmp_path):
    path = tone(tmp_path / "train" / "rain.wav")
    with ClipSounds().open(published(tmp_path, "train/rain.wav"), 0) as file:
        assert file.read() == path.read_bytes()


def test_a_sound_of_the_pool_is_opened_below_the_pool(tmp_path):
    path = tone(tmp_path / "pool" / "outside.wav")
    with ClipSounds().open(published(tmp_path / "root", "pool:outside.wav", pool=tmp_path / "pool"), 0) as file:
        assert file.read() == path.read_bytes()


def test_an_absent_file_is_named(tmp_path):
    absent = published(tmp_path, "rain.wav", digests=["0" * 32])
    assert refusal(absent) == f"The sound of this clip is not on this machine: {tmp_path / 'rain.wav'}."


def test_a_file_with_another_content_than_the_study_read_is_refused(tmp_path):
    path = tone(tmp_path / "rain.wav")
    before = published(tmp_path, "rain.wav")
    tone(path, hertz=2000)
    assert refusal(before) == f"{path} has changed since the study read it."


@pytest.mark.parametrize("path", ["../secret.wav", "a/../../secret.wav", "pool:../secret.wav"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path, path):
    secret = tone(tmp_path / "secret.wav")
    outside = published(tmp_path / "root", path, digests=[content_digest(secret)], pool=tmp_path / "root")
    assert "leaves the root" in refusal(outside)


def test_an_absolute_path_is_refused(tmp_path):
    secret = tone(tmp_path / "secret.wav")
    outside = published(tmp_path / "root", str(secret), digests=[content_digest(secret)])
    assert "is absolute" in refusal(outside)


def test_a_link_to_a_file_whose_content_the_data_set_does_not_state_is_refused(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody may read this")
    (tmp_path / "rain.wav").symlink_to(secret)
    assert "has changed" in refusal(published(tmp_path, "rain.wav", digests=["0" * 32]))


def test_a_fifo_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "rain.wav")
    assert "neither a file nor a folder" in refusal(published(tmp_path, "rain.wav", digests=["0" * 32]))


@pytest.mark.parametrize("place", [1, 10**6])
def test_a_clip_that_the_data_set_does_not_have_is_refused(tmp_path, place):
    tone(tmp_path / "rain.wav")
    assert refusal(published(tmp_path, "rain.wav"), place) == f"The data set has no clip {place}."


def test_a_damaged_data_set_has_no_clips():
    assert refusal({"clips": [["rain.wav"]]}) == "The data set has no clip 0."


def test_a_spectrogram_shows_a_tone_in_the_band_of_its_frequency(tmp_path):
    tone(tmp_path / "rain.wav", hertz=3000)
    levels, centres, _ = ClipSounds().spectrogram(published(tmp_path, "rain.wav"), 0, FEATURES)
    loudest = levels.mean(axis=1).argmax()
    assert centres[loudest] == pytest.approx(3000, rel=0.05)


def test_a_short_clip_is_not_repeated_in_its_spectrogram(tmp_path):
    tone(tmp_path / "rain.wav", seconds=0.5)
    levels, _, seconds = ClipSounds().spectrogram(published(tmp_path, "rain.wav"), 0, FEATURES)
    assert seconds == pytest.approx(0.5)
    assert levels.shape == (96, 1 + int(0.5 * RATE) // 882)


def test_the_frames_of_a_long_clip_are_joined_to_columns_that_keep_their_maximum(tmp_path):
    path = tmp_path / "rain.wav"
    wave = np.zeros(30 * RATE, np.float32)
    wave[15 * RATE] = 1.0
    soundfile.write(path, wave, RATE)
    levels, _, _ = ClipSounds().spectrogram(published(tmp_path, "rain.wav"), 0, FEATURES)
    assert MAX_COLUMNS / 2 < levels.shape[1] <= MAX_COLUMNS
    assert levels.max(axis=0).argmax() == pytest.approx(levels.shape[1] / 2, abs=2)


def test_a_file_that_cannot_be_decoded_is_named(tmp_path):
    path = tmp_path / "rain.wav"
    path.write_bytes(b"RIFF")
    with pytest.raises(ClipSoundError, match="cannot be decoded"):
        ClipSounds().spectrogram(published(tmp_path, "rain.wav"), 0, FEATURES)
