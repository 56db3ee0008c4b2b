"""The columns of a CSV as people have them: other names, none for verified, two files, several labels in a cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainables.datasets.keys import Folds
from trainables.datasets.kinds.csv_manifest import COLUMNS, parse, write
from trainables.datasets.manifest import Clip, checked

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "path,label,split,verified\na/1.wav,dog,train,1\na/2.wav,cat,train,0\na/3.wav,dog,test,\na/4.wav,cat,test,\n"
REUSED = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def table(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text)
    return path


def problems(path: Path) -> list[str]:
    return parse(path)[1]


KNOWN = {column.name: column.names for column in COLUMNS}


@REUSED
@given(data=st.data())
def test_a_known_name_of_a_column_in_any_place_reads_as_its_standard_name(tmp_path: Path, data: st.DataObject) -> None:
    values = {"path": "a.wav", "label": "dog", "split": "train", "verified": "0", "recording": "9"}
    names = {column: data.draw(st.sampled_from(KNOWN[column]), label=column) for column in values}
    order = data.draw(st.permutations(sorted(values)))
    text = ",".join(names[column] for column in order) + "\n" + ",".join(values[column] for column in order) + "\n"
    (clip,) = checked(parse(table(tmp_path, text))).clips
    assert clip == Clip("a.wav", "dog", "train", verified=False, row="data.csv:2", recording="9")
    assert clip.recording == "9"


def test_columns_of_other_names_are_read_by_these_names(tmp_path: Path) -> None:
    path = table(tmp_path, "file,label,kind,part\na.wav,1,dog,train\n")
    (clip,) = checked(parse(path, names={"path": "file", "label": "kind", "split": "part"})).clips
    assert (clip.path, clip.label, clip.split) == ("a.wav", "dog", "train")


def test_a_named_column_is_read_beside_all_the_standard_ones(tmp_path: Path) -> None:
    path = table(tmp_path, "path,label,split,verified,species\na.wav,7,train,1,frog\n")
    assert checked(parse(path, names={"label": "species"})).clips[0].label == "frog"


def test_a_named_column_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    manifest, found = parse(table(tmp_path, GOOD), names={"label": "kind", "verified": "checked"})
    assert manifest.clips == ()
    assert found == [
        "data.csv:1: no column kind, checked; required: path,kind,split,checked; found: path,label,split,verified"
    ]


def test_without_verified_every_training_label_is_unverified_and_the_manifest_notes_it(tmp_path: Path) -> None:
    manifest = checked(parse(table(tmp_path, "path,label,split\n1.wav,dog,train\n2.wav,dog,test\n")))
    assert [clip.verified for clip in manifest.clips] == [False, True]
    assert manifest.notes == ("no column verified: every training label counts as unverified",)
    assert checked(parse(table(tmp_path, GOOD))).notes == ()


def test_the_test_clips_may_have_a_csv_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("fname,label,manually_verified\na/1.wav,dog,1\na/2.wav,cat,0\n")
    (tmp_path / "test.csv").write_text("fname,label,usage\nb/1.wav,dog,Public\n")
    manifest = checked(parse(tmp_path / "train.csv", test=tmp_path / "test.csv"))
    assert [(c.path, c.split, c.verified, c.row) for c in manifest.clips] == [
        ("a/1.wav", "train", True, "train.csv:2"),
        ("a/2.wav", "train", False, "train.csv:3"),
        ("b/1.wav", "test", True, "test.csv:2"),
    ]
    assert manifest.notes == ()


def test_problems_of_two_csvs_are_listed_together_and_tell_equal_names_apart(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
    (tmp_path / "train/list.csv").write_text("path,label,split\n1.wav,dog,test\n/2.wav,dog,train\n3.wav,dog,\n")
    (tmp_path / "test/list.csv").write_text("path,label\n3.wav,dog\n4.wav,\n")
    assert parse(tmp_path / "train/list.csv", test=tmp_path / "test/list.csv")[1] == [
        "train/list.csv:2: split 'test' in the list of training clips",
        "train/list.csv:3: the path '/2.wav' is absolute; it must be relative to the root",
        "test/list.csv:2: 3.wav: in test and in train (train/list.csv:4)",
        "test/list.csv:3: the label is empty",
    ]


def test_folds_and_a_csv_of_test_clips_are_refused_together(tmp_path: Path) -> None:
    path = table(tmp_path, "path,label,fold\n1.wav,dog,1\n2.wav,dog,2\n")
    found = parse(path, None, Folds(test=("1",)), test=path)[1]
    assert found[-1] == "folds and test_path both name the test clips; use one of them"


@pytest.mark.parametrize("label", ['"dog,cat"', '"dog, cat"', "dog;cat", "\"['dog', 'cat']\""])
def test_several_labels_in_one_cell_are_refused(tmp_path: Path, label: str) -> None:
    (problem,) = problems(table(tmp_path, GOOD + f"5.wav,{label},train,1\n"))
    assert problem.endswith("is 2 labels; only clips with one label each can be used")


def test_a_label_with_a_comma_is_one_label_if_its_parts_are_none(tmp_path: Path) -> None:
    manifest = checked(parse(table(tmp_path, GOOD + '5.wav,"dog, small",train,1\n')))
    assert manifest.clips[-1].label == "dog, small"


def test_a_list_whose_folds_are_tested_in_turn_is_written_with_each_sound_once_and_reads_back(tmp_path: Path) -> None:
    path = table(tmp_path, "path,label,verified,fold,fsID\n1.wav,dog,1,1,7\n2.wav,cat,0,2,8\n3.wav,dog,1,2,9\n")
    manifest = checked(parse(path, None, Folds(test="all")))
    write(manifest, tmp_path / "written.csv")
    assert (tmp_path / "written.csv").read_text().splitlines()[:2] == [
        "path,label,verified,noisy_small,fold,recording",
        "1.wav,dog,1,0,1,7",
    ]
    again = checked(parse(tmp_path / "written.csv", None, Folds(test="all")))
    assert [replace(clip, row="") for clip in again.clips] == [replace(clip, row="") for clip in manifest.clips]
