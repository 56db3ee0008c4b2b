"""Completion in real shells; a shell that is not installed is skipped."""

import os
import shutil
import subprocess

import pytest

from factories import GCE_STUDY, Builder
from study.commands.line.catalogue import COMMANDS, parser
from study.commands.line.completion import SHELLS, _arguments, _completed_by, script

# Each loads the script and prints what completes a command line, whose words are its arguments.
ASK = {
    "bash": """
source "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_shtab_gce_study 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
""",
    "zsh": """
zmodload zsh/zpty
zpty z zsh -f -i
reply_until() { local out; while zpty -r z out; do print -r -- "$out"; [[ $out == *$1* ]] && break; done }
zpty -w z "PS1=; unsetopt zle_bracketed_paste; fpath=(${SCRIPT:h}/zfunc $fpath); autoload -Uz compinit; compinit -u -D"
zpty -w z "zstyle ':completion:*' list-separator '  '; zstyle ':completion:*:default' list-prompt ''; LISTMAX=10000"
zpty -w z "bindkey '^I' list-choices; print READY-NOW"
reply_until READY-NOW >/dev/null
zpty -n -w z "$*"$'\\t'
sleep 2
zpty -n -w z $'\\x15'
zpty -w z "print DONE-''NOW"
reply_until DONE-NOW
""",
    "fish": """
source "$SCRIPT"
complete -C "$argv"
""",
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    for shell in SHELLS:
        (folder / shell).write_text(script(shell))
    (folder / "zfunc").mkdir()
    (folder / "zsh").rename(folder / "zfunc" / "_gce-study")  # where zsh looks for it
    return folder


@pytest.fixture(params=SHELLS)
def completions(request, scripts, tmp_path):
    """A function that returns what a shell completes a command line with, in a folder with studies and files."""
    shell = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    Builder("rain").write(tmp_path / "results")
    Builder("wind").write(tmp_path / "far")
    for name in ("mine.yaml", "other.yml", "notes.txt"):
        (tmp_path / name).write_text("")

    def ask(*words):
        names = {"PATH": f"{GCE_STUDY.parent}:{os.environ['PATH']}", "SCRIPT": str(scripts / shell), "TERM": "dumb"}
        line = words if shell == "bash" else [" ".join(words)]
        option = ["--no-config", "-c"] if shell == "fish" else ["-f", "-c"] if shell == "zsh" else ["-c"]
        zero = [] if shell == "fish" else [shell]
        answer = subprocess.run(
            [shell, *option, ASK[shell], *zero, *line],
            cwd=tmp_path,
            env=os.environ | names | {"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        return answer.stdout

    return ask


@pytest.mark.slow
def test_a_shell_completes_commands(completions):
    answer = completions("gce-study", "s")
    assert {"status", "stop", "submit", "schema"} <= set(answer.split())
    assert "end-driver" not in answer


@pytest.mark.slow
def test_a_shell_completes_options(completions):
    assert "--show-test" in completions("gce-study", "best", "--sh")


@pytest.mark.slow
def test_a_shell_completes_names_of_studies_and_study_files(completions):
    answer = completions("gce-study", "status", "")
    assert {"rain", "mine.yaml", "other.yml"} <= set(answer.split())
    assert "notes.txt" not in answer
    assert "wind" not in answer


@pytest.mark.slow
def test_a_shell_completes_the_studies_of_the_storage_location_of_the_line(completions):
    assert "wind" in completions("gce-study", "status", "--storage", "far", "").split()


@pytest.mark.slow
def test_a_shell_completes_shipped_studies_where_a_study_file_is_wanted(completions):
    assert {"figure3", "rain", "mine.yaml"} <= set(completions("gce-study", "check", "").split())


@pytest.mark.slow
def test_a_shell_completes_the_choices_of_an_option(completions):
    assert "record" in completions("gce-study", "schema", "--of", "").split()


@pytest.mark.slow
def test_a_shell_completes_no_name_that_a_study_cannot_have_and_runs_none(completions, tmp_path):
    for name in ("$(touch x)", "a b", "`touch x`"):
        (tmp_path / "results" / "studies" / name).mkdir()
        (tmp_path / "results" / "studies" / name / "plan.json").write_text("{}")
    answer = completions("gce-study", "status", "")
    assert "rain" in answer.split()
    assert "touch" not in answer
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_starts_no_program_for_the_names_of_studies(shell):
    assert "gce-study study" not in script(shell)
    assert "studies/*/plan.json" in script(shell)


def test_every_argument_for_a_study_a_file_or_a_folder_is_completed():
    actions = {(a.metavar, bool(a.option_strings)) for a in _arguments(parser(*COMMANDS)) if _completed_by(a)}
    assert {metavar for metavar, _ in actions} >= {"STUDY", "OTHER", "FILE", "FOLDER", "MODEL", "SOUND", "ROOT", None}
    assert ("FILE", False) in actions
