"""Models with the HEAR API: what they must return, and how a data set is embedded with one."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from embedding_files import MODEL, sounds
from trainables.datasets.manifest import DataSetError
from trainables.features.embeddings.checking import check_embeddings
from trainables.features.embeddings.files import open_embeddings
from trainables.hear.embedding import embed_clips
from trainables.hear.models import load_file, load_installed
from trainables.plugins.sources import PluginError, read_sources


@pytest.fixture
def data(tmp_path):
    return sounds(Path(tmp_path) / "sounds")


@pytest.fixture
def model_of(tmp_path):
    def load(text=MODEL, name="my_model.py"):
        path = Path(tmp_path) / name
        path.write_text(textwrap.dedent(text))
        return load_file(path, read_sources(path))

    return load


def changed(line, other):
    """Return the module with another line in place of one."""
    assert line in MODEL
    return MODEL.replace(line, other)


def test_embedded_clips_are_the_embeddings_of_their_data_set(tmp_path, data, model_of):
    timing = embed_clips(model_of(), data, Path(tmp_path) / "e")
    assert timing.model_dump() == {"hop_s": 0.1, "window_s": 0.2, "model": "my_model"}
    with open_embeddings(Path(tmp_path) / "e") as files:
        checked = check_embeddings(files, data)
    assert checked.dims == 2
    assert set(checked.windows.values()) == {9}


def test_progress_counts_the_clips(tmp_path, data, model_of):
    calls = []
    embed_clips(model_of(), data, Path(tmp_path) / "e", lambda *counts: calls.append(counts))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]  # the longest clip is embedded first


def test_an_interrupted_embedding_continues_and_loses_one_clip(tmp_path, data, model_of):
    folder, stopped = Path(tmp_path) / "e", []

    def stop(done, _):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_clips(model_of(), data, folder, stop)
    kept = {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}
    embed_clips(model_of(), data, folder, lambda *counts: stopped.append(counts))
    assert stopped == [(3, 4), (4, 4)]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_clip_whose_sound_is_newer_is_embedded_again(tmp_path, data, model_of):
    folder = Path(tmp_path) / "e"
    embed_clips(model_of(), data, folder)
    before = (folder / "a/1.wav.npy").stat().st_mtime_ns - 10**10  # what a clock tells apart
    os.utime(folder / "a/1.wav.npy", ns=(before, before))
    embed_clips(model_of(), data, folder)
    assert (folder / "a/1.wav.npy").stat().st_mtime_ns > before


def test_a_clip_whose_sound_is_of_the_future_is_embedded_once(tmp_path, data, model_of):
    """Zip archives hold local times, and a clock may be set back."""
    tomorrow = time.time() + 86_400
    os.utime(data.file(data.clips[1]), (tomorrow, tomorrow))
    embed_clips(model_of(), data, Path(tmp_path) / "e")
    calls = []
    embed_clips(model_of(), data, Path(tmp_path) / "e", lambda *counts: calls.append(counts))
    assert calls == [(4, 4)]


def test_a_process_that_was_killed_while_it_began_the_folder_does_not_keep_another_from_it(tmp_path, data, model_of):
    folder = Path(tmp_path) / "e"
    killed = f"""
