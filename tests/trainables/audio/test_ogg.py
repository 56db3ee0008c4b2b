"""Ogg files: chained, with missing pages, with other bytes after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from sound_files import noise, pages, refusal, written
from trainables.audio.decoding import read_mono
from trainables.audio.headers import probe

if TYPE_CHECKING:
    from pathlib import Path

RATE = 48_000
CODECS = pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])


def ogg(samples: int, codec: str, seed: int = 0, rate: int = RATE) -> bytes:
    return written(noise(samples, seed), "OGG", codec, rate)


def read(folder: Path, data: bytes) -> np.ndarray:
    (folder / "a.ogg").write_bytes(data)
    wave = read_mono(folder / "a.ogg", RATE)
    assert len(wave) == probe(folder / "a.ogg").samples
    return wave


def reason(folder: Path, data: bytes) -> str:
    return refusal(folder / "a.ogg", data, lambda path: read_mono(path, RATE))


@CODECS
def test_every_link_of_a_chained_file_is_read(tmp_path: Path, codec: str) -> None:
    links = [ogg(9_000, codec, 1), ogg(20_000, codec, 2), ogg(5_000, codec, 3)]
    chained = read(tmp_path, b"".join(links))
    assert soundfile.info(tmp_path / "a.ogg").frames == 9_000  # libsndfile sees the first only
    np.testing.assert_array_equal(chained, np.concatenate([read(tmp_path, link) for link in links]))


def test_links_with_the_same_serial_number_are_read(tmp_path: Path) -> None:
    link = ogg(9_000, "VORBIS")
    np.testing.assert_array_equal(read(tmp_path, 2 * link), np.tile(read(tmp_path, link), 2))


def test_links_of_different_rates_are_refused(tmp_path: Path) -> None:
    message = "the 2 links of a chained file have different rates: [44100, 48000] Hz; write one file for each"
    assert reason(tmp_path, ogg(9_000, "VORBIS") + ogg(9_000, "VORBIS", rate=44_100)) == message


@CODECS
def test_a_missing_page_is_noticed(tmp_path: Path, codec: str) -> None:
    parts = pages(ogg(150_000, codec))
    assert "damaged: Ogg pages are missing before byte" in reason(tmp_path, b"".join(parts[:3] + parts[4:]))


@CODECS
def test_a_link_that_is_cut_before_the_next_one_is_noticed(tmp_path: Path, codec: str) -> None:
    cut = b"".join(pages(ogg(150_000, codec))[:-1])
    assert "truncated: no Ogg page is marked as the end" in reason(tmp_path, cut + ogg(9_000, codec, 1))


def test_bytes_between_pages_are_noticed(tmp_path: Path) -> None:
    parts = pages(ogg(150_000, "VORBIS"))
    data = b"".join([*parts[:3], b"other bytes", *parts[3:]])
    assert reason(tmp_path, data) == f"damaged: there is no Ogg page at byte {sum(map(len, parts[:3]))}"


@CODECS
@pytest.mark.parametrize("after", [b"TAG" + bytes(125), bytes(70_000), np.random.default_rng(0).bytes(800)])
def test_other_bytes_after_the_last_page_do_not_matter(tmp_path: Path, codec: str, after: bytes) -> None:
    data = ogg(17_155, codec)
    np.testing.assert_array_equal(read(tmp_path, data + after), read(tmp_path, data))
