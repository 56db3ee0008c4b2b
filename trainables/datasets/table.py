"""The CSV files of a data set: rows with their line numbers, and all their problems."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from trainables.datasets.manifest import POOL

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from pathlib import Path

TRUTH = {"1": True, "true": True, "0": False, "false": False}
NO_CLASS = "(none)"  # the true label, in a CSV, of a sound of none of the classes
MAX_LISTED = 20  # problems of one kind; more are one line


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it starts, as ``train.csv:17`` (the header is line 1), and its values by column."""

    where: str
    values: dict[str, str]


def read_rows(path: Path, required: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Read a CSV with a header; a byte-order mark is accepted, blank lines are skipped.

    Returns:
        The rows that have as many values as the header, and one problem for each of the others. A file that cannot
        be read, or lacks a column of ``required``, has no rows and one problem.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return [], [f"{path}: {'no such file' if isinstance(error, FileNotFoundError) else error.strerror}"]
    if not data.strip():
        return [], [f"{path.name}: empty; the first line must name the columns {','.join(required)}"]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [], [f"{path.name}:{line}: byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8"]
    return _parse(path.name, text, required)


def _parse(name: str, text: str, required: Sequence[str]) -> tuple[list[Row], list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header: list[str] = []
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
                if problem := _check_header(header, required):
                    return [], [f"{where}: {problem}"]
            elif len(values) != len(header):
                problems.append(f"{where}: {len(values)} values, the header has {len(header)} columns")
            else:
                rows.append(Row(where, dict(zip(header, values, strict=True))))
    except csv.Error as error:
        problems.append(f"{name}:{line}: {error}")
    if not rows and not problems:
        problems.append(f"{name}: no rows")
    return rows, problems


def _check_header(header: list[str], required: Sequence[str]) -> str:
    missing = [c for c in required if c not in header]
    if missing:
        return f"no column {', '.join(missing)}; needed are {','.join(required)}, found {','.join(header)}"
    double = sorted({c for c in header if header.count(c) > 1})
    return f"column {', '.join(double)} occurs twice" if double else ""


def check_path(path: str) -> str:
    """Return the problem of a path that should lie below a root, or ""; symbolic links are not followed."""
    if not path or path != path.strip():
        return "the path is empty" if not path.strip() else "the path has spaces around it"
    if not path.isprintable():  # a control character, or a byte of a file name that is not UTF-8
        return "the path holds a character that cannot be printed"
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive:
        return f"the path '{path}' is absolute; it must be relative to the root"
    if ".." in PurePosixPath(path.replace("\\", "/")).parts:
        return f"the path '{path}' leaves the root"
    if path.startswith(POOL):
        return f"the path may not start with '{POOL}'"
    return "" if PurePosixPath(path).parts else "the path names the root itself"


def check_label(label: str) -> str:
    """Return the problem of a label, or ""."""
    if not label.strip():
        return "the label is empty"
    if not label.isprintable():
        return f"label {label!r} holds a character that cannot be printed"
    if label == NO_CLASS:
        return f"label '{label}' is kept for the true label of a sound of no class"
    return "" if label == label.strip() else f"label '{label}' has spaces around it"


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
    """Return the problems of rows, ``FILE:LINE: ... problem``; numbers and names do not distinguish kinds."""
    return grouped(((p.partition(":")[0], re.sub(r"'.*'|\d+", "", p.rpartition(": ")[2])), p, "") for p in problems)


def repeated(entries: Iterable[tuple[str, str, str]]) -> list[str]:
    """List the paths that occur more than once, from (where, path, split) in order."""
    first: dict[str, tuple[str, str]] = {}
    problems = []
    for where, path, split in entries:
        if path not in first:
            first[path] = (where, split)
        elif first[path][1] == split:
            problems.append(f"{where}: {path}: twice in {split}, first at {first[path][0]}")
        else:
            problems.append(f"{where}: {path}: in {split} and in {first[path][1]} ({first[path][0]})")
    return problems
