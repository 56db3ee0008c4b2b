"""A study's end: a box on a terminal, lines elsewhere; both state the numbers of the report's first screen."""

import re
import sys

import pytest

from analysis.study import load_study
from analysis.text.tiles import tiles
from factories import Builder
from study.console import heard_by
from study.engine.display.ending import print_ending
from trainables.storage.location import location


@pytest.fixture
def study(tmp_path):
    Builder("rain").temperatures([2, 3, 4], seeds=5).baselines(5).write(tmp_path)
    return load_study(tmp_path, "rain")


@pytest.fixture
def ended(study, tmp_path, capsys):
    """A function that prints the end, and returns what was printed."""

    def end():
        page = location(tmp_path) / "studies" / "rain" / "report" / "report.html"
        print_ending(study, page, ["gce-study dashboard rain"], "weights: 5 of 5 runs of the choice")
        return capsys.readouterr().out

    return end


@pytest.fixture
def terminal(monkeypatch):
    """A function that makes the standard output a terminal of a width."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def wide(columns):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))

    return wide


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", text)


def test_a_file_has_a_line_for_each_fact(ended, study, tmp_path):
    lines = ended().splitlines()
    assert lines[0] == study.report.headline.line
    assert lines[1] == f"The pick: {study.best().configuration}"
    assert [line.partition(":")[0] for line in lines[3:-3]] == [tile.label for tile in tiles(study.finding)]
    assert lines[-3:] == [
        "weights: 5 of 5 runs of the choice",
        f"report: {tmp_path}/studies/rain/report/report.html",
        "next: gce-study dashboard rain",
    ]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_has_a_box_that_fits_with_headline_and_numbers(columns, terminal, ended, study):
    terminal(columns)
    text = plain(ended())
    box = [line for line in text.splitlines() if line.startswith(("╭", "│", "╰"))]
    assert max(map(len, box)) <= columns
    words = " ".join(" ".join(line.strip("│ ") for line in box).split())
    assert study.report.headline.text in words
    assert all(reading.value in words for tile in tiles(study.finding) for reading in tile.readings)


def test_the_report_is_a_link_and_its_path_can_be_copied(terminal, ended, tmp_path):
    terminal(40)
    printed = ended()
    path = f"{tmp_path}/studies/rain/report/report.html"
    assert f";file://{path}\x1b\\" in printed
    assert f" Report  {path}" in plain(printed).splitlines()
    assert "   Next  gce-study dashboard rain" in plain(printed).splitlines()


def test_a_log_has_the_lines_of_a_file_although_a_terminal_shows_the_box(terminal, ended):
    terminal(80)
    heard = []
    with heard_by(heard.append):
        ended()
    assert "│" not in "".join(heard)
    assert "next: gce-study dashboard rain\n" in "".join(heard)


def test_a_dumb_terminal_gets_no_escape_sequence(terminal, ended, monkeypatch):
    terminal(80)
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in ended()
