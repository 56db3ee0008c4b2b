"""The errors that a command explains in a line, without a traceback."""

from __future__ import annotations

import os


def last_line(error: Exception) -> str:
    """Return the last line of an error's message, or the name of its class if there is no message."""
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


class EngineError(Exception):
    """The study cannot continue, for a reason outside its runs; what is recorded stays."""

    exit_code = 1


class RayFailedError(EngineError):
    """Ray did not start, or failed while it ran; its logs may state why."""


class PortError(EngineError):
    """A port cannot be listened on."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        """State the port and why; Python's own text repeats the address."""
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        super().__init__(f"cannot listen on {host} port {port}: {why}; another one: --port")


class UnheardError(EngineError):
    """The wait for a study on a cluster lost contact; the study may still be running there."""

    exit_code = 125  # as that of coreutils' timeout when it is itself what fails


class UnknownStudyError(Exception):
    """The storage location holds no study of that name."""


class UsageError(Exception):
    """A command was given options that are not allowed, or that contradict each other."""


class OwnedError(Exception):
    """Another process runs the study."""


class SpecError(Exception):
    """Everything that is wrong with a study, all at once; ``problems`` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems; the message has one line for each."""
        super().__init__("\n".join(problems))
        self.problems = problems
