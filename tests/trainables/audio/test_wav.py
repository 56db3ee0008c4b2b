"""WAV files whose lengths are wrong, missing or large."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sound_files import ID3, RATE, chunk, form, noise, pcm, refusal, riff, written
from trainables.audio.decoding import read_mono
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe

if TYPE_CHECKING:
    from pathlib import Path

SOUND = noise(1000)
PCM = pcm(SOUND)
LIST = chunk(b"LIST", b"INFOICMTabcd")


def read(folder: Path, data: bytes) -> np.ndarray:
    (folder / "a.wav").write_bytes(data)
    return read_mono(folder / "a.wav", probe(folder / "a.wav").rate)


def reason(folder: Path, data: bytes) -> str:
    return refusal(folder / "a.wav", data, probe)


@pytest.mark.parametrize("sound", [PCM, bytes(2000)], ids=["noise", "zeros"])
def test_a_length_of_0_before_sound_is_read_to_the_end(tmp_path: Path, sound: bytes) -> None:
    expected = read(tmp_path, riff(form(), chunk(b"data", sound)))
    np.testing.assert_array_equal(read(tmp_path, riff(form(), chunk(b"data", sound, 0))), expected)
    assert len(expected) == 1000


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_length_of_0_is_mended_for_every_size_of_sample(tmp_path: Path, bits: int, channels: int) -> None:
    sound = np.random.default_rng(0).bytes(600 * channels * bits // 8)
    expected = read(tmp_path, riff(form(channels=channels, bits=bits), chunk(b"data", sound)))
    wave = read(tmp_path, riff(form(channels=channels, bits=bits), chunk(b"data", sound, 0)))
    np.testing.assert_array_equal(wave, expected)
    assert len(wave) == 600


@pytest.mark.parametrize("after", [b"", LIST, LIST + b"TAG" + bytes(125)], ids=["nothing", "chunk", "chunk-and-tag"])
def test_an_empty_data_chunk_without_sound_after_it_is_only_a_header(tmp_path: Path, after: bytes) -> None:
    assert reason(tmp_path, riff(form(), chunk(b"data", b"")) + after) == "header only: 0 samples"


def test_an_rf64_with_a_length_of_0_is_read_to_the_end(tmp_path: Path) -> None:
    data = bytearray(written(SOUND, "RF64", "PCM_16"))
    place = data.index(b"ds64") + 16
    assert struct.unpack("<Q", data[place : place + 8])[0] == 2000
    expected = read(tmp_path, bytes(data))
    data[place : place + 8] = bytes(8)
    np.testing.assert_array_equal(read(tmp_path, bytes(data)), expected)


def test_a_truncated_big_endian_wav_is_refused(tmp_path: Path) -> None:
    data = written(SOUND, "WAV", "PCM_16", endian="BIG")
    assert data[:4] == b"RIFX"
    assert len(read(tmp_path, data)) == 1000
    assert reason(tmp_path, data[:-200]) == "truncated: the header promises 1000 samples, 900 could be read"


def test_a_length_shorter_than_the_sound_is_refused(tmp_path: Path) -> None:
    message = "the header promises 500 bytes of sound, but 1500 more follow that are not chunks"
    assert reason(tmp_path, riff(form(), chunk(b"data", PCM, 500))) == message


@pytest.mark.parametrize(
    "data",
    [riff(form(), chunk(b"data", PCM), chunk(b"data", PCM)), 2 * riff(form(), chunk(b"data", PCM))],
    ids=["two-data-chunks", "two-files"],
)
def test_a_second_sound_is_refused(tmp_path: Path, data: bytes) -> None:
    assert reason(tmp_path, data).startswith("a second sound follows the first")


@pytest.mark.parametrize(
    "after",
    [LIST, LIST[:-3], b"TAG" + bytes(125), ID3, bytes(5000), b"\r\n", chunk(b"id3 ", ID3)],
    ids=["chunk", "cut-chunk", "id3v1", "id3v2", "zeros", "line-end", "id3-chunk"],
)
def test_what_taggers_append_does_not_matter(tmp_path: Path, after: bytes) -> None:
    assert len(read(tmp_path, riff(form(), chunk(b"data", PCM)) + after)) == 1000


def test_a_chunk_of_odd_length_that_is_not_filled_up_is_passed_over(tmp_path: Path) -> None:
    sound = chunk(b"data", bytes(range(101)))[:-1]
    assert len(read(tmp_path, riff(form(bits=8), sound, LIST))) == 101


def test_a_wav_after_an_id3_tag_is_checked_too(tmp_path: Path) -> None:
    data = ID3 + riff(form(), chunk(b"data", PCM))
    assert len(read(tmp_path, data)) == 1000
    assert "truncated: the header promises 1000 samples, 900" in reason(tmp_path, data[:-200])


@pytest.mark.parametrize("length", [0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFDB, 0xFFFF_FFFF])
def test_lengths_that_streaming_writers_leave_promise_nothing(tmp_path: Path, length: int) -> None:
    assert len(read(tmp_path, riff(form(), chunk(b"data", PCM, length)))) == 1000


@pytest.mark.parametrize("length", [0x7FFF_0000, 0x9000_0000, 0xF000_0000])
def test_other_lengths_of_gigabytes_are_promises(tmp_path: Path, length: int) -> None:
    assert reason(tmp_path, riff(form(), chunk(b"data", PCM, length))).startswith("truncated: the header promises")


def test_a_file_of_zeros_after_riff_wave_is_refused_at_once(tmp_path: Path) -> None:
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(b"RIFF\0\0\0\0WAVE")
        file.truncate(50_000_000)
    with pytest.raises(AudioError, match="without a data chunk"):
        probe(tmp_path / "a.wav")


def test_a_million_empty_chunks_are_not_walked(tmp_path: Path) -> None:
    assert "without a data chunk" in reason(tmp_path, b"RIFF\0\0\0\0WAVE" + 1_000_000 * chunk(b"fill", b""))


def test_the_rate_of_a_big_endian_header_is_read(tmp_path: Path) -> None:
    data = riff(form(rate=8_000, order=">"), chunk(b"data", PCM, order=">"), magic=b"RIFX", order=">")
    (tmp_path / "a.wav").write_bytes(data)
    assert (probe(tmp_path / "a.wav").rate, RATE) == (8_000, 44_100)
