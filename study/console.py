"""Print the lines and tables of the commands; whatever they hold is made safe to print."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainables.characters import one_line, several_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from rich.style import StyleType


NARROW = 80  # characters: a narrower terminal folds the lines itself, because cells would lose most of their text
UNFOLDED = 1000  # characters: wide enough that no cell is folded
MAX_UNCOUNTED = 3  # problems; if there are more, their number is printed too
_listeners: list[Callable[[str], None]] = []


@contextmanager
def heard_by(listener: Callable[[str], None]) -> Iterator[None]:
    """Within the context, pass all that this module prints to a function too, a text at a time."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def note(text: str) -> None:
    """Pass a text to the functions of ``heard_by`` without printing it."""
    for listener in _listeners:
        listener(text)


def say(*lines: str, err: bool = False) -> None:
    """Print each text on a line of its own, on the standard output or on the standard error."""
    for line in lines:
        _write(f"{one_line(line)}\n", err=err)


def complain(*problems: str) -> None:
    """Print problems on the standard error, a line for each, and their number if they are many."""
    say(*(f"gce-study: {problem}" for problem in problems), err=True)
    if len(problems) > MAX_UNCOUNTED:
        say(f"gce-study: {len(problems)} problems", err=True)


def write(text: str) -> None:
    """Print a text of several lines, such as JSON, on the standard output."""
    _write(several_lines(text), err=False)


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; nothing in it is read as markup, and cells are not folded."""
    print_table(_table(title, header, rows), soft_wrap=True)


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=cell(title) if title else None, title_justify="left", box=None)
    for name in header:
        table.add_column(cell(name))
    for row in rows:
        table.add_row(*map(cell, row))
    return table


def table_text(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as plain text whose cells are not folded."""
    console = Console(file=io.StringIO(), width=UNFOLDED, force_jupyter=False, record=True, color_system=None)
    console.print(_table(title, header, rows))
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def print_table(table: Table, *, soft_wrap: bool = False) -> None:
    """Print a table whose texts are made by ``cell``; on a terminal as wide as that, elsewhere without folded cells."""
    drawn = io.StringIO()
    terminal = sys.stdout.isatty()
    width = None if terminal else UNFOLDED
    console = Console(file=drawn, force_terminal=terminal or None, highlight=False, soft_wrap=soft_wrap, width=width)
    console.width = max(console.width, NARROW)
    console.print(table)
    _write(drawn.getvalue(), err=False)


def cell(text: str, style: StyleType = "") -> Text:
    """Return a text as a cell of a table or a line of a display; nothing in it is read as markup."""
    return Text(one_line(text), style)


class Warnings(logging.Handler):
    """Prints warnings and errors that a library or this project logs and no other handler takes."""

    def __init__(self) -> None:
        """Handle messages of level WARNING and above."""
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message on one line, and below it the traceback of its exception."""
        try:
            say(record.getMessage(), err=True)
            if record.exc_info:
                say(*logging.Formatter().formatException(record.exc_info).splitlines(), err=True)
        except Exception:  # noqa: BLE001 -- a wrong call of a logger must end no command
            self.handleError(record)


@contextmanager
def printed_warnings() -> Iterator[None]:
    """Within the context, print logged warnings safely, in place of the handler that ``logging`` falls back on."""
    former, logging.lastResort = logging.lastResort, Warnings()
    try:
        yield
    finally:
        logging.lastResort = former


def print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an unexpected error, in place of ``sys.excepthook``."""
    _write(several_lines("".join(traceback.format_exception(kind, error, trace))), err=True)


def _write(text: str, *, err: bool) -> None:
    note(text)
    print(text, end="", file=sys.stderr if err else sys.stdout, flush=True)
