"""The differences between arms, as tables: what matters first, further statistics, and all subsets pooled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.results.measures import metric_name
from analysis.statistics.intervals import p_cell
from analysis.tables.interval_cells import IntervalCells, span
from analysis.tables.table import NONE, Table
from analysis.text.methods import procedures
from analysis.text.phrases import chance
from trainables.numerals import fixed

if TYPE_CHECKING:
    from analysis.findings.arm_comparisons import ArmComparison, PooledComparison
    from analysis.findings.finding import Finding
    from analysis.text.methods.procedures import Procedure

MAX_SEEDS = 200  # further seeds that are stated as a number


def arm_tables(finding: Finding) -> tuple[Table, ...]:
    """Tabulate the differences between arms; empty if there is nothing to compare."""
    compared, pooled = finding.arm_comparisons, finding.pooled_comparisons
    if not compared:
        return ()
    names = (*(["Subset"] if len(finding.subsets) > 1 else []), "First", "Second")
    cells = IntervalCells(each.test.interval for each in compared if each.test.interval is not None)
    main = _table(
        finding,
        "Differences between arms",
        names,
        [(*_names(finding, each), *_main(each, cells)) for each in compared],
        (procedures.DIFFERENCE, procedures.HOLM, procedures.OUTPERFORMANCE, procedures.PRACTICAL),
        cells,
    )
    spans = {
        (row, main.header.index(procedures.DIFFERENCE.heading)): span(each.test.interval)
        for row, each in enumerate(compared)
        if each.test.interval is not None
    }
    further = _table(
        finding,
        "Differences between arms: further statistics",
        names,
        [(*_names(finding, each), *_further(each)) for each in compared],
        (
            procedures.UNADJUSTED,
            procedures.EFFECT_SIZE,
            procedures.EQUIVALENCE,
            procedures.STOCHASTIC_ORDER,
            procedures.MORE_SEEDS,
        ),
    )
    if not pooled:
        return (replace(main, spans=spans), further)
    over_all = IntervalCells(each.gap.interval for each in pooled)
    over_subsets = _table(
        finding,
        "Differences between arms over all subsets",
        ("First", "Second", "Subsets"),
        [_pooled(each, over_all) for each in pooled],
        (procedures.POOLED, procedures.HOLM, procedures.INTERACTION),
        over_all,
    )
    return (replace(main, spans=spans), over_subsets, further)


def _table(  # noqa: PLR0913, PLR0917 -- what a table is made of
    finding: Finding,
    title: str,
    names: tuple[str, ...],
    rows: list[tuple[str, ...]],
    columns: tuple[Procedure, ...],
    cells: IntervalCells | None = None,
) -> Table:
    notes = [
        f"{metric_name(finding.metric)} in points, first minus second.",
        procedures.REPRESENTATIVES,
        procedures.explained(columns),
        *([cells.note()] if cells and cells.note() else []),
    ]
    header = (*names, *(column.heading for column in columns))
    return Table(title, header, tuple(rows), " ".join(notes), procedures=columns)


def _names(finding: Finding, compared: ArmComparison) -> tuple[str, ...]:
    """Return the subset, where there are several, and both configurations."""
    names = (compared.first.configuration, compared.second.configuration)
    return (compared.first.subset, *names) if len(finding.subsets) > 1 else names


def _main(compared: ArmComparison, cells: IntervalCells) -> tuple[str, ...]:
    test, wins, practical = compared.test, compared.outperformance, compared.practical
    if test.interval is None or wins is None:
        return ("no seed in common", *[NONE] * 3)
    return (
        cells.cell(test.interval, "+"),
        NONE if test.adjusted is None else p_cell(test.adjusted),
        f"{wins.share * wins.n:g} of {wins.n} ({wins.low:.2f} to {wins.high:.2f})",
        NONE if practical is None else ", ".join(map(chance, (practical.better, practical.alike, practical.worse))),
    )


def _further(compared: ArmComparison) -> tuple[str, ...]:
    test, alike = compared.test, compared.equivalence
    return (
        NONE if test.p is None else p_cell(test.p),
        NONE if test.corrected is None else fixed(test.corrected, 2),
        NONE if alike is None else ("yes" if alike.shown else "not demonstrated"),
        NONE if compared.order is None else f"{compared.order.bound:.2f}",
        NONE if compared.more_seeds is None else more_seeds(compared.more_seeds),
    )


def more_seeds(number: int) -> str:
    """Return how many further seeds are needed; above ``MAX_SEEDS``, only that they are more."""
    return f"> {MAX_SEEDS}" if number > MAX_SEEDS else f"{number}"


def _pooled(compared: PooledComparison, cells: IntervalCells) -> tuple[str, ...]:
    gap = compared.gap
    return (
        compared.first,
        compared.second,
        f"{len(gap.subsets)}",
        cells.cell(gap.interval, "+"),
        NONE if compared.p is None else p_cell(compared.p),
        NONE if gap.interaction is None else gap.interaction.text(),
    )
