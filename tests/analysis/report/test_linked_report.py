"""A report is written into its study's folder, wherever links in that folder lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.report.write import write_report
from trainables.storage.rooted_path import UnsafePathError

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """Return an empty storage location, beside a folder with a file of somebody else."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "report.html").write_text("mine")
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


@pytest.mark.slow
def test_a_link_in_place_of_the_folder_is_refused_and_its_target_stays(full_study: Builder, storage: Path) -> None:
    name, outside = full_study.write(storage), storage.parent / "outside"
    (storage / "studies" / name / "report").symlink_to(outside)
    with pytest.raises(UnsafePathError, match="a symbolic link"):
        write_report(storage, name)
    assert [file.name for file in outside.iterdir()] == ["report.html"]
    assert (outside / "report.html").read_text() == "mine"


@pytest.mark.slow
def test_a_link_in_place_of_a_file_is_replaced_and_its_target_stays(full_study: Builder, storage: Path) -> None:
    name, outside = full_study.write(storage), storage.parent / "outside"
    link = storage / "studies" / name / "report" / "report.html"
    link.parent.mkdir()
    link.symlink_to(outside / "report.html")
    write_report(storage, name)
    assert not link.is_symlink()
    assert (outside / "report.html").read_text() == "mine"


@pytest.mark.slow
def test_the_folder_that_a_reader_names_may_be_a_link(full_study: Builder, storage: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    write_report(storage, full_study.write(storage), tmp_path / "link")
    assert (tmp_path / "outside" / "report.html").read_text().startswith("<!doctype html>")
