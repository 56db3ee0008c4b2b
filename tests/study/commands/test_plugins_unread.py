"""Commands that only show studies import no plugin."""

import json
import sys

import pytest
from plotly.utils import PlotlyJSONEncoder

from analysis.dashboard.studies import Studies
from analysis.dashboard.updates import Browser, update
from analysis.study import load_study
from factories import Builder
from plugin_files import FOCAL, plugin_sources, write_plugin
from study.cli import main
from study.spec.reading import read_spec
from trainables.losses.catalogue import CCE
from trainables.losses.registry import UnknownLoss
from trainables.plugins.importing import PREFIX
from trainables.plugins.sources import keep_sources


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """The results of a study with a plugin, beside the study's file and the plugin, which fails when it is imported."""
    monkeypatch.chdir(tmp_path)
    write_plugin(tmp_path / "my_losses.py", FOCAL, "raise SystemExit('imported')")
    study = Builder(name="open", spec={"plugins": [str(tmp_path / "my_losses.py")], "dataset": {"kind": "synthetic"}})
    for seed in range(3):
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + seed / 100)
        for gamma in (1.0, 2.0):
            loss = UnknownLoss(name="mine.focal", gamma=gamma)
            study.add("mine", loss, seed, varied={"gamma": gamma}, validation=0.8 - gamma / 50 + seed / 90)
    study.add("mine", UnknownLoss(name="mine.focal", gamma=3.0), 0, varied={"gamma": 3.0}, status="failed", error="x")
    study.write(tmp_path / "results")
    keep_sources(tmp_path / "results", plugin_sources("raise SystemExit('imported')"))
    arms = [
        {"name": "cce", "loss": {"name": "cce"}},
        {"name": "mine", "loss": {"name": "mine.focal", "gamma": {"values": [1, 2, 3]}}},
    ]
    file = {"name": "open", "plugins": ["my_losses.py"], "dataset": {"kind": "synthetic"}, "arms": arms, "seeds": 3}
    (tmp_path / "open.yaml").write_text(json.dumps(file))
    return tmp_path / "results"


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "status open.yaml",
        "best open.yaml",
        "best open.yaml --json",
        "compare open open",
        "export open.yaml --runs runs.csv",
        "report open.yaml --format html,md,latex,json",
        "prune --dry-run",
        "stop open.yaml",
        "logs open.yaml",
    ],
)
def test_a_command_that_only_shows_a_study_imports_no_plugin(storage, command, capsys):
    before = set(sys.modules)
    main([*command.split(), *([] if command.startswith("compare") else ["--storage", str(storage)])])
    assert "imported" not in "".join(capsys.readouterr())
    assert [name for name in set(sys.modules) - before if name.startswith(PREFIX)] == []


def test_a_study_is_loaded_without_its_plugin(storage):
    study = load_study(str(storage), "open")
    assert set(study.runs["loss"]) == {"cce", "mine.focal"}
    assert set(study.runs["gamma"].dropna()) == {1.0, 2.0, 3.0}


def test_the_choice_as_yaml_names_the_plugin_and_is_read_again(storage, capsys):
    assert main(["best", "open", "--storage", str(storage), "--yaml"]) == 0
    text = capsys.readouterr().out
    (storage / "choice.yaml").write_text(text)
    spec = read_spec(storage / "choice.yaml")
    assert spec.plugins == (str(storage.parent / "my_losses.py"),)
    assert [arm.loss.name for arm in spec.arms] == ["mine.focal"]


def test_the_dashboard_shows_a_study_without_its_plugin(storage):
    before = set(sys.modules)
    built, *_ = update(Studies(storage, lambda *_: None), ("/study/open", ""), Browser())
    assert "mine" in json.dumps(built, cls=PlotlyJSONEncoder)
    assert [name for name in set(sys.modules) - before if name.startswith(PREFIX)] == []


def test_the_report_names_the_parameter_of_a_plugins_loss(storage):
    assert main(["report", "open", "--storage", str(storage), "--format", "md"]) == 0
    text = (storage / "studies" / "open" / "report" / "report.md").read_text()
    assert "the loss mine.focal of a plugin with \N{GREEK SMALL LETTER GAMMA} in {1, 2, 3}" in text
