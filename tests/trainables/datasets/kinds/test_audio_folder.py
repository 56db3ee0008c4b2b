"""A folder with a metadata.csv or metadata.jsonl, as Hugging Face's AudioFolder reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainables.datasets.csv_files.rows import MAX_LISTED
from trainables.datasets.kinds.folders import parse
from trainables.datasets.manifest import Manifest, checked

if TYPE_CHECKING:
    from pathlib import Path

BY_CLASS = ("train/cat/1.wav", "train/dog/1.wav", "train/dog/2.wav", "test/cat/3.wav", "test/dog/3.wav")


def sounds(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def listed(root: Path, name: str, header: str, *rows: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("\n".join([header, *rows]) + "\n")
    return root


def of(manifest: Manifest) -> list[tuple[str, str, str, bool]]:
    return [(c.path, c.label, c.split, c.verified) for c in manifest.clips]


def test_a_list_in_train_and_one_in_test_are_the_splits(tmp_path: Path) -> None:
    sounds(tmp_path, "train/a.wav", "train/b.wav", "test/a.wav")
    listed(tmp_path, "train/metadata.csv", "file_name,label", "b.wav,dog", "a.wav,dog")
    listed(tmp_path, "test/metadata.csv", "file_name,label", "a.wav,dog")
    manifest = checked(parse(tmp_path, verified=False))
    assert of(manifest) == [
        ("train/a.wav", "dog", "train", False),
        ("train/b.wav", "dog", "train", False),
        ("test/a.wav", "dog", "test", True),
    ]
    assert manifest.clips[0].row == "train/metadata.csv:3"


def test_one_list_beside_train_and_test_takes_the_split_from_the_paths(tmp_path: Path) -> None:
    sounds(tmp_path, "train/a.wav", "test/b.wav")
    listed(tmp_path, "metadata.csv", "file_name,category", "train/a.wav,dog", "test/b.wav,dog", "other/c.wav,dog")
    manifest, problems = parse(tmp_path)
    assert [(c.path, c.split) for c in manifest.clips] == [("train/a.wav", "train"), ("test/b.wav", "test")]
    assert problems == ["metadata.csv:4: 'other/c.wav': neither in train nor in test"]


def test_a_column_of_the_split_comes_before_the_folders(tmp_path: Path) -> None:
    sounds(tmp_path, "train/a.wav", "train/b.wav")
    listed(tmp_path, "metadata.csv", "file_name,label,split", "train/a.wav,dog,test", "train/b.wav,dog,train")
    assert [(c.path, c.split) for c in checked(parse(tmp_path)).clips] == [
        ("train/b.wav", "train"),
        ("train/a.wav", "test"),
    ]


def test_without_splits_a_share_of_each_class_is_held_out_by_the_seed(tmp_path: Path) -> None:
    names = [f"{i:02d}.wav" for i in range(20)]
    sounds(tmp_path, *names)
    listed(tmp_path, "metadata.csv", "file_name,label", *(f"{n},{'dog' if n < '10' else 'cat'}" for n in names))
    first, again, other = (checked(parse(tmp_path, test=0.3, test_seed=seed)) for seed in (0, 0, 1))
    assert [sum(c.label == label for c in first.of("test")) for label in ("cat", "dog")] == [3, 3]
    assert of(first) == of(again)
    assert of(first) != of(other)


def test_marks_and_truth_of_the_list_are_read(tmp_path: Path) -> None:
    sounds(tmp_path, "1.wav", "2.wav")
    listed(
        tmp_path, "metadata.csv", "file_name,label,verified,true_label,split",
        "1.wav,dog,0,cat,train", "2.wav,cat,1,,train",
    )  # fmt: skip
    assert [(c.label, c.verified, c.true_label) for c in checked(parse(tmp_path)).clips] == [
        ("cat", True, None),
        ("dog", False, "cat"),
    ]


def test_a_list_that_agrees_with_the_class_folders_gives_the_same_clips(tmp_path: Path) -> None:
    plain = checked(parse(sounds(tmp_path / "plain", *BY_CLASS)))
    root = sounds(tmp_path / "listed", *BY_CLASS)
    listed(root, "metadata.csv", "file_name,label", *(f"{name},{name.split('/')[1]}" for name in reversed(BY_CLASS)))
    assert of(checked(parse(root))) == of(plain)


@pytest.mark.parametrize(
    ("header", "row"), [("file_name,transcription", "1.wav,hello"), ("file_name,label", "elsewhere.wav,fox")]
)
def test_a_list_of_something_else_leaves_class_folders_as_they_are(tmp_path: Path, header: str, row: str) -> None:
    plain = checked(parse(sounds(tmp_path / "plain", *BY_CLASS)))
    root = listed(sounds(tmp_path / "listed", *BY_CLASS), "metadata.csv", header, row)
    assert checked(parse(root)).clips == plain.clips


def test_json_lines_are_read_like_a_csv(tmp_path: Path) -> None:
    sounds(tmp_path, "1.wav", "2.wav")
    rows = [
        {"file_name": "1.wav", "label": "dog", "verified": True, "split": "train", "more": [1]},
        {"file_name": "2.wav", "label": "dog", "verified": None, "split": "test"},
    ]
    listed(tmp_path, "metadata.jsonl", *map(json.dumps, rows))
    assert of(checked(parse(tmp_path))) == [("1.wav", "dog", "train", True), ("2.wav", "dog", "test", True)]


def test_every_bad_line_of_json_lines_is_named(tmp_path: Path) -> None:
    sounds(tmp_path, "1.wav")
    lines = ['{"file_name": "1.wav", "label": "dog"}', "", "[1]", '{"file_name": "2.wav"}', "{"]
    listed(tmp_path, "metadata.jsonl", *lines)
    assert parse(tmp_path)[1] == [
        "metadata.jsonl:3: not a JSON object",
        (
            "metadata.jsonl:4: no column label (or category, class); required: file_name,label; found: file_name; "
            "dataset.columns takes other names"
        ),
        "metadata.jsonl:5: not a JSON object",
    ]


def test_another_column_of_labels_is_read_by_its_name(tmp_path: Path) -> None:
    sounds(tmp_path, "1.wav")
    listed(tmp_path, "metadata.csv", "file_name,species,label,split", "1.wav,frog,7,train")
    assert checked(parse(tmp_path, names={"label": "species"})).clips[0].label == "frog"


def test_sounds_that_no_row_lists_are_noted(tmp_path: Path) -> None:
    sounds(tmp_path, "train/a.wav", "test/a.wav", "train/b.wav", "train/c.wav", "train/.hidden.wav")
    for split in ("train", "test"):
        listed(tmp_path, f"{split}/metadata.csv", "file_name,label", "a.wav,dog")
    assert checked(parse(tmp_path)).notes == (
        "2 sound files not listed in train/metadata.csv or test/metadata.csv are not used, such as train/b.wav",
    )


def test_many_problems_of_a_kind_are_one_line(tmp_path: Path) -> None:
    sounds(tmp_path, "0.wav")
    listed(tmp_path, "metadata.csv", "file_name,label", "0.wav,dog", *(f"/{i}.wav,dog" for i in range(MAX_LISTED + 1)))
    assert len(parse(tmp_path)[1]) == 1


ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows=st.lists(st.tuples(ANY | st.just("1.wav"), ANY), max_size=5), text=ANY)
def test_any_list_is_read_or_refused_in_printable_lines(tmp_path: Path, rows: list[tuple[str, str]], text: str) -> None:
    sounds(tmp_path, "1.wav")
    lines = [json.dumps({"file_name": path, "label": label}) for path, label in rows]
    (tmp_path / "metadata.jsonl").write_text("\n".join([*lines, text or '{"file_name": 1, "label": null}']))
    manifest, problems = parse(tmp_path)
    assert manifest.clips or problems
    assert all(line.isprintable() for line in problems)
