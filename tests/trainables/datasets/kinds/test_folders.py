from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.datasets.checks.files import notes
from trainables.datasets.config import Folder
from trainables.datasets.kinds.folders import parse
from trainables.datasets.load import load, with_digests
from trainables.datasets.manifest import DataSetError, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def fill(root: Path, counts: dict[str, int]) -> Path:
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            (root / name / f"{i}.wav").touch()
    return root


def problems(root: Path) -> list[str]:
    with pytest.raises(DataSetError) as caught:
        checked(parse(root))
    return caught.value.problems


def test_split_folders_are_the_splits(tmp_path: Path) -> None:
    fill(tmp_path, {"train/dog": 2, "train/cat": 1, "test/dog": 1, "test/cat": 1})
    manifest = checked(parse(tmp_path, verified=False))
    assert [(c.path, c.label, c.split, c.verified) for c in manifest.clips] == [
        ("train/cat/0.wav", "cat", "train", False),
        ("train/dog/0.wav", "dog", "train", False),
        ("train/dog/1.wav", "dog", "train", False),
        ("test/cat/0.wav", "cat", "test", True),
        ("test/dog/0.wav", "dog", "test", True),
    ]


def test_without_them_a_share_of_each_class_is_held_out(tmp_path: Path) -> None:
    fill(tmp_path, {"dog": 10, "cat": 20, "cow": 2})
    manifest = checked(parse(tmp_path, test=0.3, verified=False))
    held_out = [c.label for c in manifest.of("test")]
    assert {label: held_out.count(label) for label in manifest.classes} == {"cat": 6, "cow": 1, "dog": 3}
    assert all(c.verified == (c.split == "test") for c in manifest.clips)


def test_the_test_seed_matters_and_repeats(tmp_path: Path) -> None:
    fill(tmp_path, {"dog": 20, "cat": 20})
    assert checked(parse(tmp_path, test_seed=1)).of("test") == checked(parse(tmp_path, test_seed=1)).of("test")
    assert checked(parse(tmp_path, test_seed=1)).of("test") != checked(parse(tmp_path, test_seed=2)).of("test")


def test_a_larger_test_share_contains_the_smaller_one(tmp_path: Path) -> None:
    fill(tmp_path, {"dog": 20, "cat": 20})
    assert set(checked(parse(tmp_path, test=0.2)).of("test")) < set(checked(parse(tmp_path, test=0.5)).of("test"))


def test_notes_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, {"dog": 2, "cat": 2, ".git": 1})
    for name in ("README.md", "dog/licence.txt", "dog/.DS_Store"):
        (tmp_path / name).touch()
    assert len(checked(parse(tmp_path)).clips) == 4


def test_what_systems_leave_is_passed_over_wherever_it_lies_and_named_in_one_line(tmp_path: Path) -> None:
    fill(tmp_path, {"train/dog": 1, "train/cat": 1, "test/dog": 1, "test/cat": 1, "__MACOSX": 1, "@eaDir": 0})
    fill(tmp_path, {"train/dog/@eaDir": 1, "train/.ipynb_checkpoints": 1, "train/__MACOSX/dog": 1})
    for name in ("Thumbs.db", "train/Thumbs.db", "train/dog/Thumbs.db", "train/dog/desktop.ini", "test/cat/._0.wav"):
        (tmp_path / name).touch()
    manifest = checked(parse(tmp_path))
    assert [clip.path for clip in manifest.clips] == [
        "train/cat/0.wav",
        "train/dog/0.wav",
        "test/cat/0.wav",
        "test/dog/0.wav",
    ]
    assert notes(manifest) == [
        (
            "ignored, because hidden or left by a system: Thumbs.db (3 times), @eaDir (2 times), __MACOSX (2 times), "
            ".ipynb_checkpoints, 2 more"
        )
    ]


def test_class_folders_that_differ_only_in_the_encoding_of_accents_are_named(tmp_path: Path) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    fill(tmp_path / "set", {f"train/{composed}": 1, f"test/{decomposed}": 1, "train/dog": 1, "test/dog": 1})
    with pytest.raises(DataSetError) as caught:
        load(Folder(kind="folder", root=str(tmp_path / "set")), tmp_path)
    assert caught.value.problems[0] == (
        f"labels '{composed}' (train/{composed}) and '{decomposed}' (test/{decomposed}) differ only in how accents are "
        "encoded (Unicode NFC or NFD); write both in the same way"
    )
    assert not any("test clip" in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("fox ", "fox : label 'fox ' has spaces around it"),
        ("f\x1box", "'f\\x1box': label 'f\\x1box' contains an unprintable character"),
        ("(none)", "(none): label '(none)' is reserved for the true label of a sound of no class"),
    ],
)
def test_a_class_folder_whose_name_is_no_label_is_one_problem(tmp_path: Path, name: str, problem: str) -> None:
    fill(tmp_path, {"dog": 2, "cat": 2, name: 3})
    assert problems(tmp_path) == [problem]


def test_folders_that_cannot_be_read_are_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, {"dog": 2, "cat": 2, "fox": 2})
    plain = type(tmp_path).iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name in closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return plain(path)

    monkeypatch.setattr(type(tmp_path), "iterdir", iterdir)
    closed = {"fox", "dog"}
    assert problems(tmp_path) == ["dog: cannot be read: Permission denied", "fox: cannot be read: Permission denied"]
    closed = {tmp_path.name}
    assert problems(tmp_path) == [f"{tmp_path}: cannot be read: Permission denied"]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6))
