from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from trainables.audio.errors import AudioError
from trainables.audio.headers import Probe, probe
from trainables.datasets import load as load_module
from trainables.datasets.config import CSV
from trainables.datasets.load import compare_contents, leave_out, leave_out_silent, load, with_digests
from trainables.datasets.manifest import DataSetError, Manifest, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "path,label,split,verified\n"
GOOD = HEADER + "a/1.wav,dog,train,1\na/2.wav,cat,train,0\na/3.wav,dog,test,\na/4.wav,cat,test,\n"


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture
def good(tmp_path: Path, make_wav: Callable[..., Path]) -> Path:
    for i in range(1, 5):
        make_wav(tmp_path / f"a/{i}.wav", seed=i)
    return table(tmp_path, GOOD)


def checked(path: Path, skip_bad_clips: int = 0) -> Manifest:
    manifest = load(CSV(kind="csv", path=str(path)), path.parent / "cache")
    return with_digests(manifest, path.parent / "cache", skip_bad_clips=skip_bad_clips)


def file_problems(path: Path, skip_bad_clips: int = 0) -> list[str]:
    with pytest.raises(DataSetError) as caught:
        checked(path, skip_bad_clips)
    return caught.value.problems


def test_an_unknown_test_label_names_the_row(good: Path) -> None:
    table(good.parent, GOOD + "a/5.wav,fox,test,\n")
    assert file_problems(good)[0] == "data.csv:6: a/5.wav: unknown label 'fox': no training clip has it"


def test_columns_that_mean_nothing_to_training_leave_the_fingerprint_as_it_is(good: Path) -> None:
    before = checked(good).fingerprint
    more = [f"{row},{more}" for row, more in zip(GOOD.split(), ("fold,recording,class", *["1,7,x"] * 4), strict=True)]
    table(good.parent, "\n".join(more))
    assert checked(good).fingerprint == before


def test_one_class_only(good: Path) -> None:
    table(good.parent, GOOD.replace("cat", "dog"))
    assert file_problems(good) == ["data: one class only ('dog'); at least 2 are needed"]


def test_no_test_clips(good: Path) -> None:
    table(good.parent, GOOD.replace("test,", "train,1"))
    assert file_problems(good) == ["data: no test clips"]


def test_problems_of_rows_classes_and_files_come_together(good: Path) -> None:
    table(good.parent, GOOD + "a/5.wav,fox,test,\nb.wav,dog,nowhere,1\na/6.wav,dog,train,1\n")
    assert file_problems(good, skip_bad_clips=9) == [
        "data.csv:7: split 'nowhere' is neither train nor test",
        "data.csv:6: a/5.wav: unknown label 'fox': no training clip has it",
        "data.csv:6: a/5.wav: no such file",
        "data.csv:8: a/6.wav: no such file",
    ]


def test_bad_files_are_named_with_their_rows(good: Path, tmp_path: Path) -> None:
    (tmp_path / "a/1.wav").unlink()
    (tmp_path / "a/2.wav").write_bytes(b"")
    (tmp_path / "a/3.wav").write_text("text")
    data = (tmp_path / "a/4.wav").read_bytes()
    (tmp_path / "a/4.wav").write_bytes(data[:2044])
    assert file_problems(good) == [
        "data.csv:2: a/1.wav: no such file",
        "data.csv:3: a/2.wav: zero bytes",
        "data.csv:4: a/3.wav: not a readable sound file (Format not recognised)",
        "data.csv:5: a/4.wav: truncated: the header promises 2000 samples, 1000 could be read",
    ]


def test_a_missing_file_that_is_there_under_another_encoding_of_accents_is_named(good: Path, tmp_path: Path) -> None:
    (tmp_path / "a/1.wav").rename(tmp_path / "a/cafe\u0301.wav")
    table(tmp_path, GOOD.replace("a/1.wav", "a/caf\u00e9.wav"))
    assert file_problems(good) == [
        (
            "data.csv:2: a/caf\u00e9.wav: no such file, but there is one whose name differs only in how accents "
            f"are encoded (Unicode NFC or NFD): '{tmp_path}/a/cafe\\u0301.wav'; rename it, or copy its name from there"
        )
    ]


def test_labels_that_differ_only_in_the_encoding_of_accents_are_named_with_their_rows(good: Path) -> None:
    table(good.parent, GOOD.replace("cat,train", "caf\u00e9,train").replace("cat,test", "cafe\u0301,test"))
    assert file_problems(good) == [
        (
            "labels 'caf\u00e9' (data.csv:3) and 'cafe\u0301' (data.csv:5) differ only in how accents "
            "are encoded (Unicode NFC or NFD); write both in the same way"
        )
    ]


