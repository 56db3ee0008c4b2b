"""A header that differs from the one required is refused; the message names the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trainables.datasets.csv_files.header import plain
from trainables.datasets.csv_files.rows import read_rows
from trainables.datasets.kinds.csv_manifest import COLUMNS, STANDARD

if TYPE_CHECKING:
    from pathlib import Path


def problems(folder: Path, content: bytes) -> list[str]:
    """Return the problems of a file with this content."""
    (folder / "data.csv").write_bytes(content)
    return read_rows(folder / "data.csv", COLUMNS, STANDARD)[1]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("path;label;split;verified", "the values are separated by semicolons; separate them with commas"),
        ('"path";"label";"split";"verified"', "the values are separated by semicolons; separate them with commas"),
        ("path\tlabel\tsplit\tverified", "the values are separated by tabs; separate them with commas"),
        ("path|label|split|verified", "the values are separated by vertical bars; separate them with commas"),
        ("sep=;", "the line 'sep=;' is a hint to Excel; delete it, and separate the values with commas"),
        ("sep=,", "the line 'sep=,' is a hint to Excel; delete it, and separate the values with commas"),
        ('"path,label,split,verified"', "the whole line is in quotes; quote only single values"),
        (
            "path, label, split ,verified",
            "spaces around the column names (' label', ' split '); remove them, also around the values",
        ),
        (
            "'path','label',split,verified",
            "quotes or invisible characters around the column names (''path'', ''label''); remove them",
        ),
        (
            "path,\u200blabel,split,verified",
            "quotes or invisible characters around the column names ('\\u200blabel'); remove them",
        ),
        ("Path,LABEL,split,verified", "column names must be lower case, found 'Path', 'LABEL'"),
        (
            "path,kl\x1bass,spl",
            (
                "no column label (or category, class), split; required: path,label,split; found: "
                "'path,kl\\x1bass,spl'; dataset.columns takes other names; set dataset.test_path if it has no split"
            ),
        ),
        (
            "filename,fold,target,category",
            (
                "no column split; required: path,label,split; found: filename,fold,target,category; set dataset.folds "
                "if it has no split"
            ),
        ),
        ("path,label,path,split,verified", "column 'path' occurs twice"),
        (
            "path,label,split, verified",
            "spaces around the column names (' verified'); remove them, also around the values",
        ),
        ("path,Category,split,fsID", "column names must be lower case, found 'Category'"),
        ("path,label,split,Manually_Verified", "column names must be lower case, found 'Manually_Verified'"),
        (
            "fname,filename,label,split",
            "columns 'fname' and 'filename' could both be the path; choose by dataset.columns: {path: fname}",
        ),
        (
            "path,label,class,split",
            "columns 'label' and 'class' could both be the label; choose by dataset.columns: {label: label}",
        ),
        (
            "fname,labels,split",
            (
                "column 'labels': clips with several labels cannot be used, as every clip has one label here; if "
                "each has one, set dataset.columns: {label: labels}"
            ),
        ),
    ],
)
def test_a_header_that_differs_states_how(tmp_path: Path, header: str, problem: str) -> None:
    assert problems(tmp_path, f"{header}\n1.wav;dog;train;1\n".encode()) == [f"data.csv:1: {problem}"]


def test_beside_the_four_standard_columns_other_names_of_them_mean_nothing(tmp_path: Path) -> None:
    assert problems(tmp_path, b"path,filename,label,class,split,verified\n1.wav,x,dog,y,train,1\n") == []


def test_a_column_that_a_reader_does_not_know_may_be_spelled_in_any_way(tmp_path: Path) -> None:
    assert problems(tmp_path, b"path,label,split, Recording\n1.wav,dog,train,1\n") == []


def test_columns_of_one_name_are_required_by_it(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("fname,class\n1.wav,dog\n")
    assert read_rows(tmp_path / "data.csv", plain("fname", "label"))[1] == [
        "data.csv:1: no column label; required: fname,label; found: fname,class"
    ]
