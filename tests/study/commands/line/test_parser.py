"""A misspelt word of the command line is refused with the nearest allowed one."""

import pytest

from study.cli import main
from study.commands.line.catalogue import COMMANDS


def refusal(capsys, *arguments):
    """Return what a command line is refused with, after checking the exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_without_a_command_the_help_is_printed(capsys):
    assert main([]) == 0
    answer = capsys.readouterr()
    assert answer.out.startswith("Usage: gce-study")
    assert "print the runs that a study file asks for" in answer.out
    assert answer.err == ""


MISSPELT = {
    "a command": (["chek", "demo"], "'chek' is not a command (did you mean check?)"),
    "a command of a group": (["data", "fech", "x"], "'fech' is not a command (did you mean fetch?)"),
    "an option": (["best", "demo", "--jsn"], "unknown argument: '--jsn' (did you mean --json?)"),
    "an option with a value": (["status", "demo", "--stroage=x"], "'--stroage=x' (did you mean --storage?)"),
    "a choice": (["data", "describe", "x", "--kind", "csw"], "arca23k-fsd, csv, folder (did you mean"),
    "a format": (["report", "demo", "--format", "htm"], "(did you mean html?)"),
}


@pytest.mark.parametrize("case", MISSPELT)
def test_the_nearest_word_is_suggested_for(case, capsys):
    arguments, expected = MISSPELT[case]
    assert expected in refusal(capsys, *arguments)


def test_the_usage_is_that_of_the_command_whose_option_is_unknown(capsys):
    with pytest.raises(SystemExit):
        main(["best", "demo", "--jsn"])
    assert capsys.readouterr().err.startswith("usage: gce-study best ")


def test_several_unknown_arguments_are_named_at_once(capsys):
    assert "unknown arguments: '--jsn' (did you mean --json?), 'more'" in refusal(capsys, "best", "a", "--jsn", "more")


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if not command.text])
def test_an_internal_command_is_neither_listed_nor_suggested(name, capsys):
    assert name not in refusal(capsys, name + "s").removeprefix(f"gce-study: error: '{name}s'")
    main([])
    assert name not in capsys.readouterr().out


def test_a_misspelt_shipped_study_is_suggested(capsys):
    assert main(["check", "dmo"]) == 2
    assert capsys.readouterr().err == (
        "gce-study: dmo: cannot be read: No such file or directory (did you mean demo?)\n"
    )


def test_a_study_file_of_the_same_folder_is_suggested(tmp_path, capsys):
    (tmp_path / "rain.yaml").write_text("name: rain\n")
    assert main(["check", str(tmp_path / "rian.yaml")]) == 2
    assert capsys.readouterr().err.endswith("No such file or directory (did you mean rain.yaml?)\n")


def test_a_refused_argument_cannot_control_the_terminal(capsys):
    refused = refusal(capsys, "list", "--storage", "a", "x\x1b[2J\ngce-study: done")
    assert "\\x1b[2J\\ngce-study: done" in refused