def test_a_link_that_leaves_the_root(tmp_path: Path, make_wav: Callable[..., Path]) -> None:
    outside = make_wav(tmp_path / "outside.wav")
    for i in range(1, 5):
        make_wav(tmp_path / f"root/a/{i}.wav", seed=i)
    path = table(tmp_path / "root", GOOD)
    (tmp_path / "root/a/2.wav").unlink()
    (tmp_path / "root/a/2.wav").symlink_to(outside)
    assert file_problems(path) == [f"data.csv:3: a/2.wav: leaves the root: it leads to {outside.resolve()}"]
    (tmp_path / "root/a/2.wav").unlink()
    (tmp_path / "root/a/2.wav").symlink_to("1.wav")  # a link that stays inside is fine
    assert len(checked(path).digests) == 4


def test_links_in_a_circle(good: Path, tmp_path: Path) -> None:
    (tmp_path / "a/2.wav").unlink()
    (tmp_path / "a/2.wav").symlink_to("2.wav")
    assert file_problems(good)[0].startswith("data.csv:3: a/2.wav: cannot be read: ")


def test_bad_clips_are_skipped_up_to_the_number_allowed(
    good: Path, tmp_path: Path, make_wav: Callable[..., Path]
) -> None:
    make_wav(tmp_path / "a/6.wav")
    table(tmp_path, GOOD + "a/5.wav,dog,train,1\na/6.wav,cat,train,1\na/7.wav,dog,test,1\n")
    manifest = checked(good, skip_bad_clips=2)
    assert manifest.skipped == (("a/5.wav", "no such file"), ("a/7.wav", "no such file"))
    assert [c.path for c in manifest.clips] == ["a/1.wav", "a/2.wav", "a/3.wav", "a/4.wav", "a/6.wav"]
    assert len(manifest.fingerprint) == 20
    assert file_problems(good, skip_bad_clips=1)[-1] == "2 bad clips; --skip-bad-clips allows 1"
    assert file_problems(good) == ["data.csv:6: a/5.wav: no such file", "data.csv:8: a/7.wav: no such file"]


def test_skipping_counts_what_was_left_out_before(good: Path, tmp_path: Path) -> None:
    table(tmp_path, GOOD + "a/5.wav,dog,train,1\n")
    manifest = checked(good, skip_bad_clips=1)
    with pytest.raises(DataSetError, match="2 bad clips; --skip-bad-clips allows 1"):
        leave_out(manifest, {"a/1.wav": "NaN"}, 1)


def test_skipping_may_not_empty_a_class(good: Path, tmp_path: Path) -> None:
    (tmp_path / "a/2.wav").unlink()
    assert file_problems(good, skip_bad_clips=5) == [
        "after leaving out 1 bad clips: data.csv:5: a/4.wav: unknown label 'cat': no training clip has it"
    ]


def test_absent_audio_is_one_problem_and_not_thousands(tmp_path: Path) -> None:
    rows = "".join(f"{i}.wav,{'dog' if i % 2 else 'cat'},{'test' if i < 10 else 'train'},1\n" for i in range(50))
    assert file_problems(table(tmp_path, HEADER + rows)) == [f"{tmp_path}: none of its 50 files exists"]


def test_many_files_of_a_folder_with_the_same_problem_are_one_line(tmp_path: Path) -> None:
    rows = "".join(f"{k}/{i}.wav,{k},{'test' if i < 3 else 'train'},1\n" for k in ("cat", "dog") for i in range(30))
    (tmp_path / "outside.wav").write_bytes(b"x")
    for i in range(30):
        path = tmp_path / f"set/dog/{i}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(tmp_path / "outside.wav") if i < 25 else path.touch()
    assert file_problems(table(tmp_path / "set", HEADER + rows)) == [
        "cat: none of its 30 files exists",
        "25 problems of this kind: data.csv:32: dog/0.wav: leaves the root: it leads to "
        + str((tmp_path / "outside.wav").resolve()),
        *(f"data.csv:{32 + i}: dog/{i}.wav: zero bytes" for i in range(25, 30)),
    ]


def test_an_overlong_name_is_a_problem_of_its_row(good: Path) -> None:
    name = "x" * 300 + ".wav"
    table(good.parent, GOOD + f"{name},dog,train,1\n")
    assert file_problems(good) == [f"data.csv:6: {name}: cannot be read: File name too long"]


def test_the_fingerprint_follows_content_and_labels_but_not_the_folder(
    good: Path, tmp_path: Path, make_wav: Callable[..., Path]
) -> None:
    before = checked(good).fingerprint
    moved = tmp_path / "elsewhere"
    (tmp_path / "a").rename(tmp_path / "b")
    moved.mkdir()
    (tmp_path / "b").rename(moved / "a")
    path = table(moved, GOOD)
    assert checked(path).fingerprint == before
    make_wav(moved / "a/1.wav", seed=77)
    changed = checked(path).fingerprint
    assert changed != before
    table(moved, GOOD.replace("train,0", "train,1"))
    assert checked(path).fingerprint not in {before, changed}


