"""The outputs of runs, as a storage location keeps them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trainables.outputs.clips import RunOutputs, outputs_path, read_outputs, write_outputs
from trainables.storage.documents import DamagedError
from trainables.storage.location import location

OUTPUTS = RunOutputs(
    margins=np.array([1.5, np.nan, -2.0], dtype=np.float32),
    epochs=np.array([3, 0, 65_535], dtype=np.uint16),
    suggested=np.array([0, 0, 1], dtype=np.uint16),
    probabilities=np.array([[0.25, 0.75], [1.0, 0.0]], dtype=np.float16),
)


def test_outputs_are_read_as_they_were_written(tmp_path):
    write_outputs(location(tmp_path), "a" * 20, OUTPUTS)
    read = read_outputs(location(tmp_path), "a" * 20)
    for name, value in vars(OUTPUTS).items():
        np.testing.assert_array_equal(getattr(read, name), value)
        assert getattr(read, name).dtype == value.dtype


def test_a_run_without_outputs_has_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_outputs(location(tmp_path), "a" * 20)


@pytest.mark.parametrize("cut", [0, 10, 200, -1])
def test_a_cut_file_is_damaged(tmp_path, cut):
    write_outputs(location(tmp_path), "a" * 20, OUTPUTS)
    path = outputs_path(location(tmp_path), "a" * 20)
    path.write(path.read_bytes()[:cut])
    with pytest.raises(DamagedError, match="outputs"):
        read_outputs(location(tmp_path), "a" * 20)


def test_a_changed_byte_is_damage(tmp_path):
    write_outputs(location(tmp_path), "a" * 20, OUTPUTS)
    path = outputs_path(location(tmp_path), "a" * 20)
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write(bytes(data))
    with pytest.raises(DamagedError):
        read_outputs(location(tmp_path), "a" * 20)


def test_arrays_of_several_lengths_are_damage(tmp_path):
    write_outputs(location(tmp_path), "a" * 20, replace(OUTPUTS, epochs=OUTPUTS.epochs[:2]))
    with pytest.raises(DamagedError, match="several lengths"):
        read_outputs(location(tmp_path), "a" * 20)
