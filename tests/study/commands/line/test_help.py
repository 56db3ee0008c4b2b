"""The help: groups and examples, colours where the terminal has them, and nothing that slows other commands down."""

import re
import subprocess
import sys

import pytest

from factories import GCE_STUDY
from study.cli import main
from study.commands.line.catalogue import COMMANDS, parser

LISTED = [name for name, command in COMMANDS.items() if command.text]


def examples():
    return [(name, line) for name in LISTED for line, _ in COMMANDS[name].examples]


@pytest.mark.parametrize(("name", "line"), examples())
def test_an_example_is_a_command_line_of_its_command(name, line):
    words = line.partition(" > ")[0].split()
    assert words[0] == name
    assert callable(parser(name).parse_args(words).handler)


@pytest.mark.parametrize("name", LISTED)
def test_a_command_has_examples_and_a_description_that_is_a_sentence(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    helped = capsys.readouterr().out
    assert all(f"  gce-study {line}" in helped.partition("\nExamples:\n")[2] for line, _ in COMMANDS[name].examples)
    assert re.search(r"^[A-Z].*", helped.split("\n\n")[1])


def test_the_commands_stand_below_the_headings_of_their_groups(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if re.fullmatch(r"[A-Z][a-z ]+:", line)] == [
        *(f"{group}:" for group in dict.fromkeys(command.group for command in COMMANDS.values() if command.group)),
        "Options:",
        "Examples:",
    ]


@pytest.fixture
def on_terminal(monkeypatch):
    """The help as a terminal gets it."""
    for name in ("NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    return parser().format_help


def test_a_terminal_gets_colours(on_terminal):
    assert "\x1b[1mStudy:\x1b[0m" in on_terminal()


def test_no_color_leaves_no_colour(on_terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", on_terminal())


def test_a_dumb_terminal_gets_no_escape_sequence(on_terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in on_terminal()


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, parser().format_help().splitlines())) <= columns


def test_parsing_imports_no_rich_argparse():
    code = "import sys; from study.commands.line.catalogue import parser; parser('list').parse_args(['list'])"
    code += "; print('rich_argparse' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.slow
def test_the_program_alone_prints_its_help():
    alone, helped = (
        subprocess.run([GCE_STUDY, *arguments], capture_output=True, text=True, check=True).stdout
        for arguments in ((), ("--help",))
    )
    assert alone == helped
