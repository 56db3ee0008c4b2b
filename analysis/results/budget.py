"""What a study has spent, and which limit of its budget that reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.records import Record
    from trainables.settings import Budget

HOUR_S = 3600.0


@dataclass
class Spent:
    """What a study's runs have used of its budget."""

    runs: int = 0
    wall_s: float = 0.0  # of training, summed over runs
    failures: int = 0

    @classmethod
    def of(cls, records: Iterable[Record]) -> Self:
        """Return what these records used."""
        spent = cls()
        for record in records:
            spent.add(record)
        return spent

    def add(self, record: Record) -> None:
        """Add a run."""
        self.runs += 1
        self.wall_s += record.cost.wall_s
        self.failures += record.status == "failed"


def reached(budget: Budget, spent: Spent, out: int = 0) -> str | None:
    """Return the limit that is reached, as in ``budget.max_runs = 40``; None if none is.

    Args:
        budget: of the study.
        spent: by the study's records.
        out: runs that are being trained; they count as runs.

    """
    limits: dict[str, tuple[float, float | None]] = {
        "max_runs": (spent.runs + out, budget.max_runs),
        "max_hours": (spent.wall_s / HOUR_S, budget.max_hours),
        "max_failures": (spent.failures, budget.max_failures),
    }
    for name, (used, limit) in limits.items():
        if limit is not None and used >= limit:
            return f"budget.{name} = {limit:g}"
    return None
