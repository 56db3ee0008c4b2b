"""A study is named by its name or by its file, in every command that reads one."""

import shutil
from pathlib import Path

import pytest

from factories import Builder
from study.cli import main
from study.commands.options import StudyPlace, study_place, study_spec
from study.consent import Consent
from study.errors import SpecError
from study.planning.runs import study_plan
from study.spec.reading import read_spec
from trainables.losses.catalogue import CCE
from trainables.plans import DataSummary, read_plan, write_plan
from trainables.storage.location import location

FILE = """
name: {name}
dataset: {{kind: synthetic, noise: 0.4, seed: 0}}
arms: [{{name: cce, loss: {{name: cce}}}}]
seeds: 1
storage: {storage}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder: the file of the study ``rain``, which is stored, and recorded, in the folder ``far``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(FILE.format(name="rain", storage="far"))
    builder = Builder("rain")
    builder.add("cce", CCE(name="cce"), 0)
    builder.write(location("far"))
    return tmp_path


def test_a_file_names_its_study_and_its_storage_location(folder):
    assert study_place("study.yaml") == StudyPlace(location(folder / "far"), "rain")
    assert study_place(str(folder / "study.yaml")) == StudyPlace(location(folder / "far"), "rain")


def test_a_file_without_a_suffix_is_named_with_a_slash(folder):
    shutil.copy(folder / "study.yaml", folder / "study")
    assert study_place("./study") == StudyPlace(location(folder / "far"), "rain")
    assert study_place("study") == StudyPlace(location("results"), "study")


def test_an_option_replaces_the_storage_location_of_a_file(folder):
    assert study_place("study.yaml", location(folder / "near")) == StudyPlace(location(folder / "near"), "rain")


@pytest.mark.usefixtures("folder")
def test_a_name_is_looked_up_in_results():
    assert study_place("rain") == StudyPlace(location("results"), "rain")


def test_a_file_goes_before_a_study_whose_name_looks_like_one(folder):
    Builder("study.yaml").write(location("results"))
    assert study_place("study.yaml").name == "rain"
    (folder / "study.yaml").unlink()
    assert study_place("study.yaml") == StudyPlace(location("results"), "study.yaml")


@pytest.mark.usefixtures("folder")
def test_a_file_that_does_not_exist_is_refused_as_a_file():
    with pytest.raises(SpecError, match=r"studi.yaml: cannot be read: No such file .*did you mean study.yaml"):
        study_place("studi.yaml")


COMMANDS = {
    "status": [],
    "best": [],
    "report": ["--format", "md"],
    "export": ["--runs", "runs.csv"],
    "compare": ["study.yaml"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_accepts_a_name_and_a_file(folder, command, capsys):
    assert main([command, "study.yaml", *COMMANDS[command]]) == 0
    by_file = capsys.readouterr()
    assert main([command, "rain", *COMMANDS[command], "--storage", str(folder / "far")]) == 0
    assert capsys.readouterr() == by_file
    assert by_file.out


@pytest.mark.usefixtures("folder")
def test_compare_finds_the_second_study_where_its_file_or_the_first_study_is(capsys):
    assert main(["compare", "rain", "rain", "--storage", "far"]) == 0
    assert main(["compare", "rain", "study.yaml", "--storage", "far"]) == 0
    assert main(["compare", "study.yaml", "rain"]) == 0
    assert capsys.readouterr().out.count("rain -> rain: the study files are equivalent") == 3


@pytest.mark.usefixtures("folder")
def test_a_file_whose_study_was_never_run_is_unknown_there(capsys):
    assert main(["status", "study.yaml", "--storage", "near"]) == 2
    assert "near: no study named 'rain'; it holds no study" in capsys.readouterr().err


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """The current folder, whose folder ``results`` holds the plan of the study ``rain``; its file is gone."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "study.yaml"
    file.write_text(FILE.format(name="rain", storage="results"))
    spec = read_spec(file)
    data = DataSummary(name="synthetic", kind="synthetic", fingerprint="f", classes=["a", "b"], clips={})
    write_plan(location("results"), study_plan(spec, data))
    file.unlink()
    return spec


def test_a_stored_study_is_named_without_its_file(stored, capsys):
    assert study_spec(Path("rain"), Consent()) == stored
    assert capsys.readouterr().err == "rain: read from its plan, which keeps all of its file but notify\n"


@pytest.mark.usefixtures("stored")
def test_a_file_goes_before_a_stored_study(tmp_path):
    (tmp_path / "rain").write_text(FILE.format(name="other", storage="far"))
    assert study_spec(Path("rain"), Consent()).name == "other"


@pytest.mark.usefixtures("stored")
def test_a_shipped_study_goes_before_a_stored_one(tmp_path):
    shutil.copytree(tmp_path / "results" / "studies" / "rain", tmp_path / "results" / "studies" / "demo")
    assert study_spec(Path("demo"), Consent()).method.name == "grid"


@pytest.mark.usefixtures("stored")
def test_a_plan_that_this_version_cannot_run_is_explained(capsys):
    plan = read_plan(location("results"), "rain")
    write_plan(location("results"), plan.model_copy(update={"spec": plan.spec | {"seeds": [], "unheard": 1}}))
    for command in ("check", "run", "resume"):
        assert main([command, "rain"]) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("gce-study: results/studies/rain/plan.json: this version does not accept the study (")
        assert error.endswith("); run it from its file")
