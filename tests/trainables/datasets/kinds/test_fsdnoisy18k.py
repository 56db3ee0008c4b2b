from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from hashlib import md5
from typing import TYPE_CHECKING

import pytest

from trainables.datasets.kinds.fsdnoisy18k import Official, parse, verify
from trainables.datasets.manifest import DataSetError, Split, checked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRAIN = "fname,label,aso_id,manually_verified,noisy_small\n"
TEST = "fname,label,aso_id\n"
TRAIN_ROWS = ["1.wav,Rain,/m/1,1,0", "2.wav,Rain,/m/1,0,1", "3.wav,Fire,/m/2,1,0", "4.wav,Fire,/m/2,0,0"]
TEST_ROWS = ["1.wav,Rain,/m/1", "9.wav,Fire,/m/2"]


def lay_out(root: Path, train: list[str] = TRAIN_ROWS, test: list[str] = TEST_ROWS) -> Path:
    folder = root / "FSDnoisy18k.meta"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.csv").write_text(TRAIN + "".join(f"{r}\n" for r in train))
    (folder / "test.csv").write_text(TEST + "".join(f"{r}\n" for r in test))
    return root


def problems(root: Path) -> list[str]:
    with pytest.raises(DataSetError) as caught:
        checked(parse(root))
    return caught.value.problems


def official(root: Path, **changes: int) -> Official:
    splits: tuple[Split, ...] = ("train", "test")
    digests = {s: md5((root / f"FSDnoisy18k.meta/{s}.csv").read_bytes()).hexdigest() for s in splits}  # noqa: S324
    return Official(digests, **{"train": 4, "test": 2, "verified": 2, "noisy_small": 1, **changes})


@pytest.fixture
def root(tmp_path: Path, make_wav: Callable[..., Path]) -> Path:
    lay_out(tmp_path / "fsd")
    for split, rows in (("train", TRAIN_ROWS), ("test", TEST_ROWS)):
        for row in rows:
            make_wav(tmp_path / f"fsd/FSDnoisy18k.audio_{split}" / row.split(",")[0])
    return tmp_path / "fsd"


def test_a_name_in_both_splits_is_two_clips(root: Path) -> None:
    manifest = checked(parse(root))
    assert [c.path for c in manifest.clips if c.path.endswith("/1.wav")] == [
        "FSDnoisy18k.audio_train/1.wav",
        "FSDnoisy18k.audio_test/1.wav",
    ]
    assert [(c.verified, c.noisy_small) for c in manifest.clips] == [
        (True, False),
        (False, True),
        (True, False),
        (False, False),
        (True, False),
        (True, False),
    ]
    assert manifest.clips[1].row == "train.csv:3"


def test_the_real_metadata(real_data: Path) -> None:
    folder = real_data / "fsdnoisy18k-meta"
    manifest = checked(parse(folder))
    assert len(manifest.of("train")) == 17_585
    assert sum(c.verified for c in manifest.of("train")) == 1_772
    assert sum(c.noisy_small for c in manifest.of("train")) == 1_003
    both = {c.path.split("/")[1] for c in manifest.of("train")} & {c.path.split("/")[1] for c in manifest.of("test")}
    assert both == {"393581.wav", "414515.wav", "417524.wav"}
    with (folder / "class_counts.csv").open(newline="") as file:
        expected = {
            r["label"]: [int(r[k]) for k in ("clean", "noisy", "noisy_small", "test")] for r in csv.DictReader(file)
        }
    train, test = manifest.of("train"), manifest.of("test")
    clean = Counter(c.label for c in train if c.verified)
    noisy = Counter(c.label for c in train if not c.verified)
    small = Counter(c.label for c in train if c.noisy_small)
    tests = Counter(c.label for c in test)
    assert {k: [clean[k], noisy[k], small[k], tests[k]] for k in manifest.classes} == expected


def test_the_real_metadata_is_the_official_one(real_data: Path) -> None:
    assert verify(real_data / "fsdnoisy18k-meta") == [
        "FSDnoisy18k.audio_train: none of its 17,585 files exists",
        "FSDnoisy18k.audio_test: none of its 947 files exists",
    ]


