"""A storage location that others write to: none of its texts controls the terminal or imitates a line of ours."""

import json
import logging
import re

import pytest

from factories import Builder
from study.cli import main
from trainables.characters import one_line
from trainables.losses.catalogue import CCE, AdaptiveGCE

HOSTILE = "x\x1b[2J\x1b]0;title\x07\x9b1m\rgce-study: done\ngce-study: forged\u202e\u2066"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """A location with a finished study whose every free text is hostile."""
    monkeypatch.chdir(tmp_path)
    study = Builder(name="hostile", description=HOSTILE, classes=[HOSTILE, "b"], skipped=[(HOSTILE, HOSTILE)])
    for seed in range(3):
        study.add(HOSTILE, CCE(name="cce"), seed, validation=0.7 + seed / 100)
        loss = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
        study.add(f"b{HOSTILE}", loss, seed, varied={"temperature": 100.0}, validation=0.6 + seed / 90)
    study.add(HOSTILE, CCE(name="cce"), 7, status="failed", error=HOSTILE)
    study.write(tmp_path / "results")
    return tmp_path / "results"


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "status hostile",
        "best hostile",
        "best hostile --yaml",
        "best hostile --json",
        "compare hostile hostile",
        "export hostile --runs runs.csv",
        "report hostile --format md,json",
    ],
)
def test_no_view_of_a_study_prints_what_controls_a_terminal(storage, capsys, command):
    assert main([*command.split(), "--storage", str(storage)]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip()
    assert CONTROL.findall(printed.out + printed.err) == []
    assert "gce-study: forged" not in [line.strip() for line in (printed.out + printed.err).splitlines()]


@pytest.mark.parametrize("log", ["studies/hostile/driver.log", "logs/RUN.log"])
def test_a_log_keeps_its_lines_and_loses_what_controls_a_terminal(storage, capsys, log):
    run_id = next((storage / "records").iterdir()).stem
    path = storage / log.replace("RUN", run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"first\n{HOSTILE[:20]}\n\tthird\n", encoding="utf-8")
    options = ["--run", run_id] if "RUN" in log else []
    assert main(["logs", "hostile", *options, "--storage", str(storage)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "first"
    assert printed.splitlines()[-1] == "\tthird"
    assert CONTROL.findall(printed.replace("\t", "")) == []


def test_json_holds_the_texts_themselves(storage, capsys):
    assert main(["best", "hostile", "--json", "--storage", str(storage)]) == 0
    assert json.loads(capsys.readouterr().out)["arm"] == HOSTILE


def test_a_file_name_that_is_no_utf8_is_printed_as_an_escape(tmp_path, capsys):
    folder = tmp_path / "sounds"
    for name in (b"caf\xe9\x1b[2J", b"other"):
        (folder / name.decode(errors="surrogateescape")).mkdir(parents=True)
    assert main(["data", "describe", str(folder)]) == 2
    printed = capsys.readouterr()
    assert CONTROL.findall(printed.out + printed.err) == []
    assert "caf" in printed.err


def test_logged_warnings_are_made_safe_too(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # those of pytest

    def warn(_):
        logging.getLogger("library").warning("%s", HOSTILE)
        logging.getLogger("library").error("wrong", exc_info=ValueError(HOSTILE))
        return 0

    monkeypatch.setattr("study.commands.studies.schema", warn)
    assert main(["schema"]) == 0
    printed = capsys.readouterr().err
    assert CONTROL.findall(printed) == []
    assert printed.splitlines()[:2] == [one_line(HOSTILE), "wrong"]
    assert "ValueError: x\\u001b[2J" in printed
