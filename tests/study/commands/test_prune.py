"""The command prune: what it removes, what it prints, and that a dry run changes nothing."""

import errno
import os
import re
import time

import pytest

from factories import Builder
from study.cli import main
from study.cluster import ray_folder
from study.ledger.claim import claim
from trainables.losses.catalogue import CCE
from trainables.storage.locks import acquire, lock, open_unchanged

COPY = "c" * 20  # a cached frame store


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of its own with a cache and a place for Ray's folders; the study ``rain`` is complete in ``results``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GCE_STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(ray_folder, "_parents", lambda: [tmp_path / "ray"])
    builder = Builder("rain")
    run_id = builder.add("cce", CCE(name="cce"), 0)
    builder.write(tmp_path / "results")
    (tmp_path / "results" / "checkpoints" / f"{run_id}.pt").write(b"w" * 2_500_000)
    return tmp_path


def copied(place):
    """Write a copy of a frame store, and its lock file."""
    (place / "cache" / "features" / COPY / "frames.f32").write(b"frames")
    (place / "cache" / "features" / f"{COPY}.used").touch()


def files(folder):
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


def rows(text):
    """Return the rows of the table that was printed, kind -> [number, size]."""
    matches = (re.fullmatch(r"(\S.*?) {2,}(\d+) +(\d\S* \S+)", line) for line in text.splitlines())
    return {row[1]: [int(row[2]), row[3]] for row in matches if row}


def test_what_is_freed_is_printed_with_number_and_size(place, capsys):
    assert main(["prune"]) == 0
    output = capsys.readouterr().out
    assert rows(output) == {"checkpoints": [1, "2.5 MB"]}
    assert output.endswith("results: 2.5 MB freed\n")
    assert list((place / "results" / "checkpoints").iterdir()) == []
    assert main(["prune"]) == 0
    assert capsys.readouterr().out == "results: 0 B freed\n"


def test_a_dry_run_prints_the_same_and_changes_nothing(place, capsys):
    copied(place)
    before = files(place)
    assert main(["prune", "--dry-run"]) == 0
    output = capsys.readouterr().out
    assert rows(output) == {"checkpoints": [1, "2.5 MB"], "cached stores of frames or embeddings": [1, "6 B"]}
    assert output.endswith("results: 2.5 MB would be freed; nothing was changed\n")
    assert files(place) == before


def test_what_is_younger_is_kept(place, capsys):
    (path,) = (place / "results" / "checkpoints").iterdir()
    os.utime(path, (time.time() - 90_000,) * 2)
    assert main(["prune", "--older-than", "2d"]) == 0
    assert capsys.readouterr().out == "results: 0 B freed\n"
    assert main(["prune", "--older-than", "25h"]) == 0
    assert capsys.readouterr().out.endswith("results: 2.5 MB freed\n")


def test_without_an_age_what_is_of_the_future_is_freed_too(place, capsys):
    """The clock was set back since it was written."""
    (path,) = (place / "results" / "checkpoints").iterdir()
    os.utime(path, (time.time() + 90_000,) * 2)
    assert main(["prune"]) == 0
    assert capsys.readouterr().out.endswith("results: 2.5 MB freed\n")


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1.5d", "30 d", "1y", "9999999d"])
def test_an_age_of_another_form_is_refused(age, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["prune", f"--older-than={age}"])
    assert ended.value.code == 2
    assert f"'{age}'; allowed: a whole number with h, d, w" in capsys.readouterr().err


def test_what_processes_use_is_counted(place, capsys):
    (path,) = (place / "results" / "checkpoints").iterdir()
    held = acquire(place / "results" / "running" / path.stem)
    assert main(["prune"]) == 0
    assert capsys.readouterr().out == "results: 0 B freed\nkept: 1 item that processes are using\n"
    held.release()
    assert path.exists()


def test_records_that_were_put_aside_need_an_option(place, capsys):
    (place / "results" / "records" / "damaged" / "a.json").write(b"{}")
    assert main(["prune", "--study", "rain"]) == 0
    assert main(["prune"]) == 0
    assert "records put aside" not in capsys.readouterr().out
    assert main(["prune", "--put-aside"]) == 0
    assert rows(capsys.readouterr().out) == {"records put aside": [1, "2 B"]}


def test_what_cannot_be_removed_is_named_and_stops_nothing_else(place, capsys):
    odd = place / "results" / "checkpoints" / f"{'0' * 20}.pt"
    odd.mkdir()
    assert main(["prune"]) == 1
    output = capsys.readouterr().out
    assert rows(output) == {"checkpoints": [1, "2.5 MB"]}
    assert output.endswith(f"results: 2.5 MB freed\nkept: [Errno 21] Is a directory: '{odd.relative_to(place)}'\n")


def test_a_folder_that_cannot_be_removed_is_named_with_the_reason(place, capsys, monkeypatch):
    copied(place)

    def refuse(path, **_):
        raise PermissionError(errno.EPERM, "not permitted", path)

    monkeypatch.setattr(os, "unlink", refuse)
    (place / "results" / "synthetic" / COPY / "a.wav").write(b"sound")
    assert main(["prune"]) == 1
    output = capsys.readouterr().out
    assert "kept: [Errno 1] not permitted: 'a.wav'" in output
    assert "processes use" not in output


