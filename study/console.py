"""Print the lines and tables of the commands; whatever they hold is made safe to print."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainables.characters import one_line, several_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from rich.console import ConsoleOptions, RenderableType, RenderResult
    from rich.style import StyleType


USUAL_WIDTH = 80  # characters, of a terminal that does not state its own
USUAL_HEIGHT = 25  # lines
UNFOLDED = 1000  # characters: wide enough that no cell is folded
LONG_WORD = 24  # characters of a word that a column need not be wide enough for
GAP = 2  # characters between columns
NUMBER = re.compile(r"[-+−]?[\d,.]+( ?%)?|-*")  # noqa: RUF001 -- the sign of typeset numbers
# "words", "T = 1000" or "80.3 ± 1.2 %", with the blanks after it; or a command that ends a sentence.
WORD = re.compile(r"(?<=: )gce-study .+|\S+(?: (?:[=±] \S+|%))* *")
COMMAND = re.compile(r" *(?:[\w ]+: +)?gce-study (?!.*: )")  # a line that is one is copied into a shell
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
    """Print each text on a line of its own, on the standard output or on the standard error.

    On a terminal, a text that is wider is wrapped between words; a word is never cut.
    """
    for line in lines:
        text = one_line(line)
        note(f"{text}\n")
        _print("".join(f"{part}\n" for part in wrapped(text, terminal_width(err=err))), err=err)


def terminal_width(*, err: bool = False) -> int | None:
    """Return the width in characters of the terminal on standard output, or error; None if it is not a terminal."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    with suppress(OSError, ValueError):  # ValueError: a stream in memory has no descriptor
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    return USUAL_WIDTH


def wrapped(text: str, width: int | None) -> list[str]:
    """Return a text in lines of at most so many cells, broken between words; a longer word has a line of its own.

    A line that is a command to copy is not broken, nor is a number parted from its sign or its unit.
    """
    if width is None or cell_len(text) <= width or COMMAND.match(text):
        return [text]
    indent = len(text) - len(text.lstrip())
    lines: list[str] = []
    for word in WORD.findall(text):
        if lines and cell_len(f"{lines[-1]}{word}".rstrip()) <= width:
            lines[-1] += word
        else:
            lines.append(f"{' ' * indent}{word}")
    return [line.rstrip() for line in lines]


class Paragraph:
    """Draws a text of one line on as many lines as it needs, as ``wrapped`` breaks it; nothing in it is markup."""

    def __init__(self, text: str, style: StyleType = "") -> None:
        """Set the text and its style."""
        self._text, self._style = one_line(text), style

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        for line in wrapped(self._text, options.max_width):
            yield Text(line, self._style, overflow="fold")


def complain(*problems: str) -> None:
    """Print problems on the standard error, a line for each, and their number if they are many."""
    say(*(f"gce-study: {problem}" for problem in problems), err=True)
    if len(problems) > MAX_UNCOUNTED:
        say(f"gce-study: {len(problems)} problems", err=True)


def write(text: str) -> None:
    """Print a text of several lines, such as JSON, on the standard output."""
    _write(several_lines(text), err=False)


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; nothing in it is read as markup.

    Elsewhere than on a terminal, each row is a line. On a terminal, cells are wrapped between words where the table is
    too wide. The first column, which has names, is never wrapped: if there is no room for the others beside it, each
    row is printed as its name followed by the other cells.
    """
    cells = [[cell(text) for text in row] for row in rows]
    width = terminal_width()
    headings = [cell(text) for text in header]
    if width is not None and (least := _least_widths(headings, cells)) and sum(least) + GAP * len(least) > width:
        say(*([title] if title else []))
        _write("".join(f"{line}\n" for line in _stacked(headings, cells, width)), err=False)
        return
    _write(_drawn(_table(title, headings, cells), width or UNFOLDED, plain=width is None), err=False)


def _least_widths(header: Sequence[Text], rows: Sequence[Sequence[Text]]) -> list[int]:
    """Return how wide each column must be at least: the first for its names, the others for their words."""
    columns = list(zip(header, *rows, strict=True))
    words = [[len(word) for text in column for word in text.plain.split()] for column in columns]
    return [
        max(text.cell_len for text in column) if not i else min(LONG_WORD, max(words[i], default=0))
        for i, column in enumerate(columns)
    ]


def _stacked(header: Sequence[Text], rows: Sequence[Sequence[Text]], width: int) -> Iterator[str]:
    """Yield each row as its name and the other cells with their headings, on as many lines as they need."""
    indent = " " * GAP
    for row in rows:
        line = row[0].plain
        for heading, text in zip(header[1:], row[1:], strict=True):
            if not text:
                continue
            fact = f"{indent}{heading.plain}: {text.plain}" if heading else f"{indent}{text.plain}"
            if cell_len(line + fact) <= width:
                line += fact
            else:
                yield line
                *lines, line = wrapped(fact, width)
                yield from lines
        yield line


def _table(title: str, header: Sequence[Text], rows: Sequence[Sequence[Text]]) -> Table:
    """Return a table without lines; columns of numbers are aligned at the right."""
    table = Table(
        title=cell(title) if title else None,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=None,
        padding=(0, GAP, 0, 0),
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    for i, (heading, column) in enumerate(zip(header, columns, strict=True)):
        numbers = bool(column) and all(NUMBER.fullmatch(text.plain) for text in column)
        table.add_column(heading, justify="right" if numbers and i else "left", no_wrap=not i, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def table_text(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as plain text, a line for each row."""
    table = _table(title, [cell(text) for text in header], [[cell(text) for text in row] for row in rows])
    return _drawn(table, UNFOLDED, plain=True).rstrip("\n")


def show_drawn(drawn: RenderableType, plain: Sequence[str]) -> None:
    """Print what is drawn for a terminal; elsewhere, and to the functions of ``heard_by``, plain lines instead."""
    if (width := terminal_width()) is None:
        say(*plain)
        return
    note("".join(f"{one_line(line)}\n" for line in plain))
    _print(_drawn(drawn, width), err=False)


def _drawn(drawn: RenderableType, width: int, *, plain: bool = False) -> str:
    """Return what rich draws in that width: with the colours of the terminal, or plain."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=sys.stdout.encoding, errors="backslashreplace")
    console = Console(
        file=file,
        force_terminal=not plain,
        force_jupyter=False,
        highlight=False,
        width=width,
        height=USUAL_HEIGHT,  # without one, a dumb terminal is taken for 80 characters wide
        color_system=None if plain else "auto",
    )
    console.print(drawn, soft_wrap=plain, crop=False)
    file.seek(0)
    lines = file.read().splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


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
    _print(text, err=err)


def _print(text: str, *, err: bool) -> None:
    print(text, end="", file=sys.stderr if err else sys.stdout, flush=True)
