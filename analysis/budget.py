"""What a study has spent, and which limit of its budget that reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trainables.records import Record

HOUR_S = 3600.0


def reached(budget: Mapping[str, Any], records: Iterable[Record], out: int = 0) -> str | None:
    """Say which limit is reached, as in ``budget.max_runs = 40``; None when there is room.

    Args:
        budget: max_runs (runs), max_hours (hours of training, summed over runs) and max_failures (failed runs); a limit
            that is absent or None is none.
        records: the study's.
        out: runs that are being trained; they count as runs.

    """
    found = list(records)
    spent = {
        "max_runs": len(found) + out,
        "max_hours": sum(record.cost.wall_s for record in found) / HOUR_S,
        "max_failures": sum(record.status == "failed" for record in found),
    }
    for name, used in spent.items():
        limit = budget.get(name)
        if limit is not None and used >= limit:
            return f"budget.{name} = {limit:g}"
    return None
