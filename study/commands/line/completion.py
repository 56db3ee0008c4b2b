"""The command completion: a script that completes commands, options, names of studies and files in a shell.

What an argument completes follows from its metavar, which all commands use in the same way. The script finds the names
of studies by itself, in the folder that is the storage location of the line; a start of Python would take longer.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from study.commands.line.catalogue import parser
from study.console import write
from study.spec.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHELLS = ("bash", "zsh", "fish")
FILES, FOLDERS = "file", "directory"  # what shtab completes by itself
# A study: a stored one's name, or a file of YAML; and a study file, which may be a shipped one's name.
STUDIES = {"bash": "_gce_study_file_or_name", "zsh": "_gce_study_name", "fish": "(_gce_study_name)"}
STUDY_FILES = {"bash": "_gce_study_file_or_shipped", "zsh": "_gce_study_shipped", "fish": "(_gce_study_shipped)"}
BY_METAVAR: dict[str, str | Mapping[str, str]] = {
    "STUDY": STUDIES,
    "OTHER": STUDIES,
    "MODEL": STUDIES,
    "FILE": FILES,
    "SOUND": FILES,
    "ROOT": FILES,
    "DATA": FILES,
    "FOLDER": FOLDERS,
    "STORAGE": FOLDERS,
}

# Names are those that a study can have (``trainables.settings.NAME_PATTERN``), so that no shell reads more into them.
BASH = """
_gce_study_names() {  # names in the storage location of the line
  local storage=results i plan name
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == --storage ]]; then
      storage=${COMP_WORDS[i+1]}
      if [[ $storage == "=" ]]; then storage=${COMP_WORDS[i+2]}; fi
    fi
  done
  for plan in "${storage/#\\~\\//$HOME/}"/studies/*/plan.json; do
    name=${plan%/plan.json}
    name=${name##*/}
    if [[ -f $plan && $name =~ ^[a-z0-9][a-z0-9._-]*$ ]]; then printf '%s\\n' "$name"; fi
  done
}
_gce_study_yaml_files() {
  compgen -f -X '!*.yaml' -- "$1"
  compgen -f -X '!*.yml' -- "$1"
  compgen -d -- "$1"
}
_gce_study_file_or_name() {
  compgen -W "$(_gce_study_names)" -- "$1"
  _gce_study_yaml_files "$1"
}
_gce_study_file_or_shipped() {
  compgen -W "$(_gce_study_names) @SHIPPED@" -- "$1"
  _gce_study_yaml_files "$1"
}
"""
ZSH = """
_gce_study_names() {  # names in the storage location of the line
  local storage=results at plan
  local -a names
  at=${words[(I)--storage]}
  if (( at )); then storage=${words[at+1]}; fi
  at=${words[(I)--storage=*]}
  if (( at )); then storage=${words[at]#--storage=}; fi
  for plan in ${${(Q)storage}/#\\~\\//$HOME/}/studies/*/plan.json(N); do
    if [[ ${plan:h:t} =~ '^[a-z0-9][a-z0-9._-]*$' ]]; then names+=(${plan:h:t}); fi
  done
  compadd "$@" -a names
}
_gce_study_name() {
  _alternative 'studies:study:_gce_study_names' 'files:study file:_files -g "*.(yaml|yml)"'
}
_gce_study_shipped() {
  _alternative 'shipped:shipped study:(@SHIPPED@)' 'studies:study:_gce_study_names' \\
    'files:study file:_files -g "*.(yaml|yml)"'
}
"""
FISH = """
function _gce_study_names  # names in the storage location of the line
  set -l storage results
  set -l tokens (commandline -opc)
  for i in (seq (count $tokens))
    if test "$tokens[$i]" = --storage; and test $i -lt (count $tokens)
      set storage $tokens[(math $i + 1)]
    else if string match -q -- '--storage=*' $tokens[$i]
      set storage (string replace -- '--storage=' '' $tokens[$i])
    end
  end
  for plan in (string replace -r '^~/' "$HOME/" -- $storage)/studies/*/plan.json
    string replace -rf -- '^.*/([a-z0-9][a-z0-9._-]*)/plan\\.json$' '$1\\tstudy' $plan
  end
end
function _gce_study_yaml_files
  for path in (__fish_complete_path (commandline -ct))
    if string match -qr -- '(/|\\.ya?ml)(\\t|$)' $path
      echo $path
    end
  end
end
function _gce_study_name
  _gce_study_names
  _gce_study_yaml_files
end
function _gce_study_shipped
  printf '%s\\tshipped study\\n' @SHIPPED@
  _gce_study_names
  _gce_study_yaml_files
end
"""
PREAMBLES = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's argument to its parser."""
    command.add_argument("shell", choices=SHELLS, help="the shell that is to complete")
    command.set_defaults(handler=completion)


def completion(options: argparse.Namespace) -> int:
    """Print the script."""
    write(script(options.shell))
    return 0


def script(shell: str) -> str:
    """Return the script for a shell: bash, zsh or fish."""
    import shtab  # noqa: PLC0415 -- needed here alone

    from study.commands.line.catalogue import COMMANDS  # noqa: PLC0415

    whole = parser(*COMMANDS)
    for action in _arguments(whole):
        kind = _completed_by(action)
        if kind is not None:
            vars(action)["complete"] = kind  # where shtab looks for it
    preamble = PREAMBLES[shell].replace("@SHIPPED@", " ".join(shipped()))
    return str(shtab.complete(whole, shell, preamble=preamble)).rstrip() + "\n"


def _arguments(command: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield every argument of a command, and of the commands below it."""
    for action in command._actions:  # noqa: SLF001 -- argparse has no public list
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in action.choices.values():
                yield from _arguments(below)
        else:
            yield action


def _completed_by(action: argparse.Action) -> str | Mapping[str, str] | None:
    """Return what completes an argument; None if nothing, or its choices, do."""
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if metavar == "FILE" and not action.option_strings:
        return STUDY_FILES
    return BY_METAVAR.get(metavar) if action.choices is None else None
