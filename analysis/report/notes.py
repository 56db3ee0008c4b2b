"""Notes of tables that are read one after the other, without repeated sentences."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.tables.table import Table

_SENTENCE_END = re.compile(r"(?<=[.?!]) (?=[A-Z±]|p[ :])")


def sentences_once(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Return tables in reading order without sentences in their notes that an earlier note already states."""
    known: set[str] = set()
    shortened = []
    for table in tables:
        sentences = _SENTENCE_END.split(table.note)
        shortened.append(replace(table, note=" ".join(one for one in sentences if one not in known)))
        known.update(sentences)
    return tuple(shortened)
