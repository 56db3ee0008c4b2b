"""The command line: a parser of every command, and what their errors and exit codes mean.

Start-up stays light: torch, ray and pandas are imported by the commands that need them.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version

from study.commands import answers, dashboard, data, jobs, run, studies
from study.errors import EngineError, UnknownStudyError, UsageError
from study.interrupts import Interrupted, interruptible
from trainables.datasets.manifest import DataSetError

BAD_INPUT = 2
FEW = 3  # problems that need no counting
FAULT = 1


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 done, 1 something outside the input failed, 2 bad input, 130 Ctrl-C, 143 SIGTERM. Those of
        ``wait`` are in ``job_commands.wait``.

    """
    options = parser().parse_args(arguments)
    try:
        with interruptible():
            return int(options.handler(options))
    except Interrupted as interrupted:
        _complain([str(interrupted)])
        return interrupted.exit_code
    except Exception as error:  # noqa: BLE001 -- what is not expected is raised again
        return _explain(error)


def parser() -> argparse.ArgumentParser:
    """Build the parser of every command; each sets ``handler``."""
    top = argparse.ArgumentParser(
        prog="gce-study",
        description="Choose a noise-robust loss and its parameter for sound event classification, and know how sure.",
    )
    top.add_argument("--version", action="version", version=f"gce-study {version('gce-study')}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run.add_parsers(commands)
    studies.add_parsers(commands)
    jobs.add_parsers(commands)
    answers.add_parsers(commands)
    dashboard.add_parser(commands)
    data.add_parser(commands)
    return top


def _explain(error: Exception) -> int:
    """Say what an expected error means, without a traceback; anything else is a defect and is raised."""
    from study.ledger.claim import OwnedError  # noqa: PLC0415
    from study.spec.reading import SpecError  # noqa: PLC0415

    if isinstance(error, SpecError | DataSetError):
        _complain(error.problems)
        return BAD_INPUT
    if isinstance(error, OwnedError | UnknownStudyError | UsageError):
        _complain([str(error)])
        return BAD_INPUT
    if isinstance(error, EngineError | OSError):
        _complain([str(error)])
        return getattr(error, "exit_code", FAULT)
    raise error


def _complain(problems: list[str]) -> None:
    for problem in problems:
        print(f"gce-study: {problem}", file=sys.stderr)  # noqa: T201 -- this is the command line
    if len(problems) > FEW:
        print(f"gce-study: {len(problems)} problems", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
