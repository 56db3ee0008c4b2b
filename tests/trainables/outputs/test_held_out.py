"""The probabilities of held-out clips, as a storage location keeps them."""

from __future__ import annotations

import numpy as np
import pytest

from trainables.outputs.held_out import HeldOutProbabilities, held_out_path, read_held_out, write_held_out
from trainables.storage.documents import DamagedError
from trainables.storage.location import location

HELD_OUT = HeldOutProbabilities(
    clips=np.array([3, 70_000], dtype=np.uint32),
    probabilities=np.array([[0.25, 0.75], [1.0, 0.0]], dtype=np.float16),
)


def test_they_are_read_as_they_were_written(tmp_path):
    write_held_out(location(tmp_path), "a" * 20, HELD_OUT)
    read = read_held_out(location(tmp_path), "a" * 20)
    for name, value in vars(HELD_OUT).items():
        np.testing.assert_array_equal(getattr(read, name), value)
        assert getattr(read, name).dtype == value.dtype


def test_a_cut_file_is_damaged(tmp_path):
    write_held_out(location(tmp_path), "a" * 20, HELD_OUT)
    path = held_out_path(location(tmp_path), "a" * 20)
    path.write(path.read_bytes()[:100])
    with pytest.raises(DamagedError, match="held_out"):
        read_held_out(location(tmp_path), "a" * 20)


def test_arrays_of_several_lengths_are_damage(tmp_path):
    cut = HeldOutProbabilities(HELD_OUT.clips[:1], HELD_OUT.probabilities)
    write_held_out(location(tmp_path), "a" * 20, cut)
    with pytest.raises(DamagedError, match="several lengths"):
        read_held_out(location(tmp_path), "a" * 20)
