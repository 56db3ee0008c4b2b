"""What the commands print: lines, tables, and a study's configurations."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from study.arms import Range
from trainables.labels import label, number, symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from study.arms import Values
    from study.spec import StudySpec
    from trainables.config import Configuration
    from trainables.records import PlannedRun, StudyPlan

WIDE = 1000  # characters


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
    width = None if sys.stdout.isatty() else WIDE  # a file has no width at which cells should fold
    Console(highlight=False, soft_wrap=True, width=width).print(table)


def show_arms(plan: StudyPlan, recorded: set[str]) -> None:
    """Print a study's configurations with their runs, named and recorded, and what they are for where that differs."""
    found: dict[tuple[str, Configuration, str], list[PlannedRun]] = {}
    for planned in plan.runs:
        found.setdefault((planned.arm, planned.run.configuration, planned.stage), []).append(planned)
    staged = any(planned.stage for planned in plan.runs)
    rows = [
        (
            label(runs[0]),
            configuration.loss.name,
            configuration.subset,
            *([stage or "compare"] if staged else []),
            str(len(runs)),
            str(sum(p.run.run_id in recorded for p in runs)),
        )
        for (_, configuration, stage), runs in found.items()
    ]
    show("", ("configuration", "loss", "subset", *(["to"] if staged else []), "runs", "recorded"), rows)


def show_open(spec: StudySpec) -> None:
    """Print a study's arms and what they leave open."""
    rows = [
        (
            arm.name,
            str(arm.loss.model_dump()["name"]),
            " x ".join(f"{symbol(name)} in {_space(value)}" for name, value in arm.open.items()),
            "baseline" if arm.name in getattr(spec.method, "baselines", ()) else "",
        )
        for arm in spec.arms
    ]
    show("", ("arm", "loss", "left open", ""), rows)


def _space(value: Values | Range) -> str:
    if isinstance(value, Range):
        return f"[{number(value.min)}, {number(value.max)}] ({value.scale})"
    return "{" + ", ".join(number(each) for each in value.values) + "}"
