"""docs/examples: each runs as a new user would run it, and the guides show what lies there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from factories import GCE_STUDY, read_records
from study.spec.reading import read_spec
from study.spec.yaml_reader import parse

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXAMPLES = sorted(path.parent for path in (DOCS / "examples").glob("*/study.yaml"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)


def commands(example):
    """The commands of an example's README, each split as a shell does."""
    ((_, text),) = FENCE.findall((example / "README.md").read_text())
    return [shlex.split(line) for line in text.splitlines()]


def test_there_is_an_example_of_a_loss_a_network_and_an_embedding():
    assert [path.name for path in EXAMPLES] == ["own-embedding", "own-loss", "own-network"]


@each_example
def test_an_example_has_its_code_its_study_and_its_commands(example):
    code = [path for path in example.iterdir() if path.suffix == ".py"]
    assert len(code) == 1
    assert code[0].name in (example / "README.md").read_text()
    assert read_spec(example / "study.yaml").name == example.name
    assert [program for program, *_ in commands(example)] == ["gce-study"] * len(commands(example))


@pytest.mark.parametrize(
    ("guide", "example", "file"),
    [("add-a-loss.md", "own-loss", "my_losses.py"), ("add-a-network.md", "own-network", "my_networks.py")],
)
def test_a_guide_shows_the_files_of_its_example(guide, example, file):
    shown = FENCE.findall((DOCS / "howto" / guide).read_text())
    folder = DOCS / "examples" / example
    assert [text for language, text in shown if language == "python"] == [(folder / file).read_text()]
    (study,) = [parse(text).data for language, text in shown if language == "yaml"]
    assert study == parse((folder / "study.yaml").read_text()).data


def shorten(study):
    """Let a study train for one epoch on few sounds."""
    text, epochs = re.subn(r"epochs: \d+", "epochs: 1", study.read_text())
    text, sounds = re.subn(r"train_per_class: \d+, test_per_class: \d+", "train_per_class: 8, test_per_class: 2", text)
    assert (epochs, sounds) == (1, 1)
    study.write_text(text)


@pytest.mark.slow
@each_example
def test_an_example_runs_in_a_folder_of_a_new_user(example, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = Path(shutil.copytree(example, tmp_path / "mine"))
    shorten(folder / "study.yaml")
    for _, *arguments in commands(example):
        done = subprocess.run(
            [GCE_STUDY, *arguments], cwd=folder, capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == 0, done.stderr
    assert (folder / "results" / "studies" / example.name / "report" / "report.html").is_file()
    records = read_records(folder / "results")
    assert len(records) > 5
    assert {record.status for record in records.values()} == {"complete"}
