"""The store of a data set's embeddings: written once, verified, repaired."""

import numpy as np
import pytest

from embedding_files import DIMS, arrays, as_folder, sounds
from trainables.datasets.manifest import DataSetError
from trainables.features.embeddings.checking import check_embeddings
from trainables.features.embeddings.files import open_embeddings
from trainables.features.embeddings.store import build_embedding_store


@pytest.fixture
def data(tmp_path):
    return sounds(tmp_path / "sounds")


def build(tmp_path, data, of_clips):
    """Return the store of embeddings of a data set, and what was checked."""
    with open_embeddings(as_folder(tmp_path / "e", of_clips)) as files:
        checked = check_embeddings(files, data)
        return build_embedding_store(files, checked, tmp_path / "stores"), checked


def test_a_clips_rows_are_its_embeddings(tmp_path, data):
    of_clips = arrays(data)
    store, checked = build(tmp_path, data, of_clips)
    rows = store.frames()
    assert rows.shape == (4 * 9, DIMS)
    assert store.folder.name == checked.digest
    for clip, (first, windows) in store.rows.items():
        assert np.array_equal(rows[first : first + windows], of_clips[clip])


def test_a_finished_store_is_not_written_again(tmp_path, data):
    before = build(tmp_path, data, arrays(data))[0].folder / "frames.f32"
    written = before.stat().st_mtime_ns
    build(tmp_path, data, arrays(data))
    assert before.stat().st_mtime_ns == written


def test_a_damaged_store_is_written_again(tmp_path, data):
    store, _ = build(tmp_path, data, arrays(data))
    expected = np.array(store.frames())
    path = store.folder / "frames.f32"
    path.write_bytes(bytes(path.stat().st_size))
    assert np.array_equal(build(tmp_path, data, arrays(data))[0].frames(), expected)


def test_embeddings_that_change_between_check_and_store_are_an_error(tmp_path, data):
    with open_embeddings(as_folder(tmp_path / "e", arrays(data))) as files:
        checked = check_embeddings(files, data)
        np.save(str(tmp_path / "e/a/1.wav.npy"), np.ones((5, DIMS)))
        with pytest.raises(DataSetError, match=r"a/1.wav: the embeddings have changed while they were read"):
            build_embedding_store(files, checked, tmp_path / "stores")
