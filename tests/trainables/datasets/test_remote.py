"""Data sets that lie in an object store; S3 is played by moto's server."""

import shutil

import pytest

from study.planning.data import read_data
from study.spec.reading import read_spec
from trainables.datasets import remote
from trainables.datasets.config import CSV, Folder, Synthetic
from trainables.datasets.keys import Noise
from trainables.datasets.load import load, with_digests
from trainables.datasets.manifest import DataSetError
from trainables.datasets.remote import local_copy
from trainables.storage.object_location import ObjectLocation

CLIPS = [f"sounds/{name}/{i}.wav" for name in ("cat", "dog") for i in range(4)]


@pytest.fixture
def there(bucket, make_wav, tmp_path):
    """Eight clips of two classes."""
    for i, name in enumerate(CLIPS):
        (bucket / name).upload(make_wav(tmp_path / "made" / name, seed=i))
    return bucket


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_set_reads_as_its_original(there, tmp_path):
    copied = local_copy(Folder(kind="folder", root=f"{there}/sounds"), tmp_path / "cache")
    original = Folder(kind="folder", root=str(tmp_path / "made" / "sounds"))
    found = [
        with_digests(load(dataset, tmp_path), tmp_path / f"digests-{i}") for i, dataset in enumerate((copied, original))
    ]
    assert found[0].fingerprint == found[1].fingerprint
    assert found[0].name == found[1].name
    assert len(found[0].clips) == 8


