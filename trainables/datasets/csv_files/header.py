"""Find the columns of a CSV in its header; the messages name what differs from the columns looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.datasets.names import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
MAX_LINE = 200  # characters of a header that is shown whole
QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
FOLD = "fold"  # the usual column of folds, which can take the place of a split
OF_SEVERAL = "labels"  # the column of data sets whose clips have several labels


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a reader looks for.

    Attributes:
        name: what the reader calls it.
        names: the names that it may have in a file; the first is the one that messages show.
        required: whether a file without it is refused.
        spelled: whether a name that differs only in case, spaces or quotes is refused rather than passed over.

    """

    name: str
    names: tuple[str, ...]
    required: bool = True
    spelled: bool = True

    def within(self, header: Iterable[str]) -> list[str]:
        """Return the names of a header that this column may have."""
        return [name for name in dict.fromkeys(header) if name in self.names]

    def lacking(self, header: Sequence[str]) -> bool:
        """Return whether a header has to have this column and does not."""
        return self.required and not self.within(header)


def plain(*names: str) -> tuple[Column, ...]:
    """Return required columns of these names."""
    return tuple(Column(name, (name,)) for name in names)


def find_columns(
    header: list[str], wanted: Sequence[Column], standard: Sequence[str] = ()
) -> tuple[dict[str, str], str]:
    """Find the columns of a file.

    Args:
        header: the names in the first row.
        wanted: the columns looked for.
        standard: names of columns; in a header that has them all, other names for these columns mean nothing.

    Returns:
        What the reader calls each column -> its name in the header, and the problem of the header or "".

    """
    if problem := _misspelled(header, wanted) or _missing(header, wanted):
        return {}, problem
    double = sorted({column for column in header if header.count(column) > 1})
    if double:
        return {}, f"column {', '.join(map(quoted, double))} occurs twice"
    alone = bool(standard) and set(standard) <= set(header)
    found = {}
    for column in wanted:
        names = column.within(header)
        if alone and column.name in standard and column.name in names:
            names = [column.name]
        if len(names) > 1:
            both, remedy = " and ".join(map(quoted, names)), f"{{{column.name}: {names[0]}}}"
            return {}, f"columns {both} could both be the {column.name}; choose by dataset.columns: {remedy}"
        if names:
            found[column.name] = names[0]
    return found, ""


def _missing(header: list[str], wanted: Sequence[Column]) -> str:
    """Return the problem of a header that lacks columns, or ""."""
    lacking = [column for column in wanted if column.lacking(header)]
    if not lacking:
        return ""
    if OF_SEVERAL in header and any(column.name == "label" for column in lacking):
        return (
            f"column '{OF_SEVERAL}': clips with several labels cannot be used, as every clip has one label here; if "
            f"each has one, set dataset.columns: {{label: {OF_SEVERAL}}}"
        )
    names = ", ".join(c.names[0] + (f" (or {', '.join(c.names[1:])})" if c.names[1:] else "") for c in lacking)
    required = ",".join(column.names[0] for column in wanted if column.required)
    others = "; dataset.columns takes other names" if any(c.names[1:] for c in lacking) else ""
    if any(column.name == "split" for column in lacking):
        others += f"; set dataset.{'folds' if FOLD in header else 'test_path'} if it has no split"
    return f"no column {names}; required: {required}; found: {_shown(header)}{others}"


def _misspelled(header: list[str], wanted: Sequence[Column]) -> str:
    """Return the one difference that keeps a header from being right, with the remedy; "" if there are others."""
    line = ",".join(header)
    if line.lower().startswith("sep=") and len(line) <= len("sep=;,"):  # the separator may be a comma
        return f"the line {quoted(line)} is a hint to Excel; delete it, and separate the values with commas"
    if _right(header, wanted):
        return ""
    for separator, name in SEPARATORS.items():
        if _right(list(map(_bare, line.split(separator))), wanted):
            return f"the values are separated by {name}; separate them with commas"
    if len(header) == 1 and _right(list(map(_bare, header[0].split(","))), wanted):
        return "the whole line is in quotes; quote only single values"
    return next((problem for problem in _spelling(header, wanted) if problem), "")


def _right(header: list[str], wanted: Sequence[Column]) -> bool:
    """Return whether a header has the required columns, and none that differs from a wanted one only in spelling."""
    if any(column.lacking(header) for column in wanted):
        return False
    similar = {_bare(name).lower() for name in header}
    return all(column.within(header) or similar.isdisjoint(column.names) for column in wanted if column.spelled)


def _spelling(header: list[str], wanted: Sequence[Column]) -> list[str]:
    stripped = [column.strip() for column in header]
    bare = [_bare(column) for column in header]
    lower = [column.lower() for column in bare]
    names = {name for column in wanted for name in column.names}
    cased = [low if low in names else column for column, low in zip(header, lower, strict=True)]
    return [
        f"spaces around the column names ({_differing(header, stripped)}); remove them, also around the values"
        if _right(stripped, wanted)
        else "",
        f"quotes or invisible characters around the column names ({_differing(header, bare)}); remove them"
        if _right(bare, wanted)
        else "",
        f"column names must be lower case, found {_differing(header, cased)}" if _right(lower, wanted) else "",
    ]


def _differing(header: list[str], corrected: list[str]) -> str:
    return ", ".join(quoted(column) for column, name in zip(header, corrected, strict=True) if column != name)


def _bare(column: str) -> str:
    """Return a column's name without spaces, quotes and characters that cannot be seen."""
    return "".join(c for c in column if c.isprintable()).strip().strip(QUOTES).strip()


def _shown(header: list[str]) -> str:
    line = ",".join(header)
    return line if line.isprintable() and len(line) <= MAX_LINE else quoted(line)
