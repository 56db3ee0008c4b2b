"""Content that is not what a file's name promises is named."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from sound_files import noise, refusal, written
from trainables.audio.headers import probe
from trainables.audio.signatures import id3_length

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = {
    "MP4/M4A": struct.pack(">I", 32) + b"ftypM4A \0\0\2\0M4A mp42isom",
    "AAC": b"\xff\xf1\x50\x80\x2e\x7f\xfc",
    "WMA/ASF": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
    "Matroska/WebM": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01",
    "AMR": b"#!AMR\n",
    "AVI": b"RIFF\0\0\0\0AVI LIST",
    "HTML": b"\n<!DOCTYPE html><title>Not found</title>",
    "XML": b'<?xml version="1.0"?><Error/>',
    "JSON": b'{"error": "quota"}',
    "a zip archive": b"PK\x03\x04\x14",
    "a gzip archive": b"\x1f\x8b\x08",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:",
    "a picture": b"\x89PNG\r\n",
}


def reason(path: Path, data: bytes) -> str:
    return refusal(path, data, probe)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("before", [b"", b"ID3\x03\0\0\0\0\0\x0a" + bytes(10)], ids=["bare", "after-a-tag"])
def test_the_true_content_is_named(tmp_path: Path, name: str, before: bytes) -> None:
    assert reason(tmp_path / "a.mp3", before + OTHERS[name] + bytes(4000)).startswith(f"content is {name}, not mp3; ")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("MP4/M4A", "convert it to flac or wav"),
        ("HTML", "it holds no sound"),
        ("a zip archive", "unpack it"),
        ("a Git LFS pointer", "fetch the file with git lfs pull"),
    ],
)
def test_the_remedy_fits_the_content(tmp_path: Path, name: str, remedy: str) -> None:
    assert reason(tmp_path / "a.WAV", OTHERS[name]) == f"content is {name}, not wav; {remedy}"


@pytest.mark.parametrize("form", ["AIFF", "AU", "W64", "CAF", "VOC", "SVX", "NIST", "PAF", "IRCAM", "AVR", "MAT5"])
def test_formats_that_libsndfile_reads_short_when_cut_are_refused(tmp_path: Path, form: str) -> None:
    content = reason(tmp_path / "a.wav", written(noise(4000), form, "PCM_16"))
    assert content.startswith("content is ")
    assert content.endswith(", not wav; convert it to flac or wav")


def test_wav_in_a_file_named_mp3_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(written(noise(4000), "WAV", "PCM_16"))
    assert probe(tmp_path / "a.mp3").samples == 4000


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"ID3\x03\0\0\0\0\x01\x0a", 148),
        (b"ID3\x04\0\x10\0\0\x01\x0a", 158),  # with a footer
        (b"RIFF\0\0\0\0WA", 0),
        (b"ID3", 0),
    ],
)
def test_the_length_of_a_tag_is_seven_bits_a_byte(head: bytes, length: int) -> None:
    assert id3_length(head) == length