def test_only_what_changed_is_copied_again_and_what_is_gone_is_removed(there, make_wav, tmp_path):
    dataset = Folder(kind="folder", root=f"{there}/sounds")
    folder = tmp_path / "cache" / "clips" / str(there).removeprefix("s3://") / "sounds"
    assert local_copy(dataset, tmp_path / "cache").root == str(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")}
    (there / CLIPS[0]).upload(make_wav(tmp_path / "new.wav", seed=99))
    (there / CLIPS[1]).unlink()
    (folder / "cat" / "3.wav").unlink()
    local_copy(dataset, tmp_path / "cache")
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")}
    assert before.keys() - after.keys() == {folder / "cat" / "1.wav"}
    changed = {path.name for path in after if after[path] != before[path]}
    assert changed == {"0.wav", "3.wav"}
    assert (folder / "cat" / "0.wav").read_bytes() == (tmp_path / "new.wav").read_bytes()


@pytest.mark.parametrize("noted", ["as it goes", "at the end"])
def test_a_copy_that_was_interrupted_goes_on_with_what_is_missing(noted, there, tmp_path, monkeypatch):
    dataset, fetch, fetched = Folder(kind="folder", root=f"{there}/sounds"), remote._fetch, []
    monkeypatch.setattr(remote, "NOTE_S", 0.0 if noted == "as it goes" else 1e9)
    monkeypatch.setattr(ObjectLocation, "map", lambda _, function, items: map(function, items))  # one after the other

    def fetch_three(where, folder, name):
        if len(fetched) == 3:
            if noted == "as it goes":  # a kill leaves what was noted until then
                shutil.copytree(tmp_path / "cache" / "clips", tmp_path / "killed" / "clips")
            raise ConnectionError
        fetched.append(name)
        return fetch(where, folder, name)

    monkeypatch.setattr(remote, "_fetch", fetch_three)
    with pytest.raises(ConnectionError):
        local_copy(dataset, tmp_path / "cache")
    monkeypatch.setattr(remote, "_fetch", lambda *about: fetched.append(about[2]) or fetch(*about))
    local_copy(dataset, tmp_path / ("killed" if noted == "as it goes" else "cache"))
    assert sorted(fetched) == sorted(name.removeprefix("sounds/") for name in CLIPS)


def test_a_csv_set_takes_its_clips_from_beside_it_or_from_its_root(there, tmp_path):
    rows = [f"{name},{name.split('/')[1]},{'test' if i % 4 == 3 else 'train'},1" for i, name in enumerate(CLIPS)]
    (there / "clips.csv").write("\n".join(["path,label,split,verified", *rows]).encode())
    beside = local_copy(CSV(kind="csv", path=f"{there}/clips.csv"), tmp_path / "cache")
    assert len(load(beside, tmp_path).clips) == 8
    (there / "lists" / "clips.csv").write((there / "clips.csv").read_bytes())
    (there / "lists" / "huge").write(b"x")
    apart = local_copy(CSV(kind="csv", path=f"{there}/lists/clips.csv", root=str(there)), tmp_path / "second")
    assert (
        with_digests(load(apart, tmp_path), tmp_path).fingerprint
        == with_digests(load(beside, tmp_path), tmp_path).fingerprint
    )
    only = local_copy(CSV(kind="csv", path=f"{there}/lists/clips.csv", root=str(tmp_path)), tmp_path / "third")
    assert [path.name for path in (tmp_path / "third" / "clips").rglob("*.csv")] == ["clips.csv"]
    assert not list((tmp_path / "third").rglob("huge"))
    assert only.root == str(tmp_path)


def test_a_csv_of_test_clips_may_lie_elsewhere(there, tmp_path):
    rows = [f"{name},{name.split('/')[1]}" for name in CLIPS]
    (there / "clips.csv").write("\n".join(["path,label", *rows[:3], *rows[4:7]]).encode())
    (there / "lists" / "test.csv").write("\n".join(["path,label", rows[3], rows[7]]).encode())
    dataset = CSV(kind="csv", path=f"{there}/clips.csv", test_path=f"{there}/lists/test.csv")
    copied = local_copy(dataset, tmp_path / "cache")
    manifest = with_digests(load(copied, tmp_path), tmp_path)
    assert [clip.path for clip in manifest.of("test")] == [CLIPS[3], CLIPS[7]]
    assert len(manifest.of("train")) == 6


def test_a_pool_of_sounds_may_lie_there_too(there, tmp_path):
    noise = Noise(out_of_vocabulary=0.5, pool=f"{there}/sounds")
    copied = local_copy(Folder(kind="folder", root=str(tmp_path), noise=noise), tmp_path / "cache")
    assert contents(tmp_path / "cache" / "clips" / str(there).removeprefix("s3://") / "sounds").keys() == {
        name.removeprefix("sounds/") for name in CLIPS
    }
    assert copied.noise.pool.endswith("/sounds")
    assert copied.root == str(tmp_path)


def test_nothing_there_is_said_as_a_problem_of_the_data_set(there, tmp_path):
    with pytest.raises(DataSetError, match=f"{there}/elsewhere: there is nothing here"):
        local_copy(Folder(kind="folder", root=f"{there}/elsewhere"), tmp_path)
    with pytest.raises(DataSetError, match=r"sounds: there is no clips\.csv here"):
        local_copy(CSV(kind="csv", path=f"{there}/sounds/clips.csv", root=str(tmp_path)), tmp_path)


def test_a_name_that_climbs_out_of_the_folder_is_refused(there, tmp_path):
    there._store.fs.pipe_file(f"{str(there).removeprefix('s3://')}/sounds/a/../../../evil.wav", b"x")
    with pytest.raises(DataSetError, match="cannot be a file's below"):
        local_copy(Folder(kind="folder", root=f"{there}/sounds"), tmp_path / "cache")
    assert not list(tmp_path.rglob("evil.wav"))


def test_what_lies_on_this_machine_is_left_alone(tmp_path):
    for dataset in (Folder(kind="folder", root=str(tmp_path)), Synthetic(kind="synthetic")):
        assert local_copy(dataset, tmp_path / "cache") == dataset
    assert not (tmp_path / "cache").exists()


def test_a_study_reads_its_data_from_there(there, tmp_path, monkeypatch):
    monkeypatch.setenv("GCE_STUDY_CACHE", str(tmp_path / "cache"))
    arms = "[{name: cce, loss: {name: cce}}]"
    text = (
        f"name: s\ndataset: {{kind: folder, root: {there}/sounds}}\narms: {arms}\nseeds: 1\nstorage: {tmp_path}/here\n"
    )
    (tmp_path / "study.yaml").write_text(text)
    manifest = read_data(read_spec(tmp_path / "study.yaml"))
    assert len(manifest.clips) == 8
    assert all(manifest.file(clip).is_relative_to(tmp_path / "cache") for clip in manifest.clips)
