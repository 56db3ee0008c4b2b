"""A list of clips as JSON lines: an object for each clip, as ``metadata.jsonl`` of Hugging Face's AudioFolder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trainables.datasets.csv_files.header import find_columns
from trainables.datasets.csv_files.rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trainables.datasets.csv_files.header import Column


def read_json_lines(
    path: Path, wanted: Sequence[Column], standard: Sequence[str], name: str
) -> tuple[list[Row], list[str]]:
    """Read JSON lines as ``read_rows`` reads a CSV; blank lines are skipped, null is an empty value.

    Args:
        path: the file, in UTF-8.
        wanted: the columns; other keys are ignored.
        standard: see ``find_columns``.
        name: what messages call the file.

    Returns:
        The rows, and one problem for each line that is not one.

    """
    rows, problems = [], []
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        return [], [f"{name}: {getattr(error, 'strerror', None) or 'not UTF-8; save the file as UTF-8'}"]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            problems.append(f"{where}: not a JSON object")
            continue
        columns, problem = find_columns(list(value), wanted, standard)
        if problem:
            problems.append(f"{where}: {problem}")
        else:
            rows.append(Row(where, {column: _text(value[key]) for column, key in columns.items()}))
    if not rows and not problems:
        problems.append(f"{name}: no rows")
    return rows, problems


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
