"""A study's status and a list of studies in words: drawn on a terminal, as lines and tables elsewhere."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from study.console import Paragraph, cell, table_text
from study.engine.display.view import StudyView, joined
from study.planning.tables import arms_table
from trainables.naming import ago, counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from study.commands.overview.json_models import Pick, Summary
    from study.commands.overview.stored import StoredStudy

LIST_HEADER = ("study", "data set", "runs", "recorded", "failed", "state", "changed", "result")


def status_view(study: StoredStudy, further: Sequence[str] = (), *, fit: bool = False) -> RenderableType:
    """Return a study's status for a terminal.

    Args:
        study: the study.
        further: lines to add.
        fit: whether to draw no more rows than the terminal has lines for.

    """
    words = study.headline
    texts = [Paragraph(words.text, "bold"), *([Paragraph(words.advice)] if words.advice else [])]
    texts += [Paragraph(line, "dim") for line in (*_pick_lines(study.summary.pick), *further)]
    return StudyView(study.overview, fit=fit, below=("", *texts))


def status_lines(study: StoredStudy, further: Sequence[str] = ()) -> list[str]:
    """Return a study's status as lines."""
    plan, summary, progress = study.finding.plan, study.summary, study.progress
    arms = arms_table(plan, set(study.finding.results.records))
    left_out = [f"{count:,} {name}" for name in ("failed", "diverged") if (count := getattr(summary.runs, name))]
    planned = counted(len({planned.run.run_id for planned in plan.runs}), "run")
    counts = ", ".join([f"{summary.recorded:,} of {planned} recorded", *left_out])
    lines = table_text(arms.title, arms.header, arms.rows).splitlines()
    lines.append(f"{plan.name}: {counts}; {f'run by {study.holder}' if study.holder else 'not running'}")
    lines.append(f"{study.headline.line}")
    lines += _pick_lines(summary.pick)
    if study.holder and progress.updated:
        for flight in study.flights:
            shown = "" if flight.validation is None else f", validation {100 * flight.validation:.1f} %"
            lines.append(f"running: {flight.name}, epoch {flight.epoch}{shown}")
        lines += filter(None, [progress.standing, *progress.waits])
        age = max(0.0, time.time() - progress.updated)
        lines.append(f"ETA {duration(progress.eta_s)}, as of {age:.0f} s ago")
    elif study.changed:
        lines.append(f"changed {ago(max(0.0, time.time() - study.changed))}")
    return [*lines, *further]


def _pick_lines(pick: Pick | None) -> Iterator[str]:
    if pick is None:
        return
    parts = [f"pick: {pick.configuration}"]
    parts += [] if pick.validation is None else [f"validation {100 * pick.validation:.1f} %"]
    if pick.test is not None:
        width = "" if pick.test.high is None else f" ({100 * (pick.test.low or 0):.1f} to {100 * pick.test.high:.1f})"
        parts.append(f"test {100 * pick.test.mean:.1f} %{width}, n = {pick.test.n}")
    yield ", ".join(parts)


def list_rows(studies: Sequence[Summary]) -> list[tuple[str, ...]]:
    """Return a row for each study; see ``LIST_HEADER``."""
    return [
        (s.study, s.dataset, _planned(s), f"{s.recorded:,}", f"{_failed(s):,}", _state(s), _age(s), s.headline)
        for s in studies
    ]


def _planned(study: Summary) -> str:
    return f"at most {study.planned:,}" if study.at_most else f"{study.planned:,}"


def _failed(study: Summary) -> int:
    return study.runs.failed + study.runs.diverged


def _state(study: Summary) -> str:
    if study.state == "running" and study.eta_s is not None:
        return f"running, {'at most' if study.at_most else 'about'} {duration(study.eta_s)} left"
    return study.state


def _age(study: Summary) -> str:
    if study.changed is None:
        return ""
    return ago(max(0.0, time.time() - datetime.fromisoformat(study.changed).timestamp()))


class StudyList:
    """Draws a list of studies for a terminal: two lines for each, of which the second is the result."""

    def __init__(self, studies: Sequence[Summary]) -> None:
        """Set the studies."""
        self._studies = studies

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        between = ", " if options.ascii_only else " · "
        for study in self._studies:
            recorded = f"{study.recorded:,} of {_planned(study)} runs" if study.recorded != study.planned else ""
            parts = [Text.assemble(cell(study.study, "bold"), "  ", recorded or counted(study.planned, "run"))]
            parts += [Text(f"{_failed(study):,} failed", "red")] if _failed(study) else []
            style = {"running": "bold", "complete": "green"}.get(study.state, "dim")
            parts += [Text(_state(study), style), *([Text(_age(study), "dim")] if study.changed else [])]
            yield from joined(parts, between, options.max_width)
            yield Paragraph(f"  {study.headline}")
