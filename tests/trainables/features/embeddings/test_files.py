"""Files and folders of embeddings: what is read, and what is refused."""

import json
import os

import numpy as np
import pytest

from embedding_files import DIMS, TIMING, arrays, as_file, as_folder, sounds
from trainables.datasets.manifest import DataSetError
from trainables.features.embeddings.checking import check_embeddings
from trainables.features.embeddings.files import open_embeddings


@pytest.fixture
def data(tmp_path):
    return sounds(tmp_path / "sounds")


def refusal(path, data=None):
    """Return the lines of the refusal of embeddings."""
    with pytest.raises(DataSetError) as refused, open_embeddings(path) as files:
        check_embeddings(files, data)
    return refused.value.problems


@pytest.mark.parametrize("write", [as_file, as_folder])
def test_a_clips_array_is_found_under_its_path(tmp_path, data, write):
    of_clips = arrays(data)
    with open_embeddings(write(tmp_path / "e.npz", of_clips)) as files:
        assert files.timing.model_dump() == TIMING
        assert np.array_equal(files.array("a/2.wav"), of_clips["a/2.wav"])
        assert files.array("a/none.wav") is None


def test_a_file_and_a_folder_of_equal_arrays_have_one_digest(tmp_path, data):
    of_clips = arrays(data)
    digests = set()
    for path in (as_file(tmp_path / "e.npz", of_clips), as_folder(tmp_path / "e", of_clips)):
        with open_embeddings(path) as files:
            digests.add(check_embeddings(files, data).digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        ({}, False),
        ({"model": "another"}, False),
        ({"hop_s": 0.11}, True),
        ({"window_s": 0.21}, True),
        ({"a/3.wav": np.ones((9, DIMS), np.float32)}, True),
        ({"a/other.wav": np.ones((9, DIMS), np.float32)}, False),
    ],
)
def test_the_digest_depends_on_timing_and_on_the_data_sets_own_arrays(tmp_path, data, change, matters):
    digests = []
    for name, changes in (("one", {}), ("two", change)):
        with open_embeddings(as_file(tmp_path / f"{name}.npz", {**arrays(data), **TIMING, **changes})) as files:
            digests.append(check_embeddings(files, data).digest)
    assert (digests[0] != digests[1]) is matters


def test_every_clip_without_an_array_is_counted_and_the_first_are_named(tmp_path):
    data = sounds(tmp_path / "sounds", clips=8)
    of_clips = arrays(data)
    path = as_file(tmp_path / "e.npz", {"a/0.wav": of_clips["a/0.wav"]})
    assert refusal(path, data) == [
        f"{path}: no array, for 7 of 8 clips: a/1.wav, a/2.wav, a/3.wav, a/4.wav, a/5.wav and 2 more clips"
    ]


@pytest.mark.parametrize("written", [as_file, as_folder])
def test_arrays_under_other_names_than_the_paths_of_the_clips_are_named(tmp_path, data, written):
    path = written(tmp_path / "e.npz", {f"clips/{clip}": array for clip, array in arrays(data).items()})
    missing, other = refusal(path, data)
    assert "no array, for 4 of 4 clips" in missing
    assert other == f"{path}: its arrays have other names, such as clips/a/0.wav; allowed: such as a/0.wav"


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.ones(DIMS), "shape (3,) instead of (windows, dimensions)"),
        (np.ones((0, DIMS)), "shape (0, 3) instead of (windows, dimensions), both from 1"),
        (np.ones((9, DIMS), np.int64), "an array of int64 instead of floats"),
        (np.full((9, DIMS), np.nan), "NaN or infinite values"),
        (np.full((9, DIMS), 1e300), "NaN or infinite values (in float32)"),
        (np.ones((9, DIMS + 1)), "embeddings of 4 dimensions, where the first clip's have 3"),
        (np.ones((30, DIMS)), "windows of 0.2 s every 0.1 s that together are longer than the sound"),
        (np.ones((2, DIMS)), "windows of 0.2 s every 0.1 s that together are shorter than the sound"),
    ],
)
def test_an_array_that_cannot_be_used_is_refused_with_its_clip(tmp_path, data, array, problem):
    (line,) = refusal(as_file(tmp_path / "e.npz", {**arrays(data), "a/1.wav": array}), data)
    assert problem in line
    assert line.endswith("for 1 of 4 clips: a/1.wav")


