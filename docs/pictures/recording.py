"""A command recorded in a terminal: what its screen showed, and when."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import struct
import termios
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from screen import Screen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from screen import Cell

COLUMNS, ROWS = 80, 26
READ_S = 0.1  # how often the screen is looked at
READ_BYTES = 65_536


class Frame(NamedTuple):
    """A screen, and the seconds from the start at which it appeared."""

    at: float
    lines: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Recording:
    """What a terminal showed while a command ran, for ``seconds`` in all."""

    command: str
    frames: tuple[Frame, ...]
    seconds: float


def record(command: Sequence[str], shown: str, folder: Path) -> Recording:
    """Run a command in a terminal of its own and record the screen.

    Args:
        command: the program and its arguments.
        shown: how a reader would type it.
        folder: the working folder.

    Raises:
        ChildProcessError: the command failed; the message holds the last screen.

    """
    start = time.monotonic()
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.environ.update(
            {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        )
        os.environ.pop("NO_COLOR", None)
        os.execvp(command[0], list(command))  # noqa: S606 -- our own command
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    screen, decode = Screen(COLUMNS, ROWS), codecs.getincrementaldecoder("utf-8")("replace").decode
    frames: list[Frame] = []
    while True:
        ready, _, _ = select.select([terminal], [], [], READ_S)
        if ready:
            try:
                data = os.read(terminal, READ_BYTES)
            except OSError:  # the command has closed its end
                data = b""
            if not data:
                break
            screen.feed(decode(data))
        else:  # between two drawings, not in the middle of one
            lines = screen.lines()
            if not frames or frames[-1].lines != lines:
                frames.append(Frame(time.monotonic() - start, lines))
    seconds = time.monotonic() - start
    frames.append(Frame(seconds, screen.lines()))
    _, status = os.waitpid(process, 0)
    if status:
        text = "\n".join("".join(cell.text for cell in line).rstrip() for line in screen.lines())
        msg = f"{shown} ended with status {os.waitstatus_to_exitcode(status)}:\n{text}"
        raise ChildProcessError(msg)
    return Recording(shown, tuple(frames), seconds)
