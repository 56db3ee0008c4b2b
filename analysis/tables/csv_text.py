"""Tables as CSV that a spreadsheet shows as text: whatever a name holds, none of its cells runs as a formula."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from trainables.numerals import MINUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

# The first characters that OWASP lists under "CSV injection", with the full-width forms that some spreadsheets accept.
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# A dash or a number, with an interval, a unit and n, such as -4.0 to +0.3 points (n = 5): none of it can call anything.
_NUMBER = r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?(?: %)?"
_NUMBERS = re.compile(rf"-|{_NUMBER}(?: (?:±|to) {_NUMBER})?(?: points)?(?: \(n = \d+\))?", re.ASCII)


def csv_cell(text: str) -> str:
    """Return a cell that a spreadsheet shows as text: one that could be a formula gets a single quote in front.

    Numbers, with interval, unit and n, have a hyphen for a minus, which programs read; a lone dash stays.
    """
    number = text.replace(MINUS, "-")
    if _NUMBERS.fullmatch(number):
        return number
    return f"'{text}" if _FORMULA.match(text) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of text as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(map(csv_cell, row) for row in (header, *rows))
    return text.getvalue()


def frame_csv(frame: pd.DataFrame, *, header: bool = True) -> str:
    """Return a data frame as CSV without its index; only cells that hold text can change."""
    safe = frame.rename(columns=csv_cell)
    for name, kind in safe.dtypes.items():
        if kind.kind == "O":  # of objects and of text
            safe[name] = safe[name].map(lambda cell: csv_cell(cell) if isinstance(cell, str) else cell)
    return safe.to_csv(index=False, header=header)
