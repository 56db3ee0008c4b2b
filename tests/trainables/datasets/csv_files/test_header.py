"""A header that differs from the one required is refused; the message names the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trainables.datasets.csv_files.rows import read_rows
from trainables.datasets.kinds.csv_manifest import REQUIRED

if TYPE_CHECKING:
    from pathlib import Path


def problems(folder: Path, content: bytes) -> list[str]:
    """Return the problems of a file with this content."""
    (folder / "data.csv").write_bytes(content)
    return read_rows(folder / "data.csv", REQUIRED)[1]


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
            "path,la\x1bbel,split",
            "no column label, verified; required: path,label,split,verified; found: 'path,la\\x1bbel,split'",
        ),
        ("path,label,path,split,verified", "column 'path' occurs twice"),
    ],
)
def test_a_header_that_differs_states_how(tmp_path: Path, header: str, problem: str) -> None:
    assert problems(tmp_path, f"{header}\n1.wav;dog;train;1\n".encode()) == [f"data.csv:1: {problem}"]


def test_missing_column(tmp_path: Path) -> None:
    assert problems(tmp_path, b"path,class,split,verified\n1.wav,dog,train,1\n") == [
        "data.csv:1: no column label; required: path,label,split,verified; found: path,class,split,verified"
    ]
