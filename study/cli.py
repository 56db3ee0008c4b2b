"""The command line: the module of each command, and the meaning of errors and exit codes.

A command's module is imported when the command is chosen, so that help and light commands start fast. Whatever else
takes long to import is imported once signals are handled: Ctrl-C at any moment is one line.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from study.errors import EngineError, OwnedError, SpecError, UnknownStudyError, UsageError
from study.interrupts import Interrupted, interruptible, received
from study.streams import steady_streams

if TYPE_CHECKING:
    from study.commands.parser import CommandParser

BAD_INPUT = 2
FAULT = 1

# Command -> its module in ``study.commands`` and what it does. Without a text, the help does not list it.
COMMANDS = {
    "check": ("check", "print the runs that a study file asks for and how long they take, without training"),
    "run": ("run", "train every run that is not recorded yet, then report; run it again to continue"),
    "status": ("studies", "print a study's progress"),
    "list": ("studies", "list the studies of a storage location, or of a cluster"),
    "schema": ("studies", "print the JSON Schema of study files, for editors"),
    "submit": ("jobs", "start a study on a cluster, or find it running there"),
    "logs": ("drivers", "print the log of a study, or of one of its runs"),
    "stop": ("drivers", "stop a study once its runs have finished their epoch; resume continues it"),
    "cancel": ("drivers", "end a study at once; records and checkpoints are kept"),
    "resume": (
        "drivers",
        "run a study again after it ended or its driver died; on a cluster, from the file it was submitted with",
    ),
    "wait": ("drivers", "wait until a study ends; on a cluster, the exit code is that of its driver"),
    "end-driver": ("jobs", None),
    "report": ("report", "write a study's report"),
    "export": ("answers", "write a study's runs, and their curves, as CSV or Parquet"),
    "best": ("answers", "print a study's choice and how certain it is"),
    "compare": ("answers", "print how two studies differ, in their files and in their results"),
    "audit": (
        "audit",
        "list the training clips whose labels are most likely wrong, and write the corrected data set",
    ),
    "model": ("model", "write the trained network of a study's choice to a folder: weights, model card, ONNX"),
    "predict": ("model", "label sound files with the trained network of a study's choice"),
    "prune": (
        "prune",
        "free what studies no longer need: checkpoints, frames, caches, temporary files of killed processes",
    ),
    "dashboard": ("dashboard", "show the studies of a storage location in a browser, live while they run"),
    "data": ("data", "fetch, verify or describe a data set, or embed its clips"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 done, 1 something outside the input failed, 2 bad input, 129 SIGHUP, 130 Ctrl-C, 143 SIGTERM.
        Those of ``wait`` are in ``study.commands.jobs.wait``.

    Raises:
        SystemExit: the help was printed, or the arguments were refused.

    """
    with steady_streams() as streams:
        try:
            code = _run(sys.argv[1:], for_good=True) if arguments is None else _run(arguments)
        except SystemExit as ended:  # argparse has printed the help or a refusal
            if ended.code or not streams.failure():
                raise
            code = 0
        if failure := streams.failure():
            _complain(failure)
            code = code or FAULT
    return code


def _run(given: list[str], *, for_good: bool = False) -> int:
    """Run one command; ``for_good`` if the process has nothing else to do."""
    try:
        with interruptible(for_good=for_good):
            if not given:
                parser().print_help()
                return 0
            chosen = next((word for word in given if not word.startswith("-")), None)
            options = parser(chosen).parse_args(given)
            from study.console import printed_warnings  # noqa: PLC0415 -- see the module's docstring

            with printed_warnings():
                return int(options.handler(options))
    except Interrupted as interrupted:
        _complain(str(interrupted))
        return interrupted.exit_code
    except Exception as error:  # noqa: BLE001 -- an unexpected error is raised again
        return _explain(error, for_good=for_good)


def parser(chosen: str | None = None) -> CommandParser:
    """Build the parser; only the chosen command gets its arguments, among them ``handler``."""
    from importlib.metadata import version  # noqa: PLC0415 -- see the module's docstring

    from study.commands.parser import CommandParser  # noqa: PLC0415

    top = CommandParser(
        prog="gce-study",
        description="Find out which noise-robust loss and parameter suit your sounds, and how certain that is.",
    )
    top.add_argument("--version", action="version", version=f"gce-study {version('gce-study')}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    top.hidden = {name for name, (_, text) in COMMANDS.items() if not text}
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text) if text else commands.add_parser(name)
        if name == chosen:
            import_module(f"study.commands.{module}").add_arguments(command, name)
    return top


def _explain(error: Exception, *, for_good: bool) -> int:
    """Print what an expected error means, without a traceback; raise any other, which is a defect."""
    from trainables.datasets.manifest import DataSetError  # noqa: PLC0415 -- see the module's docstring
    from trainables.storage.documents import OtherVersionError  # noqa: PLC0415

    if isinstance(error, SpecError | DataSetError | OtherVersionError):
        _complain(*error.problems)
        return BAD_INPUT
    if isinstance(error, OwnedError | UnknownStudyError | UsageError):
        _complain(str(error))
        return BAD_INPUT
    if isinstance(error, EngineError | OSError):
        _complain(str(error))
        return getattr(error, "exit_code", FAULT)
    if interrupted := received():  # a library has made another exception of the interrupt
        _complain(str(interrupted))
        return interrupted.exit_code
    if for_good:
        from study.console import print_traceback  # noqa: PLC0415 -- see the module's docstring

        sys.excepthook = print_traceback
    raise error


def _complain(*problems: str) -> None:
    from study.console import complain  # noqa: PLC0415 -- see the module's docstring

    complain(*problems)


if __name__ == "__main__":
    sys.exit(main())
