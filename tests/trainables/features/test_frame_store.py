"""The frame store: right, built once, continued, repaired, and safe under two builders."""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sound_files import mp3, noise
from trainables.audio.decoding import read_mono
from trainables.datasets.manifest import Clip, Manifest
from trainables.feature_settings import FEATURES, Features
from trainables.features import frame_store_builder
from trainables.features.frame_store import open_store, store_folder
from trainables.features.frame_store_builder import CHUNK, build_store
from trainables.features.logmel import log_mel
from trainables.processes.watchdog import began
from trainables.storage.locks import holder
from watching import until


@pytest.fixture
def threads(monkeypatch):
    """Compute frames in threads, for tests that do not depend on processes, which take long to start."""
    monkeypatch.setattr(frame_store_builder, "worker_pool", ThreadPoolExecutor)


def noise_set(folder, clips, seconds=0.2):
    """Make wav files of noise, each of its own content, and a manifest of them."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for i in range(clips):
        path = folder / f"{i}.wav"
        if not path.exists():
            noise = np.random.default_rng(i).uniform(-0.5, 0.5, int(44_100 * seconds))
            soundfile.write(path, noise, 44_100, subtype="PCM_16")
        listed.append(Clip(path.name, "ab"[i % 2], "train", verified=True))
    return Manifest("noise", "csv", folder, tuple(listed), digests=tuple(f"digest{i}" for i in range(clips)))


@pytest.mark.usefixtures("one_thread")  # the builder's processes have one: with more, sums differ in their last bit
def test_a_clips_rows_are_its_log_mel_frames(manifest, store, features):
    frames = store.frames()
    assert frames.dtype == np.float32
    for clip, digest in list(zip(manifest.clips, manifest.digests, strict=True))[:5]:
        first, count = store.rows[digest]
        expected = log_mel(read_mono(manifest.file(clip), 44_100), 44_100, features)
        assert np.array_equal(frames[first : first + count], expected)


def test_it_holds_every_clip_and_nothing_between(manifest, store):
    assert set(store.rows) == set(manifest.digests)
    ends = 0
    for first, count in store.rows.values():
        assert first == ends
        ends = first + count
    assert ends == store.total


@pytest.mark.usefixtures("threads")
def test_a_finished_store_is_opened_and_not_built_again(tmp_path):
    data = noise_set(tmp_path / "wav", 3)
    store = build_store(data, tmp_path)
    before = (store.folder / "frames.f32").stat().st_mtime_ns
    calls = []
    build_store(data, tmp_path, progress=lambda *counts: calls.append(counts))
    assert calls == []
    assert (store.folder / "frames.f32").stat().st_mtime_ns == before


def test_labels_do_not_change_the_store_but_content_and_features_do(tmp_path):
    data = noise_set(tmp_path / "wav", 3)
    relabelled = Manifest(**{**vars(data), "clips": tuple(reversed(data.clips)), "digests": data.digests[::-1]})
    other = Manifest(**{**vars(data), "digests": ("x", "y", "z")})
    assert store_folder(tmp_path, relabelled, FEATURES) == store_folder(tmp_path, data, FEATURES)
    assert store_folder(tmp_path, other, FEATURES) != store_folder(tmp_path, data, FEATURES)


def test_features_that_change_the_frames_have_their_own_store_and_those_that_move_patches_do_not(tmp_path):
    data = noise_set(tmp_path / "wav", 1)
    changed = {key: FEATURES.model_copy(update={key: value - 1}) for key, value in FEATURES.model_dump().items()}
    stores = {key: store_folder(tmp_path, data, features) for key, features in changed.items()}
    assert stores.pop("patch_hop") == store_folder(tmp_path, data, FEATURES)
    assert len({*stores.values(), store_folder(tmp_path, data, FEATURES)}) == 7


@pytest.mark.usefixtures("one_thread", "threads")
def test_a_store_of_other_features_lies_beside_the_first_and_holds_their_frames(tmp_path):
    data = noise_set(tmp_path / "wav", 2, seconds=0.7)
    features = Features(hop=441, mels=40)
    paper, other = build_store(data, tmp_path), build_store(data, tmp_path, features)
    first, count = other.rows["digest1"]
    expected = log_mel(read_mono(tmp_path / "wav" / "1.wav", 44_100), 44_100, features)
    assert np.array_equal(other.frames()[first : first + count], expected)
    assert open_store(paper.folder, verify=True) == paper != other


@pytest.mark.usefixtures("threads")
def test_progress_goes_from_the_finished_clips_to_all(tmp_path):
    calls = []
    build_store(noise_set(tmp_path / "wav", CHUNK + 1), tmp_path, progress=lambda *counts: calls.append(counts))
    assert calls[0] == (0, CHUNK + 1)
    assert calls[-1] == (CHUNK + 1, CHUNK + 1)


@pytest.mark.slow
def test_two_workers_build_the_same_bytes_as_one(tmp_path):
    data = noise_set(tmp_path / "wav", 2 * CHUNK + 3)
    one = build_store(data, tmp_path / "one", workers=1)
    two = build_store(data, tmp_path / "two", workers=2)
    assert np.array_equal(one.frames(), two.frames())


BUILD = """
import sys
from pathlib import Path
helpers = Path({tests!r}).parents[1] / "helpers"
sys.path[:0] = [{tests!r}, str(helpers), str(helpers / "running")]
from test_frame_store import noise_set
from trainables.features.frame_store_builder import build_store
if __name__ == "__main__":
    build_store(noise_set(Path({folder!r}) / "wav", {clips}, seconds=2), Path({folder!r}))
