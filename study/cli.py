"""The command line, and the meaning of its errors and exit codes.

A command's module is imported when the command is chosen, so that help and light commands start fast. Whatever else
takes long to import is imported once signals are handled: Ctrl-C at any moment is one line.
"""

from __future__ import annotations

import sys

from study.errors import EngineError, OwnedError, SpecError, UnknownStudyError, UsageError
from study.interrupts import Interrupted, interruptible, received
from study.streams import steady_streams

BAD_INPUT = 2
FAULT = 1


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
            from study.commands.line.catalogue import parser  # noqa: PLC0415 -- see the module's docstring

            if not given:
                parser().print_help()
                return 0
            options = parser(*[word for word in given if not word.startswith("-")][:1]).parse_args(given)
            from study.console import printed_warnings  # noqa: PLC0415 -- see the module's docstring

            with printed_warnings():
                return int(options.handler(options))
    except Interrupted as interrupted:
        _complain(str(interrupted))
        return interrupted.exit_code
    except Exception as error:  # noqa: BLE001 -- an unexpected error is raised again
        return _explain(error, for_good=for_good)


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
        named = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else ""
        _complain(named or str(error))
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
