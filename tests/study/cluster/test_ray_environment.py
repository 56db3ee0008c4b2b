"""What Ray's processes get from the driver's environment."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from study.cluster.ray_environment import away_from_users_files, environment_kept, prepare_environment
from study.errors import EngineError


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_ray_starts_where_no_python_file_lies():
    with away_from_users_files():
        assert [path for path in Path.cwd().rglob("*") if path.suffix == ".py" or path.is_dir()] == []


def test_the_driver_is_in_its_folder_again_afterwards():
    before = Path.cwd()
    with away_from_users_files():
        assert Path.cwd() != before
    assert Path.cwd() == before


@pytest.mark.parametrize("arguments", [["/home/me/run.py", "-v"], []])
def test_ray_does_not_learn_where_the_running_program_lies(arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", list(arguments))
    with away_from_users_files():
        assert sys.argv == ["", *arguments[1:]]
    assert sys.argv == arguments


def test_the_environment_of_the_process_is_as_before_afterwards():
    os.environ["PYTHONSAFEPATH"] = ""
    before = dict(os.environ)
    with environment_kept():
        prepare_environment()
        assert os.environ["PYTHONSAFEPATH"] == "1"
        assert os.environ["RAY_AUTH_TOKEN"]
    assert dict(os.environ) == before


def test_ray_reads_its_settings_again_whenever_they_have_changed(monkeypatch):
    read = []
    loader = SimpleNamespace(reset_cache=lambda: read.append(os.environ.get("RAY_AUTH_TOKEN", "")[:0] or len(read)))
    raylet = SimpleNamespace(
        Config=SimpleNamespace(initialize=lambda _: None),
        AuthenticationTokenLoader=SimpleNamespace(instance=lambda: loader),
    )
    monkeypatch.setitem(sys.modules, "ray._raylet", raylet)
    with environment_kept():
        prepare_environment()
    assert read == [0, 1]


def test_a_process_that_is_connected_to_ray_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: True))
    with (
        pytest.raises(EngineError, match=r"connected to a Ray cluster.*; call ray.shutdown\(\) first"),
        environment_kept(),
    ):
        pass


@pytest.mark.parametrize(
    ("given", "meant"), [("/a:/b", "/a:/b"), ("lib:/b", "{here}/lib:/b"), (":/b", "{here}:/b"), (".", "{here}")]
)
def test_a_relative_entry_of_the_import_path_keeps_its_meaning_in_rays_processes(given, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    os.environ["PYTHONPATH"] = given
    prepare_environment()
    assert os.environ["PYTHONPATH"] == meant.format(here=tmp_path)
