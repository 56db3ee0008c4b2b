"""The screen of a terminal: as much of one as the commands' output needs.

It knows text, colours, and the movements with which rich draws a live display over the last one.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

# The eight colours, then their bright forms, by name; a page draws each in its own shade.
NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
# A control sequence; a message to the window, such as a link; or another escape.
TOKEN = re.compile(r"\x1b\[([?>=]?[0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]]")
# The codes of ECMA-48 that change how text looks.
FOREGROUND, BACKGROUND = 38, 48  # the numbers of a colour follow
LOOKS: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    22: {"bold": False, "dim": False},
    39: {"colour": ""},
}
LOOKS |= {30 + place: {"colour": name} for place, name in enumerate(NAMES)}
LOOKS |= {90 + place: {"colour": f"bright-{name}"} for place, name in enumerate(NAMES)}
RGB = 2  # red, green and blue follow; otherwise an index into the palette of 256 colours
GREYS = 232  # index of the first of 24 greys; before them are 16 names and a cube of colours
CUBE = (0, 95, 135, 175, 215, 255)  # the steps of red, green and blue in the palette of 256 colours


class Look(NamedTuple):
    """How a character is drawn: ``colour`` is one of the names, ``bright-`` and a name, ``#rrggbb``, or empty."""

    colour: str = ""
    bold: bool = False
    dim: bool = False


class Cell(NamedTuple):
    """One character on the screen."""

    text: str
    look: Look


BLANK = Cell(" ", Look())


class Screen:
    """A screen of fixed size that scrolls."""

    def __init__(self, columns: int, rows: int) -> None:
        """Clear the screen."""
        self._columns, self._rows = columns, rows
        self._cells = [[BLANK] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._look = Look()
        self._rest = ""  # an escape sequence whose end is still to come

    def lines(self) -> tuple[tuple[Cell, ...], ...]:
        """Return what the screen shows, from the top."""
        return tuple(map(tuple, self._cells))

    def feed(self, text: str) -> None:
        """Show what a program has written."""
        text, self._rest = self._rest + text, ""
        place = 0
        while place < len(text):
            if text[place] != "\x1b":
                self._put(text[place])
                place += 1
            elif token := TOKEN.match(text, place):
                place = token.end()
                if token[2]:
                    self._control(token[1], token[2])
            else:
                self._rest = text[place:]
                return

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._down()
        elif character >= " ":
            if self._column == self._columns:
                self._column = 0
                self._down()
            self._cells[self._row][self._column] = Cell(character, self._look)
            self._column += 1

    def _down(self) -> None:
        if self._row == self._rows - 1:
            self._cells = [*self._cells[1:], [BLANK] * self._columns]
        else:
            self._row += 1

    def _control(self, arguments: str, name: str) -> None:
        numbers = [int(part or 0) for part in arguments.lstrip("?>=").split(";")]
        count = max(1, numbers[0])
        if name == "A":
            self._row = max(0, self._row - count)
        elif name == "B":
            self._row = min(self._rows - 1, self._row + count)
        elif name == "C":
            self._column = min(self._columns - 1, self._column + count)
        elif name == "D":
            self._column = max(0, self._column - count)
        elif name == "G":
            self._column = min(self._columns, count) - 1
        elif name == "K":
            start, end = {0: (self._column, self._columns), 1: (0, self._column + 1)}.get(
                numbers[0], (0, self._columns)
            )
            self._cells[self._row][start:end] = [BLANK] * (end - start)
        elif name == "J":
            self._cells[self._row + 1 :] = [[BLANK] * self._columns for _ in self._cells[self._row + 1 :]]
            self._cells[self._row][self._column :] = [BLANK] * (self._columns - self._column)
        elif name == "m":
            self._set_look(numbers)

    def _set_look(self, numbers: list[int]) -> None:
        while numbers:
            code = numbers.pop(0)
            if code in {FOREGROUND, BACKGROUND}:
                colour = _extended(numbers)
                self._look = self._look._replace(colour=colour) if code == FOREGROUND else self._look
            elif code == 0:
                self._look = Look()
            else:
                self._look = self._look._replace(**LOOKS.get(code, {}))


def _extended(numbers: list[int]) -> str:
    """Take the numbers of an extended colour from a list, and return the colour."""
    if numbers.pop(0) == RGB:
        red, green, blue, *numbers[:] = numbers
        return f"#{red:02x}{green:02x}{blue:02x}"
    index = numbers.pop(0)
    named = 2 * len(NAMES)
    if index < named:
        return NAMES[index] if index < len(NAMES) else f"bright-{NAMES[index - len(NAMES)]}"
    if index >= GREYS:
        return "#" + f"{8 + 10 * (index - GREYS):02x}" * 3
    red, green, blue = (CUBE[(index - named) // step % len(CUBE)] for step in (36, 6, 1))
    return f"#{red:02x}{green:02x}{blue:02x}"
