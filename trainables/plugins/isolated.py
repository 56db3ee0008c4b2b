"""Call code of a plugin in a separate process, so that whatever it does ends in one message.

A plugin may end its process, crash it, write to the standard output or never return. None of that reaches the caller,
which receives a ``PluginError`` that begins with the plugin's file and line.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from trainables.plugins.importing import described, place_of
from trainables.plugins.sources import PluginError
from trainables.processes.limits import how_ended, oom_kills

if TYPE_CHECKING:
    from collections.abc import Collection

LIMIT_S = 120.0  # PyTorch alone takes seconds to import, on a busy machine a minute
MORE_S = 20.0  # for the process to start and to end by itself
FRAME = re.compile(r'^  File "([^"]*)", line (\d+)', re.MULTILINE)  # as faulthandler writes it, innermost first


def isolated(function: str, argument: Any, files: Collection[str], limit_s: float = LIMIT_S) -> Any:  # noqa: ANN401 -- JSON
    """Call a function in another process.

    Args:
        function: of this project, as ``module:name``; takes and returns a JSON value.
        argument: a JSON value.
        files: the names of the plugin's files, as messages show them.
        limit_s: after this many seconds the process is ended.

    Returns:
        What the function returns.

    Raises:
        PluginError: the function raised an error, or its process ended, crashed or took too long.

    """
    command = [sys.executable, "-P", "-m", "trainables.plugins.isolated", function, str(limit_s)]
    killed = oom_kills()
    try:
        done = subprocess.run(  # noqa: S603 -- ours
            command, input=json.dumps(argument).encode(), check=False, capture_output=True, timeout=limit_s + MORE_S
        )
        code, out, trace = done.returncode, done.stdout, done.stderr.decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        code, out, trace = 0, b"", (error.stderr or b"").decode(errors="replace")
    try:
        answer = json.loads(out)
    except ValueError:
        places = [f"{file}:{line}" for file, line in FRAME.findall(trace) if file in files]
        timed_out = code == 0 or "Timeout" in trace
        what = f"did not return within {limit_s:g} s" if timed_out else f"its process {how_ended(code, killed)}"
        msg = f"{places[0] if places else next(iter(files))}: {what}"
        raise PluginError(msg) from None
    if "error" in answer:
        raise PluginError(answer["error"])
    if "of_no_line" in answer:
        msg = f"{next(iter(files))}: {answer['of_no_line']}"
        raise PluginError(msg)
    return answer["value"]


class _Ended(BaseException):
    """Raised in place of the end of the process."""


def _main(function: str, limit_s: float) -> None:
    argument = json.load(sys.stdin)
    answers, trace = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(2), "w")
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)  # the plugin may print
    faulthandler.enable(trace)
    faulthandler.dump_traceback_later(limit_s, exit=True, file=trace)

    def end(code: int) -> NoReturn:
        msg = f"it called os._exit({code!r})"
        raise _Ended(msg)

    exit_process, os._exit = os._exit, end  # type: ignore[assignment]
    answer: dict[str, Any]
    try:
        module, _, name = function.partition(":")
        answer = {"value": getattr(import_module(module), name)(argument)}
    except PluginError as error:
        answer = {"error": str(error)}
    except _Ended as error:
        answer = {"error": f"{place_of(error)}: {error}"}
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the caller raises it
        place = place_of(error)
        answer = {"error": f"{place}: {described(error)}"} if place else {"of_no_line": described(error)}
    json.dump(answer, answers)
    answers.flush()
    exit_process(0)  # threads of the plugin may still run


if __name__ == "__main__":
    _main(sys.argv[1], float(sys.argv[2]))
