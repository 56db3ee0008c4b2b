"""MPEG streams, in files of their own, in WAV files and after other bytes: never read short."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from sound_files import ID3, RATE, chunk, mp3, mp3_form, noise, refusal, riff
from trainables.audio.decoding import read_mono
from trainables.audio.headers import probe
from trainables.audio.mpeg import read_header

if TYPE_CHECKING:
    from pathlib import Path

SOUND = noise(3 * RATE)
FRAME = 1152
MODES = pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])


def read(folder: Path, data: bytes, name: str = "a.mp3") -> np.ndarray:
    (folder / name).write_bytes(data)
    header = probe(folder / name)
    wave = read_mono(folder / name, header.rate)
    assert len(wave) == header.samples
    return wave


def reason(folder: Path, data: bytes) -> str:
    return refusal(folder / "a.mp3", data, lambda path: read_mono(path, RATE))


def frames(data: bytes) -> list[bytes]:
    """Return the frames of a stream without other bytes."""
    whole, place = [], 0
    while (frame := read_header(data[place : place + 4])) is not None:
        whole.append(data[place : place + frame.length])
        place += frame.length
    return whole


def test_the_frames_of_what_is_written_are_recognised() -> None:
    data = mp3(SOUND, "VARIABLE")
    assert b"".join(frames(data)) == data


@MODES
@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_stream_that_does_not_state_its_length_is_read_to_its_end(
    tmp_path: Path, mode: str, rate: int, channels: int
) -> None:
    sound = np.stack([noise(2 * rate, seed) for seed in range(channels)], axis=1)
    data = mp3(sound, mode, header=False, rate=rate)
    samples = len(frames(data)) * (FRAME if rate >= 32_000 else FRAME // 2)
    assert samples >= 2 * rate
    assert len(read(tmp_path, data)) == samples


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_samples_are_bit_for_bit_those_that_libsndfile_reads_of_a_constant_bit_rate(
    tmp_path: Path, rate: int, channels: int
) -> None:
    sound = np.stack([noise(2 * rate, seed) for seed in range(channels)], axis=1)
    wave = read(tmp_path, mp3(sound, header=False, rate=rate))
    expected, _ = soundfile.read(tmp_path / "a.mp3", dtype="float32", always_2d=True)
    np.testing.assert_array_equal(wave, expected.mean(axis=1) if channels > 1 else expected[:, 0])


@MODES
@pytest.mark.parametrize("header", [True, False])
def test_an_mp3_in_a_wav_is_read_as_the_mp3_is(tmp_path: Path, mode: str, header: bool) -> None:
    data = mp3(SOUND, mode, header=header)
    wave = read(tmp_path, riff(mp3_form(), chunk(b"data", data)), "a.wav")
    np.testing.assert_array_equal(wave, read(tmp_path, data))


@MODES
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    "before", [bytes(3000), ID3, 2 * ID3, b"some text before"], ids=["zeros", "tag", "tags", "text"]
)
def test_bytes_before_the_stream_do_not_matter(tmp_path: Path, mode: str, header: bool, before: bytes) -> None:
    data = mp3(SOUND, mode, header=header)
    np.testing.assert_array_equal(read(tmp_path, before + data), read(tmp_path, data))


@MODES
@pytest.mark.parametrize("after", [b"TAG" + bytes(125), bytes(5000), b"APETAGEX" + bytes(200)])
def test_tags_after_the_stream_do_not_matter(tmp_path: Path, mode: str, after: bytes) -> None:
    data = mp3(SOUND, mode)
    np.testing.assert_array_equal(read(tmp_path, data + after), read(tmp_path, data))


@MODES
def test_streams_that_are_joined_are_refused_if_the_first_states_its_length(tmp_path: Path, mode: str) -> None:
    data = mp3(SOUND, mode)
    count = len(frames(data)) - 1
    message = f"the header promises {count} MPEG frames, but {2 * count + 1} follow (files joined?)"
    assert message in reason(tmp_path, 2 * data)


@MODES
def test_streams_that_are_joined_are_read_whole_if_none_states_its_length(tmp_path: Path, mode: str) -> None:
    data = mp3(SOUND, mode, header=False)
    assert len(read(tmp_path, 2 * data)) == 2 * len(frames(data)) * FRAME


@MODES
@pytest.mark.parametrize("header", [True, False])
def test_a_last_frame_that_is_cut_is_noticed(tmp_path: Path, mode: str, header: bool) -> None:
    data = mp3(SOUND, mode, header=header)
    assert reason(tmp_path, data[: -len(frames(data)[-1]) // 2]) == "truncated: the last MPEG frame is cut"


def test_a_stream_cut_between_frames_is_noticed_by_its_header(tmp_path: Path) -> None:
    parts = frames(mp3(SOUND))
    message = f"truncated: the header promises {len(parts) - 1} MPEG frames, {len(parts) - 11} could be read"
    assert reason(tmp_path, b"".join(parts[:-10])) == message


def test_a_hole_that_the_decoder_does_not_pass_is_noticed(tmp_path: Path) -> None:
    parts = frames(mp3(SOUND, header=False))
    data = b"".join([*parts[:40], np.random.default_rng(0).bytes(5_000), *parts[40:]])
    assert "truncated" in reason(tmp_path, data)


def test_a_header_of_fraunhofers_kind_is_compared_with_the_frames(tmp_path: Path) -> None:
    parts = frames(mp3(SOUND, header=False))
    header = parts[0][:36] + b"VBRI" + bytes(10) + struct.pack(">I", len(parts))
    header = header.ljust(len(parts[0]), b"\0")
    assert len(read(tmp_path, header + b"".join(parts))) == len(parts) * FRAME
    assert "truncated" in reason(tmp_path, header + b"".join(parts[:-9]))


def test_a_header_of_another_kind_without_the_number_of_frames_is_passed_over(tmp_path: Path) -> None:
    data = bytearray(mp3(SOUND, "VARIABLE"))
    place = max(data.find(b"Xing"), data.find(b"Info"))
    data[place + 7] &= 0xFE  # the flag of the number of frames
    assert len(read(tmp_path, bytes(data))) == (len(frames(bytes(data))) - 1) * FRAME