"""
# Python runs this at the start of every process of such a build: a clip waits while a file ``CLIP.hold`` is there.
HELD = """
import time
from pathlib import Path
from trainables.features import file_frames
whole = file_frames.file_frames
def held(path, *arguments):
    while Path(path + ".hold").exists():
        time.sleep(0.01)
    yield from whole(path, *arguments)
file_frames.file_frames = held
"""


def start_build(folder, clips, held):
    """Start a build in another process, one of whose clips is held; return the process and the file that holds it."""
    script, hold = folder / "build.py", folder / "wav" / f"{held}.wav.hold"
    script.write_text(BUILD.format(tests=os.path.dirname(__file__), folder=str(folder), clips=clips))  # noqa: PTH120
    (folder / "sitecustomize.py").write_text(HELD)
    hold.touch()
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.Popen([sys.executable, script], start_new_session=True, env=environment), hold


@pytest.mark.slow
def test_a_build_killed_in_the_middle_continues_with_the_chunks_that_are_left(tmp_path):
    clips = 6 * CHUNK
    data = noise_set(tmp_path / "wav", clips, seconds=2)
    folder = store_folder(tmp_path, data, FEATURES)
    process, _ = start_build(tmp_path, clips, held=3 * CHUNK)
    until(lambda: len(list(folder.glob("chunks/[0-9]*.json"))) == 3 or process.poll(), "three chunks", seconds=300)
    workers = [int(p) for p in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    process.kill()
    process.wait()
    until(lambda: not any(map(began, workers)), "the end of the workers of a killed parent")
    assert len(list(folder.glob("chunks/[0-9]*.json"))) == 3
    assert open_store(folder) is None
    calls = []
    store = build_store(data, tmp_path, progress=lambda *counts: calls.append(counts))
    assert calls[0][0] == 3 * CHUNK
    assert np.array_equal(store.frames(), build_store(data, tmp_path / "fresh").frames())


@pytest.mark.slow
def test_two_processes_that_build_at_once_share_one_store(tmp_path):
    data = noise_set(tmp_path / "wav", 2 * CHUNK, seconds=2)
    process, hold = start_build(tmp_path, 2 * CHUNK, held=0)
    lock, other_build = store_folder(tmp_path, data, FEATURES) / "lock", f"process {process.pid} of "
    until(lambda: (holder(lock) or "").startswith(other_build) or process.poll(), "the other build", seconds=300)
    waited = []

    def waiting(other):
        waited.append(other)
        hold.unlink()

    store = build_store(data, tmp_path, waiting=waiting)
    assert process.wait(300) == 0
    assert [other.startswith(other_build) for other in waited] == [True]
    assert len(store.rows) == 2 * CHUNK


@pytest.mark.parametrize("damage", ["flip", "cut", "manifest"])
@pytest.mark.slow
def test_a_damaged_store_is_noticed_and_only_its_damage_is_made_again(tmp_path, damage):
    data = noise_set(tmp_path / "wav", 2 * CHUNK)
    store = build_store(data, tmp_path)
    expected = np.array(store.frames())
    path = store.folder / "frames.f32"
    if damage == "flip":
        with path.open("r+b") as file:
            file.seek(1000)
            file.write(b"\x00\x01\x02\x03")
    elif damage == "cut":
        os.truncate(path, path.stat().st_size // 2)
    else:
        (store.folder / "store.json").write_text("{")
    assert open_store(store.folder, verify=True) is None
    calls = []
    repaired = build_store(data, tmp_path, progress=lambda *counts: calls.append(counts))
    assert np.array_equal(repaired.frames(), expected)
    assert calls[0][0] == {"flip": CHUNK, "cut": CHUNK, "manifest": 2 * CHUNK}[damage]


@pytest.mark.usefixtures("threads")
def test_clips_that_cannot_be_decoded_are_listed_with_their_reasons(tmp_path):
    data = noise_set(tmp_path / "wav", 4)
    soundfile.write(tmp_path / "wav" / "1.wav", np.array([0.1, np.nan, 0.2], np.float32), 44_100, subtype="FLOAT")
    (tmp_path / "wav" / "2.wav").write_text("not a sound")
    store = build_store(data, tmp_path)
    problems = store.problems(data)
    assert set(problems) == {"1.wav", "2.wav"}
    assert "NaN" in problems["1.wav"]
    assert set(store.rows) == {"digest0", "digest3"}


@pytest.mark.usefixtures("threads")
def test_contents_with_equal_frames_are_listed_with_the_first_of_them(tmp_path):
    data = noise_set(tmp_path / "wav", 4)
    samples, rate = soundfile.read(tmp_path / "wav" / "1.wav", dtype="int16")
    soundfile.write(tmp_path / "wav" / "3.wav", samples, rate, format="FLAC")  # the same sound in another file
    store = build_store(data, tmp_path)
    assert store.same == {"digest3": "digest1"}
    assert open_store(store.folder).same == store.same


def test_what_the_mp3_decoder_prints_is_logged_with_the_file_and_not_on_standard_error(tmp_path, caplog, capfd):
    data = noise_set(tmp_path / "wav", 2)
    whole = mp3(noise(44_100), header=False)
    (tmp_path / "wav" / "1.wav").write_bytes(whole[len(whole) // 2 :])  # without the bytes that its first frames need
    build_store(data, tmp_path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}/wav/1.wav: the mp3 decoder reports: dequantization failed!"
    ]
    assert capfd.readouterr().err == ""
    caplog.clear()
    build_store(data, tmp_path)
    assert caplog.records == []


@pytest.mark.usefixtures("threads")
def test_a_clip_that_could_not_be_read_is_tried_again_by_the_next_build(tmp_path):
    data = noise_set(tmp_path / "wav", 3)
    store = build_store(data, tmp_path)
    expected = np.array(store.frames())
    for path in (store.folder / "store.json", store.folder / "chunks" / "00000.json"):
        value = json.loads(path.read_text())
        value["bad"] = {"digest1": "cannot be read: Input/output error"}
        value.get("rows", {}).pop("digest1", None)
        path.write_text(json.dumps(value))
    assert open_store(store.folder).problems(data) == {"1.wav": "cannot be read: Input/output error"}
    again = build_store(data, tmp_path)
    assert again.bad == {}
    assert set(again.rows) == {"digest0", "digest1", "digest2"}
    assert np.array_equal(again.frames(), expected)


def _build_with_little_room(folder, queue):
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        build_store(noise_set(folder / "wav", 3), folder)
    except OSError as error:
        queue.put(str(error))
    else:
        queue.put("built")


@pytest.mark.usefixtures("threads")
def test_too_little_room_is_an_error_before_anything_is_computed(tmp_path):
    noise_set(tmp_path / "wav", 3)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_build_with_little_room, args=(tmp_path, queue))
    process.start()
    message = queue.get(timeout=300)
    process.join()
    assert "File too large" in message
    assert list(tmp_path.glob("*/chunks/*")) == []


def test_the_manifest_states_what_the_frames_are(store, features):
    value = json.loads((store.folder / "store.json").read_text())
    assert value["total"] == store.total
    assert value["mels"] == features.mels
    assert all(len(c["checksum"]) == 32 for c in value["chunks"])
