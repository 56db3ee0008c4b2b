"""A CSV that is not UTF-8 text is refused; the message names what it is, and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trainables.datasets.csv_files.header import plain
from trainables.datasets.csv_files.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = plain("path", "label")
TEXT = "path,label\n1.wav,dog\n2.wav,Glöckchen\n"


def problems(folder: Path, content: bytes) -> list[str]:
    """Return the problems of a file with this content."""
    (folder / "data.csv").write_bytes(content)
    return read_rows(folder / "data.csv", COLUMNS)[1]


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    rows, found = read_rows(tmp_path / "data.csv", COLUMNS)
    assert found == []
    assert [row.values for row in rows] == [{"path": "1.wav", "label": "dog"}, {"path": "2.wav", "label": "Glöckchen"}]


def test_a_byte_that_is_not_utf8_names_the_row(tmp_path: Path) -> None:
    assert problems(tmp_path, TEXT.encode("latin-1")) == ["data.csv:3: byte 0xf6 is not UTF-8; save the file as UTF-8"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_another_encoding_is_named_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    assert problems(tmp_path, TEXT.encode(encoding)) == [
        f"data.csv: encoded as {encoding[:6].upper()}; save the file as UTF-8"
    ]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04", "a zip archive, as .xlsx and .ods files are; "),
        (b"\xd0\xcf\x11\xe0", "an old Office document, as .xls files are; "),
        (b"%PDF", "a PDF; "),
    ],
)
def test_a_file_that_is_no_csv_is_named_by_its_content(tmp_path: Path, start: bytes, kind: str) -> None:
    assert problems(tmp_path, start + bytes(range(200))) == [
        f"data.csv: {kind}export the table as CSV in UTF-8, separated by commas"
    ]


def test_a_nul_byte_names_the_row(tmp_path: Path) -> None:
    assert problems(tmp_path, TEXT.encode() + b"5.wav,d\0g\n") == [
        "data.csv:4: a NUL byte: the file is damaged, or is not text"
    ]
