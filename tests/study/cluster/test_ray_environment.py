"""What Ray's processes get from the driver's environment."""

import os
from pathlib import Path

import pytest

from study.cluster.ray_environment import away_from_working_folder, prepare_environment


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_ray_starts_where_no_python_file_lies():
    with away_from_working_folder():
        assert [path for path in Path.cwd().rglob("*") if path.suffix == ".py" or path.is_dir()] == []


def test_the_driver_is_in_its_folder_again_afterwards():
    before = Path.cwd()
    with away_from_working_folder():
        assert Path.cwd() != before
    assert Path.cwd() == before


@pytest.mark.parametrize(
    ("given", "meant"), [("/a:/b", "/a:/b"), ("lib:/b", "{here}/lib:/b"), (":/b", "{here}:/b"), (".", "{here}")]
)
def test_a_relative_entry_of_the_import_path_keeps_its_meaning_in_rays_processes(given, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    os.environ["PYTHONPATH"] = given
    prepare_environment()
    assert os.environ["PYTHONPATH"] == meant.format(here=tmp_path)
