"""Notes of tables and captions that are read one after the other, without repeated sentences."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.plotting.figure import Figure
    from analysis.tables.table import Table

_SENTENCE_END = re.compile(r"(?<=[.?!]) (?=[A-Z±]|p[ :])")
_UNIT = re.compile(r"\w in %\.$")  # what a table's numbers are, which each states


def sentences_once(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Return tables in reading order without sentences in their notes that an earlier note already states."""
    known: set[str] = set()
    return tuple(replace(table, note=_new(table.note, known)) for table in tables)


def captions_once(figures: Iterable[Figure], first: int = 1) -> tuple[Figure, ...]:
    """Return figures in reading order without what an earlier caption already states.

    A caption that an earlier figure has becomes a reference to that figure; of the explanations after it, only
    sentences that are new remain.

    Args:
        figures: in reading order.
        first: the number of the first one.

    """
    numbers: dict[str, int] = {}
    known: set[str] = set()
    shortened = []
    for number, figure in enumerate(figures, first):
        earlier = numbers.setdefault(figure.caption, number)
        caption = figure.caption if earlier == number else f"As Figure {earlier}."
        shortened.append(replace(figure, caption=caption, more=_new(figure.more, known)))
    return tuple(shortened)


def _new(text: str, known: set[str]) -> str:
    """Return the sentences of a text that are not known yet, and add them to those known."""
    sentences = [one for one in _SENTENCE_END.split(text) if one not in known or _UNIT.search(one)]
    known.update(sentences)
    return " ".join(sentences)
