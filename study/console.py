"""Print the lines and tables of the commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


UNFOLDED = 1000  # characters: wide enough that no cell is folded


def say(text: str, *, err: bool = False) -> None:
    """Print a line on the standard output, or on the standard error."""
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; nothing in it is read as markup, and cells are not folded."""
    table = Table(title=Text(title) if title else None, title_justify="left", box=None)
    for cell in header:
        table.add_column(Text(cell))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else UNFOLDED
    Console(highlight=False, soft_wrap=True, width=width).print(table)
