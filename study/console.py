"""What the commands print: lines, tables, and a study's configurations."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainables.labels import label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trainables.config import Configuration
    from trainables.records import PlannedRun, StudyPlan


def say(text: str, *, err: bool = False) -> None:
    """Print a line on the standard output, or on the standard error."""
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; nothing in it is read as markup, and it does not fold."""
    table = Table(title=Text(title) if title else None, title_justify="left", box=None)
    for cell in header:
        table.add_column(Text(cell))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, soft_wrap=True).print(table)


def show_arms(plan: StudyPlan, recorded: set[str]) -> None:
    """Print a study's configurations with their runs, named and recorded."""
    found: dict[tuple[str, Configuration], list[PlannedRun]] = {}
    for planned in plan.runs:
        found.setdefault((planned.arm, planned.run.configuration), []).append(planned)
    rows = [
        (
            label(runs[0]),
            configuration.loss.name,
            configuration.subset,
            str(len(runs)),
            str(sum(p.run.run_id in recorded for p in runs)),
        )
        for (_, configuration), runs in found.items()
    ]
    show("", ("configuration", "loss", "subset", "runs", "recorded"), rows)
