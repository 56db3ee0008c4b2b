"""Check the header of a CSV; the messages name what differs from the required columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.datasets.names import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
MAX_LINE = 200  # characters of a header that is shown whole
QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"


def check_header(header: list[str], required: Sequence[str]) -> str:
    """Return the problem of a header, or ""."""
    missing = [column for column in required if column not in header]
    if missing:
        return _near_miss(header, required) or (
            f"no column {', '.join(missing)}; required: {','.join(required)}; found: {_shown(header)}"
        )
    double = sorted({column for column in header if header.count(column) > 1})
    return f"column {', '.join(map(quoted, double))} occurs twice" if double else ""


def _near_miss(header: list[str], required: Sequence[str]) -> str:
    """Return the one difference that keeps a header from being right, with the remedy; "" if there are others."""
    line = ",".join(header)
    if line.lower().startswith("sep=") and len(line) <= len("sep=;,"):  # the separator may be a comma
        return f"the line {quoted(line)} is a hint to Excel; delete it, and separate the values with commas"
    for separator, name in SEPARATORS.items():
        if _has(map(_bare, line.split(separator)), required):
            return f"the values are separated by {name}; separate them with commas"
    if len(header) == 1 and _has(map(_bare, header[0].split(",")), required):
        return "the whole line is in quotes; quote only single values"
    return next((problem for problem in _spelling(header, required) if problem), "")


def _spelling(header: list[str], required: Sequence[str]) -> list[str]:
    stripped = [column.strip() for column in header]
    bare = [_bare(column) for column in header]
    lower = [column.lower() for column in bare]
    return [
        f"spaces around the column names ({_differing(header, stripped)}); remove them, also around the values"
        if _has(stripped, required)
        else "",
        f"quotes or invisible characters around the column names ({_differing(header, bare)}); remove them"
        if _has(bare, required)
        else "",
        f"column names must be lower case, found {_differing(header, lower)}" if _has(lower, required) else "",
    ]


def _has(columns: Iterable[str], required: Sequence[str]) -> bool:
    return set(required) <= set(columns)


def _differing(header: list[str], wanted: list[str]) -> str:
    return ", ".join(quoted(column) for column, name in zip(header, wanted, strict=True) if column != name)


def _bare(column: str) -> str:
    """Return a column's name without spaces, quotes and characters that cannot be seen."""
    return "".join(c for c in column if c.isprintable()).strip().strip(QUOTES).strip()


def _shown(header: list[str]) -> str:
    line = ",".join(header)
    return line if line.isprintable() and len(line) <= MAX_LINE else quoted(line)
