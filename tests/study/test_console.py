"""What the commands print of texts that others wrote."""

import subprocess
import sys

import pytest

from study.cli import main
from study.console import complain, print_traceback, say, show, write

HOSTILE = "a\x1b[2J\ngce-study: all is well\u202e"


def test_a_line_stays_one_line_whatever_it_holds(capsys):
    say(HOSTILE, "next")
    assert capsys.readouterr().out == "a\\u001b[2J\\ngce-study: all is well\\u202e\nnext\n"


def test_a_problem_cannot_imitate_a_second_one(capsys):
    complain(HOSTILE)
    assert capsys.readouterr().err == "gce-study: a\\u001b[2J\\ngce-study: all is well\\u202e\n"


def test_many_problems_are_counted(capsys):
    complain(*"abcd")
    assert capsys.readouterr().err.splitlines() == [*(f"gce-study: {c}" for c in "abcd"), "gce-study: 4 problems"]


def test_tables_hold_nothing_that_controls_a_terminal(capsys):
    show(HOSTILE, (HOSTILE, "b"), [(HOSTILE, "[red]x[/red]")])
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 3
    assert printed.count("\\u001b[2J\\ngce-study: all is well\\u202e") == 3
    assert "[red]x[/red]" in printed
    assert printed.isprintable() or set(printed) & set(map(chr, range(32))) == {"\n"}


@pytest.mark.parametrize("cell", ["x" * 300, "a b " * 100])
def test_a_table_in_a_file_keeps_each_row_on_a_line(capsys, cell):
    show("", ("a", "b"), [(cell, "1")])
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("columns", ["1", "20"])
def test_a_table_on_a_narrow_terminal_loses_no_text(columns, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    show("", ("configuration", "accuracy"), [("temperature 1000", "81.2")])
    assert "temperature 1000" in capsys.readouterr().out


@pytest.fixture
def narrow(monkeypatch):
    """Print as on a terminal of 24 columns."""
    monkeypatch.setattr("study.console.terminal_width", lambda **_: 24)


@pytest.mark.usefixtures("narrow")
def test_a_text_is_wrapped_between_words_and_keeps_its_indent(capsys):
    say("  the set of configurations that may be the best")
    assert capsys.readouterr().out.splitlines() == ["  the set of", "  configurations that", "  may be the best"]


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("whole", ["T = 1000", "80.3 ± 1.2 %", "x" * 40])
def test_a_number_with_its_sign_and_unit_and_a_long_word_stay_whole(capsys, whole):
    say(f"accuracy on validation {whole} and more")
    assert any(whole in line for line in capsys.readouterr().out.splitlines())


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("lead", ["", "next: ", "follow it: "])
def test_a_command_to_copy_is_not_broken(capsys, lead):
    say(f"{lead}gce-study report demo --format pdf,latex")
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.usefixtures("narrow")
def test_a_command_that_ends_a_sentence_is_on_one_line(capsys):
    say("demo: nothing is lost; continue with: gce-study run demo --dashboard")
    assert capsys.readouterr().out.splitlines()[-1] == "gce-study run demo --dashboard"


@pytest.mark.usefixtures("narrow")
def test_a_refused_argument_is_explained_in_whole_words(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["status", "demo", "--wach"])
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines[-3:])) <= 24
    assert " ".join(lines).endswith("unknown argument: '--wach' (did you mean --watch?)")


@pytest.mark.usefixtures("narrow")
def test_a_table_without_room_has_its_cells_below_the_names(capsys):
    show("", ("name", "accuracy", "runs"), [("adaptive T=1000", "81.2 ± 0.3", "12")])
    assert capsys.readouterr().out.splitlines() == ["adaptive T=1000", "  accuracy: 81.2 ± 0.3", "  runs: 12"]


def test_a_text_of_several_lines_keeps_its_lines(capsys):
    write("one\n\ttwo\x07\n")
    assert capsys.readouterr().out == "one\n\ttwo\\u0007\n"
    assert sys.stdout.isatty() is False


def test_the_traceback_of_a_defect_controls_no_terminal(capsys):
    try:
        raise RuntimeError(HOSTILE)  # noqa: TRY301 -- a test's own
    except RuntimeError as error:
        print_traceback(type(error), error, error.__traceback__)
    printed = capsys.readouterr().err
    assert printed.startswith("Traceback (most recent call last):\n")
    assert "RuntimeError: a\\u001b[2J\n" in printed
    assert "\x1b" not in printed


@pytest.mark.slow
def test_a_defect_of_a_command_is_printed_safely(tmp_path):
    code = "import study.commands.studies as m, study.cli, sys\n"
    code += "def fail(_): raise RuntimeError('\\x1b[2J')\nm.schema = fail\nsys.argv[1:] = ['schema']\nstudy.cli.main()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "RuntimeError: \\u001b[2J"