import os, signal
from trainables.storage.files import writing_atomically
from pathlib import Path
with writing_atomically(Path({str(folder / "embeddings.json")!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -signal.SIGKILL
    (left,) = folder.iterdir()
    assert left.name.startswith(".embeddings.json.")
    embed_clips(model_of(), data, folder)
    assert len(list(folder.rglob("*.npy"))) == 4


def test_a_folder_of_another_code_is_refused(tmp_path, data, model_of):
    folder = Path(tmp_path) / "e"
    embed_clips(model_of(), data, folder)
    with pytest.raises(DataSetError, match="holds embeddings of my_model, made with other code; allowed: a new folder"):
        embed_clips(model_of(MODEL + "\n# changed\n"), data, folder)


def test_a_folder_of_other_files_is_refused(tmp_path, data, model_of):
    (Path(tmp_path) / "e").mkdir()
    (Path(tmp_path) / "e/notes.txt").touch()
    with pytest.raises(DataSetError, match=r"not empty, and has no embeddings\.json; allowed: a new folder"):
        embed_clips(model_of(), data, Path(tmp_path) / "e")


def test_a_damaged_json_is_refused(tmp_path, data, model_of):
    folder = Path(tmp_path) / "e"
    folder.mkdir()
    (folder / "embeddings.json").write_text(json.dumps({"hop_s": 0.1}))
    with pytest.raises(DataSetError, match="not what this command writes"):
        embed_clips(model_of(), data, folder)


RETURNED = "    return embeddings, times[None]"


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ("    return embeddings / 0, times[None]", "my_model.py:12: .* returned NaN or infinite values"),
        ("    return embeddings", "my_model.py:12: .* returned a Tensor; allowed: embeddings and timestamps"),
        ("    return embeddings[0], times", r"shape \(9, 2\) .* allowed: \(1, n, 2\) and \(1, n\)"),
        ("    return embeddings[:, :0], times[None, :0]", "n at least 1"),
        ("    return embeddings.long(), times[None]", "returned an array of int64 instead of floats"),
        ("    return embeddings, times[None] / 0", "timestamps that are NaN or infinite"),
        ("    return embeddings, times[None] ** 2", "timestamps that are not evenly spaced"),
        ("    return embeddings, -times[None]", "timestamps that are not evenly spaced and ascending"),
        ("    raise RuntimeError('no memory')", r"my_model.py:16: RuntimeError: no memory \(clip a/"),
        ("    raise SystemExit(3)", r"my_model.py:16: it called sys.exit\(3\)"),
    ],
)
def test_what_a_model_must_not_return_or_raise_is_one_message_with_file_and_line(
    tmp_path, data, model_of, other, problem
):
    with pytest.raises(PluginError, match=problem):
        embed_clips(model_of(changed(RETURNED, other)), data, Path(tmp_path) / "e")


@pytest.mark.parametrize(
    ("line", "other", "problem"),
    [
        ("    sample_rate = 4000", "", "my_model.py:9: sample_rate of the model is None; allowed: a whole number"),
        ("    timestamp_embedding_size = 2", "    timestamp_embedding_size = 0.5", "is 0.5; allowed: a whole number"),
        ("def load_model", "def load_it", "my_model.py: defines no load_model; allowed: a module with the HEAR"),
        ("import torch", "import nothing_here", "my_model.py:2: ModuleNotFoundError"),
        ("import torch", "import torch as", "my_model.py:2: SyntaxError"),
        ("    return Model()", "    return 1 / 0", "my_model.py:10: ZeroDivisionError"),
    ],
)
def test_a_module_of_another_form_is_refused_with_file_and_line(model_of, line, other, problem):
    with pytest.raises(PluginError, match=problem):
        model_of(changed(line, other))


def test_a_module_finds_its_weights_beside_it(tmp_path, model_of):
    np.save(str(tmp_path / "weights.npy"), np.ones(7))
    beside = "import numpy, pathlib\nimport torch\nW = numpy.load(pathlib.Path(__file__).with_name('weights.npy'))"
    text = changed("import torch", beside).replace("embedding_size = 2", "embedding_size = len(W)")
    assert model_of(text).dims == 7


def test_the_modules_of_a_package_import_each_other(tmp_path, data):
    folder = Path(tmp_path) / "my_models"
    folder.mkdir()
    (folder / "inner.py").write_text(MODEL)
    (folder / "__init__.py").write_text("from .inner import get_timestamp_embeddings, load_model\n")
    model = load_file(folder, read_sources(folder))
    assert embed_clips(model, data, Path(tmp_path) / "e").model == "my_models"


def test_no_model_is_loaded_for_a_name_that_no_package_has():
    assert load_installed("nothing_of_that_name") is None
