"""FLAC files after tags, and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sound_files import ID3, RATE, noise, written
from trainables.audio.decoding import read_mono
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe

if TYPE_CHECKING:
    from pathlib import Path


def test_a_flac_after_an_id3_tag_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(written(noise(5000), "FLAC"))
    (tmp_path / "b.flac").write_bytes(ID3 + (tmp_path / "a.flac").read_bytes())
    np.testing.assert_array_equal(read_mono(tmp_path / "b.flac", RATE), read_mono(tmp_path / "a.flac", RATE))


def test_two_flac_files_joined_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(2 * written(noise(5000), "FLAC"))
    with pytest.raises(AudioError, match="a second FLAC stream follows the first"):
        probe(tmp_path / "a.flac")
