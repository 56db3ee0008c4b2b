"""A review becomes a new manifest, or every problem of it is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainables.datasets.manifest import POOL, Clip, DataSetError, Manifest
from trainables.datasets.review import Decision, injected, read_review, reviewed

CLIPS = (
    Clip("a.wav", "Rain", "train", verified=False, true_label="Wind"),
    Clip("b.wav", "Rain", "train", verified=False),
    Clip("=c.wav", "Wind", "train", verified=False),
    Clip("d.wav", "Wind", "train", verified=False),
    Clip("t.wav", "Rain", "test", verified=True),
    Clip("u.wav", "Wind", "test", verified=True),
)
DATA = Manifest("sounds", "csv", Path("x"), CLIPS, digests=("0",) * 6)


def _review(folder: Path, *rows: str, header: str = "path,label,suggested,decision,new_label") -> dict[str, Decision]:
    path = folder / "review.csv"
    path.write_text("\n".join([header, *rows]))
    return read_review(path, DATA)


def _problems(folder: Path, *rows: str, header: str = "path,label,suggested,decision,new_label") -> list[str]:
    with pytest.raises(DataSetError) as caught:
        _review(folder, *rows, header=header)
    return caught.value.problems


def test_each_decision_is_read_and_rows_without_one_are_left_alone(tmp_path: Path) -> None:
    rows = ("a.wav,Rain,Wind,relabel,", "b.wav,Rain,Wind,keep,", "=c.wav,Wind,Rain, DROP ,", "d.wav,Wind,Rain,,")
    assert _review(tmp_path, *rows) == {
        "a.wav": Decision("relabel", "Wind"),
        "b.wav": Decision("keep", "Rain"),
        "=c.wav": Decision("drop", "Wind"),
    }


def test_the_new_label_wins_over_the_suggested_one(tmp_path: Path) -> None:
    assert _review(tmp_path, "a.wav,Rain,Rain,relabel,Wind") == {"a.wav": Decision("relabel", "Wind")}


def test_the_quote_that_keeps_a_spreadsheet_from_calculating_is_dropped(tmp_path: Path) -> None:
    assert _review(tmp_path, "'=c.wav,Wind,Rain,keep,") == {"=c.wav": Decision("keep", "Wind")}


def test_every_problem_is_listed_with_its_line(tmp_path: Path) -> None:
    rows = (
        "a.wav,Rain,Wind,delete,",
        "b.wav,Wind,Rain,keep,",
        "z.wav,Rain,Wind,keep,",
        "t.wav,Rain,Wind,keep,",
        "d.wav,Wind,Wind,relabel,",
        "=c.wav,Wind,Rain,relabel,Snow",
        "d.wav,Wind,Rain,keep,",
    )
    assert _problems(tmp_path, *rows) == [
        "review.csv:2: decision 'delete'; allowed: keep, relabel, drop, or empty",
        "review.csv:3: label 'Wind': in the data set this clip has the label 'Rain'",
        "review.csv:4: path 'z.wav' is no training clip of this data set",
        "review.csv:5: path 't.wav' is no training clip of this data set",
        "review.csv:6: decision 'relabel' without a label in the column new_label, and no other label is suggested",
        "review.csv:7: new_label 'Snow' is not a label of this data set",
        "review.csv:8: path 'd.wav' is also in line 6",
    ]


def test_a_review_without_a_decision_is_refused(tmp_path: Path) -> None:
    expected = ["review.csv: no decisions; write keep, relabel or drop in the column decision"]
    assert _problems(tmp_path, "a.wav,Rain,Wind,,") == expected


def test_a_review_that_empties_a_class_is_refused(tmp_path: Path) -> None:
    rows = ("=c.wav,Wind,Rain,drop,", "d.wav,Wind,Rain,relabel,")
    assert _problems(tmp_path, *rows) == ["review.csv: leaves 1 class without training clips: Wind"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    assert "no column decision" in _problems(tmp_path, "a.wav,Rain", header="path,label")[0]


def test_dropped_clips_go_and_the_others_that_were_judged_become_verified() -> None:
    decisions = {"a.wav": Decision("relabel", "Wind"), "b.wav": Decision("keep", "Rain"), "d.wav": Decision("drop", "")}
    after = reviewed(DATA, decisions)
    assert [(clip.path, clip.label, clip.verified) for clip in after.of("train")] == [
        ("a.wav", "Wind", True),
        ("b.wav", "Rain", True),
        ("=c.wav", "Wind", False),
    ]
    assert after.of("test") == DATA.of("test")


def test_the_known_truth_stays() -> None:
    assert reviewed(DATA, {"a.wav": Decision("relabel", "Wind")}).clips[0].true_label == "Wind"


def test_injected_sounds_are_counted() -> None:
    outside = Clip(f"{POOL}x.wav", "Rain", "train", verified=False)
    assert injected(Manifest("sounds", "csv", Path("x"), (*CLIPS, outside))) == 1
    assert injected(DATA) == 0
