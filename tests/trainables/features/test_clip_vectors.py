"""One vector for each training clip, from the embeddings that a study's driver published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embedding_files import arrays, as_folder, sounds
from trainables.features.clip_vectors import training_clip_vectors
from trainables.features.embeddings.checking import check_embeddings
from trainables.features.embeddings.files import open_embeddings
from trainables.features.embeddings.store import build_embedding_store
from trainables.features.frame_store import STORES
from trainables.features.shared_data import StoredEmbeddings, publish_embeddings
from trainables.storage.location import location


def test_the_vector_of_a_training_clip_is_the_mean_over_its_windows(tmp_path):
    there, listed = location(tmp_path), sounds(tmp_path / "sounds")
    of_clips = arrays(listed)
    clips = (listed.clips[0], replace(listed.clips[1], split="test"), *listed.clips[2:])
    data = replace(listed, clips=clips)
    with open_embeddings(as_folder(tmp_path / "e", of_clips)) as files:
        checked = check_embeddings(files, data)
        store = build_embedding_store(files, checked, tmp_path / STORES)
        publish_embeddings(there, StoredEmbeddings(data, store, files.timing))
    vectors = training_clip_vectors(there, data.fingerprint, checked.digest)
    expected = [of_clips[clips[i].path].mean(axis=0) for i in (0, 2, 3)]
    np.testing.assert_allclose(vectors, expected, rtol=1e-5)


def test_embeddings_that_were_not_published_are_absent(tmp_path):
    with pytest.raises(FileNotFoundError):
        training_clip_vectors(location(tmp_path), "a" * 20, "b" * 20)