def test_unchanged_files_are_not_read_again(good: Path, tmp_path: Path, make_wav: Callable[..., Path]) -> None:
    first = checked(good)
    path = tmp_path / "a/1.wav"
    status = path.stat()
    make_wav(path, seed=77)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # same size, same time: taken as unchanged
    assert checked(good).digests == first.digests
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    assert checked(good).digests != first.digests


def test_a_damaged_digest_cache_is_made_again(good: Path, tmp_path: Path) -> None:
    first = checked(good)
    for damage in (b"{", b"[]", b'{"x": 1}', b'{"x": [1]}', b'{"version": 2, "files": {"x": [1]}}'):
        (tmp_path / "cache/digests.json").write_bytes(damage)
        assert checked(good).digests == first.digests


def test_digests_of_another_version_are_not_used(good: Path, tmp_path: Path) -> None:
    first = checked(good)
    store = tmp_path / "cache/digests.json"
    value = json.loads(store.read_bytes())
    assert value["version"] == 2
    wrong = {key: [size, time, "0" * 32, ""] for key, (size, time, _, _) in value["files"].items()}
    for version, expected in ((2, ("0" * 32,) * 4), (1, first.digests)):
        store.write_text(json.dumps({"version": version, "files": wrong}))
        assert checked(good).digests == expected


def test_silent_clips_are_found_and_stay_usable_also_where_the_files_are_not_read_again(
    good: Path, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a/2.wav", np.zeros(2000), 44_100)
    soundfile.write(tmp_path / "a/3.wav", np.array([0.25]), 44_100)
    expected = {"a/2.wav": "silent: every sample is 0", "a/3.wav": "a single sample"}
    for manifest in (checked(good), checked(good)):
        assert manifest.silent_clips == expected
        assert len(manifest.clips) == 4


def test_silent_clips_are_left_out_on_request_with_their_reason(good: Path, tmp_path: Path) -> None:
    table(tmp_path, GOOD + "a/5.wav,dog,train,1\n")
    soundfile.write(tmp_path / "a/5.wav", np.full(2000, 0.25), 44_100)
    kept = leave_out_silent(checked(good))
    assert [clip.path for clip in kept.clips] == ["a/1.wav", "a/2.wav", "a/3.wav", "a/4.wav"]
    assert kept.skipped == (("a/5.wav", "constant: every sample is 0.25"),)
    assert kept.silent_clips == {}


def test_leaving_out_silent_clips_may_not_empty_a_class(good: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a/2.wav", np.zeros(2000), 44_100)
    with pytest.raises(DataSetError) as caught:
        leave_out_silent(checked(good))
    assert caught.value.problems == [
        "after leaving out 1 silent clip: data.csv:5: a/4.wav: unknown label 'cat': no training clip has it"
    ]


def test_equal_contents_are_recognised_without_reading_files_of_other_sizes(good: Path, tmp_path: Path) -> None:
    (tmp_path / "a/4.wav").write_bytes((tmp_path / "a/1.wav").read_bytes())
    soundfile.write(tmp_path / "a/3.wav", np.zeros(9), 44_100)
    manifest = load(CSV(kind="csv", path=str(good)), tmp_path)
    compared = compare_contents(manifest, {"a/1.wav", "a/3.wav", "a/4.wav"})
    first, unusable, other_size, copy = compared.digests
    assert first == copy
    assert (unusable, other_size) == ("a/2.wav", "a/3.wav")
    assert compared.silent_clips == {"a/3.wav": "silent: every sample is 0"}


def test_a_failure_is_looked_for_again(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> Probe:
        reason = "cannot be read: Input/output error"
        if path.name == "2.wav":
            raise AudioError(reason)
        return probe(path)

    with monkeypatch.context() as patch:
        patch.setattr(load_module, "probe", fail)
        assert file_problems(good) == ["data.csv:3: a/2.wav: cannot be read: Input/output error"]
    files = json.loads((tmp_path / "cache/digests.json").read_bytes())["files"]
    assert sorted(key.rpartition("/")[2] for key in files) == ["1.wav", "3.wav", "4.wav"]
    assert len(checked(good).digests) == 4


def test_a_manifest_survives_json(good: Path) -> None:
    manifest = checked(good)
    assert from_json(to_json(manifest)) == manifest


def test_a_home_folder_is_expanded(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(good.parent))
    assert load(CSV(kind="csv", path="~/data.csv"), good.parent).root == good.parent
    manifest = load(CSV(kind="csv", path="~/data.csv", root="~/a"), good.parent)
    assert manifest.root == good.parent / "a"
