"""The works that a study's methods may cite, and those that a text cites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.text.methods import works_on_learning, works_on_statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKS = works_on_learning.WORKS | works_on_statistics.WORKS


class References:
    """Collects the works that a text cites."""

    def __init__(self) -> None:
        """Start with none."""
        self._cited: set[str] = set()

    def cite(self, key: str) -> str:
        """Return ``Authors, year`` of a work of ``WORKS``, and remember that it is cited."""
        self._cited.add(key)
        return WORKS[key].citation()

    def lines(self) -> list[str]:
        """Return the works cited so far, a reference each, sorted by their keys."""
        return [WORKS[key].reference() for key in sorted(self._cited)]


def cited_works(references: Sequence[str]) -> list[str]:
    """Return the keys of the works with these references, in the same order."""
    keys = {work.reference(): key for key, work in WORKS.items()}
    return [keys[reference] for reference in references]
