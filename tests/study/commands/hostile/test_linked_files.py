"""Links in a storage location: the commands refuse them in a line that names them, and leave what they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from factories import Builder
from study.cli import main
from trainables.losses.catalogue import CCE
from trainables.plans import plan_path, study_folder
from trainables.storage.descriptors import LINK

if TYPE_CHECKING:
    from trainables.storage.folder_location import FolderLocation


@pytest.fixture
def storage(tmp_path: FolderLocation) -> FolderLocation:
    study = Builder(name="rain")
    study.add("cce", CCE(name="cce"), 0)
    study.write(tmp_path / "storage")
    return tmp_path / "storage"


@pytest.fixture
def outside(tmp_path: FolderLocation) -> FolderLocation:
    (tmp_path / "outside" / "report.md").write(b"old")
    return tmp_path / "outside"


def test_a_report_is_not_written_through_a_link(
    storage: FolderLocation, outside: FolderLocation, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = study_folder(storage, "rain") / "report"
    folder.symlink_to(outside)
    assert main(["report", "rain", "--format", "md", "--storage", str(storage)]) == 1
    assert capsys.readouterr().err.strip() == f"gce-study: {folder}: {LINK}"
    assert (outside / "report.md").read_bytes() == b"old"
    assert [path.name for path in outside.iterdir()] == ["report.md"]


def test_a_report_may_be_written_to_a_folder_that_is_a_link_of_the_users_own(
    storage: FolderLocation, outside: FolderLocation
) -> None:
    (storage.parent / "link").symlink_to(outside)
    out = str(storage.parent / "link")
    assert main(["report", "rain", "--format", "md", "--storage", str(storage), "--out", out]) == 0
    assert (outside / "report.md").read_bytes().startswith(b"# rain")


@pytest.mark.parametrize("linked", ["plan.json", "folder"])
def test_a_plan_that_is_a_link_is_named_and_the_other_studies_are_listed(
    linked: str,
    storage: FolderLocation,
    outside: FolderLocation,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    (outside / "plan.json").write(plan_path(storage, "rain").read_bytes())
    path = plan_path(storage, "wind")
    if linked == "folder":
        path.parent.symlink_to(outside)
    else:
        path.parent.mkdir()
        path.symlink_to(outside / "plan.json")
    refused = f"{path.parent if linked == 'folder' else path}: {LINK}"
    assert main(["status", "wind", "--storage", str(storage)]) == 1
    assert capsys.readouterr().err.strip() == f"gce-study: {refused}"
    assert main(["list", "--storage", str(storage)]) == 0
    assert "rain" in capsys.readouterr().out
    assert f"{refused}; left out" in caplog.text


def test_a_storage_location_may_itself_be_a_link(storage: FolderLocation, capsys: pytest.CaptureFixture[str]) -> None:
    (storage.parent / "link").symlink_to(storage)
    assert main(["status", "rain", "--storage", str(storage.parent / "link")]) == 0
    assert "rain: 1 of 1 run recorded" in capsys.readouterr().out