def test_every_problem_of_folders_of_any_names_is_one_printable_line(names: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for label, name in names:
            with suppress(OSError, UnicodeEncodeError):  # this file system refuses the name
                (Path(folder) / label).mkdir(exist_ok=True)
                (Path(folder) / label / f"{name}.wav").touch()
        manifest, found = parse(Path(folder))
        assert manifest.clips or found
        assert all(line.isprintable() for line in found)
        assert all(clip.path.isprintable() and clip.label.isprintable() for clip in manifest.clips)
        assert not any(path.startswith("..") for path in manifest.passed_over)


@pytest.mark.parametrize(
    ("folder", "name"), [("FSD50K.ground_truth", "FSD50K"), ("FSDKaggle2019.meta", "FSDKaggle2019")]
)
def test_a_published_set_of_clips_with_several_labels_is_refused_by_name(
    tmp_path: Path, folder: str, name: str
) -> None:
    fill(tmp_path, {f"{name}.dev_audio": 2, f"{name}.eval_audio": 2, folder: 0})
    assert problems(tmp_path) == [
        f"{tmp_path}: {name} has several labels for a clip; only clips with one label each can be used"
    ]


def test_missing_folder(tmp_path: Path) -> None:
    assert problems(tmp_path / "no") == [f"{tmp_path}/no: no such folder"]


def test_folder_without_classes(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path}: no class folders"]


def test_a_flat_folder_of_clips_is_one_problem(tmp_path: Path) -> None:
    fill(tmp_path, {"flat": 30})
    (problem,) = problems(tmp_path / "flat")
    assert problem.startswith(f"no class folders: 30 sound files lie directly in {tmp_path}/flat; put each in a folder")


def test_many_files_of_one_sort_in_one_folder_are_one_problem(tmp_path: Path) -> None:
    fill(tmp_path, {"dog": 2, "cat": 2})
    for i in range(21):
        (tmp_path / f"dog/{i:02d}.m4a").touch()
    assert problems(tmp_path) == ["21 problems of this kind: dog/00.m4a: not a wav, flac, ogg or mp3 file"]


def test_what_lies_beside_train_and_test_is_not_ignored(tmp_path: Path) -> None:
    fill(tmp_path, {f"{split}/{label}": 1 for split in ("train", "test", "valid", ".git") for label in ("cat", "dog")})
    for name in ("README.md", "loose.wav"):
        (tmp_path / name).touch()
    assert problems(tmp_path) == [
        "loose.wav: neither train nor test; nothing in it would be used",
        "valid: neither train nor test; nothing in it would be used",
    ]


def test_everything_that_does_not_fit_is_listed_at_once(tmp_path: Path) -> None:
    fill(tmp_path, {"dog": 2, "cat": 0, "cow": 1, "dog/more": 1})
    (tmp_path / "dog/a.m4a").touch()
    (tmp_path / "loose.wav").touch()
    assert problems(tmp_path) == [
        "cat: an empty class: no wav, flac, ogg or mp3 file",
        "dog/a.m4a: not a wav, flac, ogg or mp3 file",
        "dog/more: a folder inside a class",
        "loose.wav: a file where class folders are expected",
    ]


def test_a_class_whose_sounds_are_in_folders_is_one_problem(tmp_path: Path) -> None:
    fill(tmp_path, {f"{label}/session{i}": 2 for label in ("cat", "dog") for i in range(9)})
    remedy = "no sounds, only folders; move the sounds up, or list them in a CSV"
    assert problems(tmp_path) == [f"cat: {remedy}", f"dog: {remedy}"]


def test_a_file_name_that_is_not_text(tmp_path: Path) -> None:
    fill(tmp_path, {"dog": 2, "cat": 2})
    try:
        (tmp_path / "dog" / os.fsdecode(b"\xff.wav")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    assert problems(tmp_path) == ["'dog/\\udcff.wav': the path contains an unprintable character"]


def test_one_class_only(tmp_path: Path) -> None:
    fill(tmp_path / "set", {"dog": 3})
    with pytest.raises(DataSetError) as caught:
        load(Folder(kind="folder", root=str(tmp_path / "set")), tmp_path)
    assert caught.value.problems[0] == "set: one class only ('dog'); at least 2 are needed"


def test_a_class_that_is_only_tested(tmp_path: Path) -> None:
    fill(tmp_path / "set", {"train/dog": 1, "train/cat": 1, "test/dog": 1, "test/fox": 1})
    with pytest.raises(DataSetError) as caught:
        load(Folder(kind="folder", root=str(tmp_path / "set")), tmp_path)
    assert caught.value.problems[:2] == [
        "set: class 'cat' has training clips but no test clip",
        "test/fox/0.wav: unknown label 'fox': no training clip has it",
    ]


@pytest.mark.parametrize("names", [["train/dog", "train/cat", "train/fox", "test/dog", "test/cat"], None])
def test_a_class_that_is_not_tested(tmp_path: Path, names: list[str] | None) -> None:
    fill(tmp_path / "set", dict.fromkeys(names, 1) if names else {"dog": 2, "cat": 2, "fox": 1})
    with pytest.raises(DataSetError) as caught:
        load(Folder(kind="folder", root=str(tmp_path / "set")), tmp_path)
    assert caught.value.problems[0] == "set: class 'fox' has training clips but no test clip"


def test_a_bad_file_is_named_by_its_path(tmp_path: Path, make_wav: Callable[..., Path]) -> None:
    for name in ("dog/1", "dog/2", "cat/1"):
        make_wav(tmp_path / "set" / f"{name}.wav")
    (tmp_path / "set/cat/2.wav").touch()
    manifest = load(Folder(kind="folder", root=str(tmp_path / "set"), test=0.5), tmp_path)
    with pytest.raises(DataSetError) as caught:
        with_digests(manifest, tmp_path / "cache")
    assert caught.value.problems == ["cat/2.wav: zero bytes"]
