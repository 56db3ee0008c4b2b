"""The first screen of a report and of a study in the dashboard: the answer, before all that supports it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING

from analysis.findings.method_finding import GridFinding
from analysis.plotting.class_matrix import shortened
from analysis.results.runs_table import folds_of, keys, subsets
from analysis.text.tiles import tiles
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.findings.method_finding import MethodFinding
    from analysis.plotting.figure import Figure
    from analysis.report.method_report import MethodReport
    from analysis.tables.table import Table
    from analysis.text.headline import Headline
    from analysis.text.tiles import Tile


SHOWN_CAUTIONS = 3
PLACE = 40  # characters of the storage location; a longer one is cut in its middle


@dataclass(frozen=True, eq=False)
class FirstScreen:
    """What a reader sees first, as plain text, not escaped; each part is made on first access.

    A report as HTML, Markdown and JSON and the dashboard show the same parts in the same order.
    """

    report: MethodReport

    @cached_property
    def context(self) -> tuple[str, ...]:
        """Study, data set, size, day of the last run, version of the report and storage location."""
        plan, storage = self.report.finding.plan, self.report.storage
        when = last_day(record.provenance.ended for record in self.report.finding.results.records.values())
        version = f"gce-study {metadata.version('gce-study')}"
        parts = (
            plan.name,
            plan.dataset.name,
            size(self.report.finding),
            when,
            version,
            "" if storage is None else shortened(str(storage), PLACE),
        )
        return tuple(filter(None, parts))

    @property
    def headline(self) -> Headline:
        """The result in at most twelve words, and what to do."""
        return self.report.headline

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """Up to four numbers: the score of the choice, its differences, how sure it is, and the cost."""
        return tiles(self.report.finding)

    @property
    def verdict(self) -> str:
        """The result in full."""
        return self.report.verdict

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to know before relying on the result, a sentence each, serious ones first."""
        return self.report.cautions

    @property
    def first_cautions(self) -> tuple[str, ...]:
        """The cautions that are always in view; a page folds the others."""
        return self.cautions[:SHOWN_CAUTIONS]

    @property
    def more_cautions(self) -> tuple[str, ...]:
        """The cautions that a page folds."""
        return self.cautions[SHOWN_CAUTIONS:]

    @cached_property
    def figure(self) -> Figure | None:
        """Figure 1: what the choice was made from; None where nothing can be drawn."""
        report = self.report
        explored = () if isinstance(report.finding, GridFinding) else report.exploring_figures
        first = report.arm_figures if len(report.finding.subsets) > 1 else report.accuracy_figures
        return next(iter((*explored, *first, *report.accuracy_figures, *report.arm_figures)), None)

    @cached_property
    def table(self) -> Table | None:
        """Table 1: the configurations that were compared; before any was confirmed, those that were explored."""
        report = self.report
        if not len(report.finding.reported.runs):
            return next(iter(report.exploring_tables), None)
        return report.accuracy_tables[0]


def size(finding: MethodFinding) -> str:
    """Return how many configurations there are, times subsets, folds and seeds where all have as many."""
    runs = finding.reported.runs if isinstance(finding, GridFinding) else finding.explored.runs
    planned = keys(runs)
    if not planned:
        return ""
    on = subsets(runs)
    labels = {(key.arm, key.configuration) for key in planned}
    crossed = len(planned) == len(labels) * len(on)
    controls = [key for key in planned if key in finding.controls]
    different = {(key.arm, key.configuration) for key in controls} if crossed else controls
    of = counted((len(labels) if crossed else len(planned)) - len(different), "configuration")
    parts = [f"{of} and {counted(len(different), 'control')}" if different else of]
    parts += [counted(len(on), "subset")] if crossed and len(on) > 1 else []
    folds = folds_of(runs)
    parts += [counted(len(folds), "fold")] if folds else []
    seeds = {len(set(of["seed"])) for _, of in runs.groupby(["arm", "configuration", "subset"], sort=False)}
    parts += [counted(seeds.pop(), "seed")] if len(seeds) == 1 else []
    whole = " × ".join(parts)  # noqa: RUF001 -- a sign of multiplication
    return whole if isinstance(finding, GridFinding) else f"{whole}{_confirmed(finding)}"


def _confirmed(finding: MethodFinding) -> str:
    """Return how many configurations are confirmed, and on how many fresh seeds if on as many each."""
    runs = finding.reported.runs
    if runs.empty:
        return ""
    seeds = {len(set(of["seed"])) for _, of in runs.groupby(["arm", "configuration", "subset"], sort=False)}
    times = f" × {counted(seeds.pop(), 'fresh seed')}" if len(seeds) == 1 else ""  # noqa: RUF001 -- as above
    return f", {len(keys(runs))} confirmed{times}"


def last_day(times: Iterable[str]) -> str:
    """Return the day of the latest of some times, ISO 8601 in UTC, as ``28 Nov 2026``; empty without a known time."""
    latest = max(times, default="")
    try:
        day = datetime.fromisoformat(latest)
    except ValueError:
        return ""
    return f"{day.day} {day:%b %Y}"