def test_missing_metadata_names_both_files(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path}/FSDnoisy18k.meta/{s}.csv: no such file" for s in ("train", "test")]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("5.wav,Rain,/m/1,2,0", "5.wav: manually_verified '2' is neither 0 nor 1"),
        ("5.wav,Rain,/m/1,1,", "5.wav: noisy_small '' is neither 0 nor 1"),
        ("5.wav,,/m/1,1,0", "5.wav: the label is empty"),
        ("../5.wav,Rain,/m/1,1,0", "../5.wav: the path '../5.wav' leaves the root"),
        ("a/5.wav,Rain,/m/1,1,0", "a/5.wav: fname 'a/5.wav' is not a plain file name"),
        ("5.wav,Rain,/m/1,1", "4 values, the header has 5 columns"),
        ("1.wav,Rain,/m/1,1,0", "FSDnoisy18k.audio_train/1.wav: twice in train, first at train.csv:2"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, problem: str) -> None:
    assert problems(lay_out(tmp_path, [*TRAIN_ROWS, row])) == [f"train.csv:6: {problem}"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "FSDnoisy18k.meta/test.csv").write_text("fname,class\n1.wav,Rain\n")
    assert problems(tmp_path) == [
        "test.csv:1: no column label, aso_id; required: fname,label,aso_id; found: fname,class"
    ]


def test_truth_fills_in_the_true_labels_of_training_clips(root: Path) -> None:
    (root / "truth.csv").write_text(
        "fname,true_label,kind\n1.wav,Rain,clean\n2.wav,Fire,in_vocabulary\n4.wav,Cat,out_of_vocabulary\n"
    )
    assert [c.true_label for c in checked(parse(root)).clips] == ["Rain", "Fire", None, "", None, None]


def test_a_wrong_truth_is_named(root: Path) -> None:
    rows = [
        "1.wav,Rain,maybe",
        "2.wav,Rian,correct",
        "3.wav,Cat,out_of_vocabulary",
        "3.wav,Fire,clean",
        "9.wav,Fire,clean",
    ]
    (root / "truth.csv").write_text("\n".join(["fname,true_label,kind", *rows]))
    assert problems(root) == [
        "truth.csv:2: 1.wav: kind 'maybe' is not one of clean, correct, in_vocabulary, out_of_vocabulary",
        "truth.csv:3: 2.wav: true_label 'Rian' is not a label of train.csv",
        "truth.csv:5: 3.wav: listed twice",
        "truth.csv:6: 9.wav: not listed in train.csv",
    ]


def test_the_truth_of_the_layout_generator_is_read(real_data: Path, tmp_path: Path) -> None:
    for name, one_of in (("sounds", 10), ("pool", 100)):
        with (real_data / f"esc-{name}/meta.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[::one_of]
        (tmp_path / name).mkdir()
        with (tmp_path / name / "meta.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(r | {"fname": str(real_data / f"esc-{name}" / r["fname"])} for r in rows)
    command = [sys.executable, real_data / "make_fsd_layout.py", tmp_path / "out", "--clean-per-class", "1"]
    folders = ["--clips", tmp_path / "sounds", "--pool", tmp_path / "pool"]
    subprocess.run([*command, *folders], check=True, capture_output=True)
    train = checked(parse(tmp_path / "out")).of("train")
    with (tmp_path / "out/truth.csv").open(newline="") as file:
        foreign = {r["fname"] for r in csv.DictReader(file) if r["kind"] == "out_of_vocabulary"}
    assert len(foreign) == 4
    assert {c.path.split("/")[1] for c in train if c.true_label == ""} == foreign
    assert {c.true_label for c in train} <= {"", *(c.label for c in train)}


def test_verify_finds_nothing_in_a_whole_release(root: Path) -> None:
    assert verify(root, official(root)) == []


def test_verify_of_nothing_says_so_and_no_more(tmp_path: Path) -> None:
    assert verify(tmp_path / "no") == [f"{tmp_path}/no: no such folder"]
    assert verify(tmp_path) == [f"{tmp_path}/FSDnoisy18k.meta/{s}.csv: no such file" for s in ("train", "test")]


def test_verify_puts_many_unlisted_files_into_one_line(root: Path) -> None:
    for i in range(100, 121):
        (root / f"FSDnoisy18k.audio_train/{i}.wav").touch()
    unlisted = "21 problems of this kind: FSDnoisy18k.audio_train/100.wav: not listed in train.csv"
    assert verify(root, official(root)) == [unlisted]


def test_verify_finds_what_differs(root: Path, make_wav: Callable[..., Path]) -> None:
    expected = official(root, verified=3)
    (root / "FSDnoisy18k.audio_train/2.wav").unlink()
    make_wav(root / "FSDnoisy18k.audio_train/77.wav")
    (root / "FSDnoisy18k.audio_test/9.wav").write_bytes(b"")
    with (root / "FSDnoisy18k.meta/test.csv").open("a") as file:
        file.write("\n")
    found = verify(root, expected)
    assert re.fullmatch(r"test\.csv: MD5 \w{32}, the official one is \w{32}", found[0])
    assert found[1:] == [
        "train.csv: 2 verified clips, officially 3",
        "train.csv:3: FSDnoisy18k.audio_train/2.wav: no such file",
        "FSDnoisy18k.audio_train/77.wav: not listed in train.csv",
        "test.csv:3: FSDnoisy18k.audio_test/9.wav: zero bytes",
    ]