def test_a_link_in_the_place_of_a_record_keeps_its_checkpoint(place, capsys):
    (record,) = (place / "results" / "records").iterdir()
    record.rename(place / "elsewhere.json")
    record.symlink_to(place / "elsewhere.json")
    assert main(["prune"]) == 1
    assert "kept: " in (output := capsys.readouterr().out)
    assert record.name in output
    assert len(list((place / "results" / "checkpoints").iterdir())) == 1


def test_why_something_is_kept_is_printed(place, capsys):
    (place / "results" / "studies" / "odd" / "plan.json").write(b"{")
    with claim(place / "results", "new"):
        assert main(["prune", "--dry-run"]) == 0
    kept = "kept: weights, checkpoints without a record, data sets and frames, because"
    *_, odd, new = capsys.readouterr().out.splitlines()
    assert odd == f"{kept} the plan of odd cannot be read"
    assert new == f"{kept} new has just been started"


def test_a_cached_frame_store_that_a_process_has_open_is_kept(place, capsys):
    copied(place)
    with open_unchanged(place / "cache" / "features" / f"{COPY}.used") as file:
        lock(file, shared=True)
        assert main(["prune", "--dry-run"]) == 0
        output = capsys.readouterr().out
        assert "cached stores of frames or embeddings" not in rows(output)
        assert output.endswith("kept: 1 item that processes are using\n")
        assert main(["prune"]) == 0
        assert "cached stores of frames or embeddings" not in rows(capsys.readouterr().out)
    assert main(["prune"]) == 0
    assert rows(capsys.readouterr().out) == {"cached stores of frames or embeddings": [1, "6 B"]}
    assert not (place / "cache" / "features" / COPY).exists()


def test_cached_data_sets_are_removed_by_their_age_alone(place, capsys):
    clip = place / "cache" / "clips" / "bucket" / "a.wav"
    clip.write(b"sound")
    (place / "cache" / "clips" / f"{COPY}.json").write(b"{}")
    assert main(["prune"]) == 0
    assert clip.exists()
    for path in (clip, clip.parent):
        os.utime(path, (time.time() - 90_000,) * 2)
    assert main(["prune", "--older-than", "1d"]) == 0
    assert clip.exists()  # it may have been read after the one time a day that Linux notes
    os.utime(clip, (time.time() - 180_000,) * 2)
    capsys.readouterr()
    assert main(["prune", "--older-than", "1d"]) == 0
    assert rows(capsys.readouterr().out) == {"cached data sets": [1, "5 B"]}
    assert not clip.exists()


def test_a_folder_in_the_cache_that_the_program_has_not_made_is_kept(place):
    kept = [place / "cache" / name / "mine" / "file" for name in ("features", "synthetic", "clips")]
    kept.append(place / "cache" / "features" / COPY / "frames.f32")  # of a storage location: no lock is next to it
    for path in kept:
        path.write(b"kept")
        for old in (path, path.parent):
            os.utime(old, (1e9, 1e9))
    assert main(["prune", "--older-than", "1h"]) == 0
    assert [path.exists() for path in kept] == [True] * 4


def test_copies_that_were_killed_are_removed_after_a_day(place, capsys):
    old, new = place / "cache" / "features" / f".{COPY}.part", place / "cache" / "synthetic" / ".making-abcd"
    for path in (old, new):
        (path / "file").write(b"half")
    for path in (old / "file", old):
        os.utime(path, (time.time() - 90_000,) * 2)
    assert main(["prune"]) == 0
    assert rows(capsys.readouterr().out)["files of killed processes"] == [1, "4 B"]
    assert not old.exists()
    assert new.exists()


def test_a_folder_in_which_no_study_was_run_is_refused(place, capsys):
    mine = place / "mine" / "checkpoints" / f"{COPY}.pt"
    mine.write(b"weights")
    assert main(["prune", "--storage", "mine"]) == 2
    assert "mine: no study was run here" in capsys.readouterr().err
    assert mine.exists()


def test_rays_folders_of_ended_studies_are_removed_and_others_kept(place, capsys):
    ended, alive = place / "ray" / "gce-ray-1-abcdefgh", place / "ray" / "gce-ray-2-abcdefgh"
    for folder in (ended, alive):
        (folder / "session_1" / "logs" / "raylet.out").write(b"log")
        acquire(folder / "owner.lock").release()
    held = acquire(alive / "owner.lock")
    assert main(["prune", "--study", "rain"]) == 0
    assert ended.exists()
    capsys.readouterr()
    assert main(["prune"]) == 0
    assert rows(capsys.readouterr().out) == {"Ray's folders of ended studies": [1, "3 B"]}
    assert not ended.exists()
    assert (alive / "session_1").exists()
    held.release()


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--storage", "nowhere"], "nowhere: no such storage location"),
        (["--study", "rian"], "results: no study named 'rian' (did you mean rain?)"),
    ],
)
def test_a_place_or_study_that_does_not_exist_is_refused(options, expected, capsys):
    assert main(["prune", *options]) == 2
    assert expected in capsys.readouterr().err
