"""The CSV files of a data set: rows with their line numbers, and all their problems."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.datasets.csv_files.encoding import EncodingError, decode
from trainables.datasets.csv_files.header import find_columns
from trainables.datasets.names import FORMS_DIFFER, missing, normal_form
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from pathlib import Path

    from trainables.datasets.csv_files.header import Column

TRUTH = {"1": True, "true": True, "0": False, "false": False}
MAX_LISTED = 20  # problems of one kind; more are one line


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it starts, as ``train.csv:17`` (the header is line 1), and its values by ``Column.name``."""

    where: str
    values: dict[str, str]


def read_rows(
    path: Path, wanted: Sequence[Column], standard: Sequence[str] = (), name: str = ""
) -> tuple[list[Row], list[str]]:
    """Read a CSV with a header; a byte-order mark is accepted, blank lines are skipped.

    Args:
        path: the CSV.
        wanted: the columns; others are ignored.
        standard: see ``find_columns``.
        name: what messages call the file; by default its name.

    Returns:
        The rows that have as many values as the header, and one problem for each of the others. A file that cannot
        be read, or whose header has a problem, has no rows and one problem.

    """
    if path.exists() and not path.is_file():
        return [], [f"{path}: not a file"]  # reading a pipe would wait for ever
    name = name or path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        return [], [f"{path}: {missing(path) if isinstance(error, FileNotFoundError) else error.strerror}"]
    if not data.strip():
        columns = ",".join(column.names[0] for column in wanted if column.required)
        return [], [f"{name}: empty; the first line must name the columns {columns}"]
    try:
        text = decode(data)
    except EncodingError as error:
        return [], [f"{name}:{error.line}: {error}" if error.line else f"{name}: {error}"]
    return _parse(name, text, wanted, standard)


def _parse(name: str, text: str, wanted: Sequence[Column], standard: Sequence[str]) -> tuple[list[Row], list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header: list[str] = []
    places: dict[str, int] = {}
    rows: list[Row] = []
    problems: list[str] = []
    line = 1
    try:
        for values in reader:
            where, line = f"{name}:{line}", reader.line_num + 1  # a quoted value may span lines: name the first
            if not values:
                continue
            if not header:
                header = values
                columns, problem = find_columns(header, wanted, standard)
                if problem:
                    return [], [f"{where}: {problem}"]
                places = {column: header.index(in_file) for column, in_file in columns.items()}
            elif len(values) != len(header):
                unclosed = "; is a quote not closed?" if any("\n" in value for value in values) else ""
                number = f"{counted(len(values), 'value')}, the header has {counted(len(header), 'column')}"
                problems.append(f"{where}: {number}{unclosed}")
            else:
                rows.append(Row(where, {column: values[place] for column, place in places.items()}))
    except csv.Error as error:
        problems.append(f"{name}:{line}: {error}")
    if not rows and not problems:
        problems.append(f"{name}: no rows")
    return rows, problems


def grouped(problems: Iterable[tuple[Hashable, str, str]]) -> list[str]:
    """Return problems as lines, more than ``MAX_LISTED`` of a kind as one.

    Args:
        problems: for each its kind, its line, and the line that replaces all of its kind; "" means their number
            and the first of them.

    """
    listed = list(problems)
    times = Counter(kind for kind, _, _ in listed)
    lines: dict[Hashable, str] = {}
    for i, (kind, line, together) in enumerate(listed):
        if times[kind] <= MAX_LISTED:
            lines[i] = line
        else:
            lines.setdefault(kind, together or f"{times[kind]:,} problems of this kind: {line}")
    return list(lines.values())


def grouped_rows(problems: Iterable[str]) -> list[str]:
    """Return the problems of rows, ``FILE:LINE: ... problem``, in the order of each file's lines.

    Numbers and names do not distinguish kinds. Files are in the order of their first problems.
    """
    listed = [(p.partition(":")[0], p) for p in problems]
    files = list(dict.fromkeys(file for file, _ in listed))
    listed.sort(key=lambda problem: (files.index(problem[0]), _line(problem[1])))
    return grouped(((file, re.sub(r"'.*'|\d+", "", p.rpartition(": ")[2])), p, "") for file, p in listed)


def _line(problem: str) -> int:
    """Return the line that a problem names after its file; 0 if it is about the file as a whole."""
    found = re.match(r"[^:]*:(\d+):", problem)
    return int(found[1]) if found else 0


def repeated(entries: Iterable[tuple[str, str, str]]) -> list[str]:
    """List the paths that occur more than once, whichever way accents are encoded, from (where, path, split)."""
    first: dict[str, tuple[str, str, str]] = {}
    problems = []
    for where, path, split in entries:
        before, known, known_split = first.setdefault(normal_form(path), (where, path, split))
        if (before, known) == (where, path):
            continue
        differ = "" if known == path else f"; the two paths {FORMS_DIFFER}"
        if known_split == split:
            problems.append(f"{where}: {path}: twice in {split}, first at {before}{differ}")
        else:
            problems.append(f"{where}: {path}: in {split} and in {known_split} ({before}){differ}")
    return problems
