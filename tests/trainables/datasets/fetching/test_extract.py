"""Unpacking a zip: nothing unsafe, and all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZipFile, ZipInfo

import pytest

from trainables.datasets.fetching.archives import extract
from trainables.datasets.manifest import DataSetError

if TYPE_CHECKING:
    from pathlib import Path


def packed(folder: Path, *members: str | ZipInfo) -> Path:
    with ZipFile(folder / "top.zip", "w") as zipped:
        for member in members:
            zipped.writestr(member, b"a" * 100)
    return folder / "top.zip"


def refused(archive: Path) -> list[str]:
    root = archive.parent / "root"
    root.mkdir()
    with pytest.raises(DataSetError) as caught:
        extract(archive, root, "top")
    assert list(root.iterdir()) == []
    assert sorted(p.name for p in archive.parent.iterdir()) == ["root", "top.zip"]
    return caught.value.problems


def link() -> ZipInfo:
    info = ZipInfo("top/link")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ("top/../../x", "member 'top/../../x' leaves the folder ('..')"),
        ("/etc/x", "member '/etc/x' is absolute"),
        ("C:/x", "member 'C:/x' is absolute"),
        ("other/x", "member 'other/x' is not in the folder top"),
        ("top/a\\b", "member 'top/a\\b' holds a backslash"),
        (link(), "member 'top/link' is a symbolic link"),
    ],
)
def test_an_unsafe_zip_is_refused(tmp_path: Path, member: str | ZipInfo, problem: str) -> None:
    assert refused(packed(tmp_path, "top/a", member)) == [f"top.zip: {problem}"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("again", ["top/a", "top/./a"])
def test_a_member_that_is_there_twice_is_refused(tmp_path: Path, again: str) -> None:
    assert refused(packed(tmp_path, "top/a", again)) == [
        f"top.zip: member '{name}' occurs 2 times" for name in ("top/a", again)
    ]


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path, "top/a", "top/b")
    archive.write_bytes(archive.read_bytes().replace(b"aaaa", b"aaab", 1))
    assert "damaged: Bad CRC-32" in refused(archive)[0]


def test_a_new_folder_is_put_in_its_place_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: pytest.fail("moved file by file"))
    archive = packed(tmp_path, "top/", "top/a", "top/b/c")
    assert extract(archive, tmp_path, "top") == 2
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "b", "c", "top", "top.zip"]


def test_a_folder_that_is_there_keeps_what_the_zip_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    for name in ("a", "mine"):
        (tmp_path / "top" / name).write_text("old")
    extract(packed(tmp_path, "top/a", "top/b/c"), tmp_path, "top")
    assert [(tmp_path / "top" / name).read_text()[:3] for name in ("a", "b/c", "mine")] == ["aaa", "aaa", "old"]


def test_a_zip_without_files_is_no_fault(tmp_path: Path) -> None:
    assert extract(packed(tmp_path), tmp_path, "top") == 0