def test_all_kinds_of_problems_are_listed_at_once(tmp_path, data):
    bad = {"a/1.wav": np.ones(2), "a/2.wav": np.full((9, DIMS), np.inf)}
    of_clips = {**arrays(data), **bad}
    del of_clips["a/3.wav"]
    assert len(refusal(as_folder(tmp_path / "e", of_clips), data)) == 3


def test_a_pipe_is_refused_without_being_read(tmp_path, data):
    folder = as_folder(tmp_path / "e", arrays(data))
    (folder / "a/1.wav.npy").unlink()
    os.mkfifo(folder / "a/1.wav.npy")
    os.mkfifo(tmp_path / "e.npz")
    assert refusal(folder, data) == [f"{folder}: not a file, for 1 of 4 clips: a/1.wav"]
    assert "e.npz: not an .npz file" in refusal(tmp_path / "e.npz")[0]
    (folder / "embeddings.json").unlink()
    os.mkfifo(folder / "embeddings.json")
    assert refusal(folder, data) == [f"{folder / 'embeddings.json'}: cannot be read: not a file"]


def test_pickled_arrays_are_not_loaded(tmp_path, data):
    objects = np.array([[{}]], dtype=object)
    (line,) = refusal(as_file(tmp_path / "e.npz", {**arrays(data), "a/1.wav": objects}), data)
    assert "allow_pickle=False" in line


@pytest.mark.parametrize(
    ("timing", "problem"),
    [
        ({"hop_s": 0.0}, "hop_s is 0.0; allowed: seconds above 0 from a window's start to the next one's"),
        ({"hop_s": [0.1, 0.2]}, "hop_s is [0.1, 0.2]"),
        ({"window_s": float("nan")}, "window_s is nan; allowed: seconds above 0 that a window covers"),
        ({"model": ""}, "model is ''; allowed: a text"),
    ],
)
def test_wrong_timing_is_refused(tmp_path, timing, problem):
    path = as_folder(tmp_path / "e", {"a/0.wav": np.ones((9, DIMS))}, **timing)
    assert any(problem in line for line in refusal(path))


def test_absent_timing_is_refused_with_every_key(tmp_path):
    np.savez(str(tmp_path / "e.npz"), **{"a/0.wav": np.ones((9, DIMS))})
    assert [line.split(": ")[1].split(";")[0] for line in refusal(tmp_path / "e.npz")] == [
        "hop_s is missing",
        "window_s is missing",
        "model is missing",
    ]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("absent.npz", None, "no such file or folder"),
        ("text.npz", b"some text", "not an .npz file; allowed: a file that numpy.savez writes"),
        ("cut.npz", b"PK\x03\x04", "not an .npz file; allowed: a file that numpy.savez writes"),
    ],
)
def test_a_path_without_embeddings_is_refused(tmp_path, name, content, problem):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (line,) = refusal(tmp_path / name)
    assert line.startswith(f"{tmp_path / name}: {problem}")


def test_a_folder_without_its_json_is_refused(tmp_path):
    (line,) = refusal(tmp_path)
    assert line == f"{tmp_path}: has no embeddings.json; allowed: a folder of PATH.npy files beside one"


def test_a_json_that_is_no_object_is_refused(tmp_path):
    (tmp_path / "embeddings.json").write_text(json.dumps([1]))
    (line,) = refusal(tmp_path)
    assert line.endswith("not an object with hop_s, window_s, model")


def test_a_single_array_is_refused(tmp_path):
    np.save(str(tmp_path / "e.npy"), np.ones((9, DIMS)))
    (line,) = refusal(tmp_path / "e.npy")
    assert "not an .npz file" in line
