"""The differences between arms, as tables: what matters first, further statistics, and all subsets pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_name
from analysis.statistics.intervals import p_text
from analysis.tables.table import NONE, Table
from analysis.text.methods import procedures
from analysis.text.phrases import chance
from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.findings.arm_comparisons import ArmComparison, PooledComparison
    from analysis.findings.finding import Finding
    from analysis.text.methods.procedures import Procedure


def arm_tables(finding: Finding) -> tuple[Table, ...]:
    """Tabulate the differences between arms; empty if there is nothing to compare."""
    compared, pooled = finding.arm_comparisons, finding.pooled_comparisons
    if not compared:
        return ()
    main = _table(
        finding,
        "Differences between arms",
        [(*_names(finding, each), *_main(each)) for each in compared],
        (procedures.DIFFERENCE, procedures.HOLM, procedures.OUTPERFORMANCE, procedures.PRACTICAL),
    )
    further = _table(
        finding,
        "Differences between arms: further statistics",
        [(*_names(finding, each), *_further(each)) for each in compared],
        (
            procedures.UNADJUSTED,
            procedures.EFFECT_SIZE,
            procedures.EQUIVALENCE,
            procedures.STOCHASTIC_ORDER,
            procedures.MORE_SEEDS,
        ),
    )
    over_subsets = _table(
        finding,
        "Differences between arms over all subsets",
        [_pooled(each) for each in pooled],
        (procedures.POOLED, procedures.HOLM, procedures.INTERACTION),
    )
    return (main, *([over_subsets] if pooled else []), further)


def _table(finding: Finding, title: str, rows: list[tuple[str, ...]], columns: tuple[Procedure, ...]) -> Table:
    note = (
        f"{metric_name(finding.metric)} in points, first minus second. {procedures.REPRESENTATIVES} "
        f"{procedures.explained(columns)}"
    )
    header = ("First", "Second", *(column.heading for column in columns))
    return Table(title, header, tuple(rows), note, procedures=columns)


def _names(finding: Finding, compared: ArmComparison) -> tuple[str, str]:
    return finding.names[compared.first], finding.names[compared.second]


def _main(compared: ArmComparison) -> tuple[str, ...]:
    test, wins, practical = compared.test, compared.outperformance, compared.practical
    if test.interval is None or wins is None:
        return ("no seed in common", *[NONE] * 3)
    return (
        test.interval.cell("+"),
        NONE if test.adjusted is None else p_text(test.adjusted),
        f"{wins.share * wins.n:g} of {wins.n} ({wins.low:.2f} to {wins.high:.2f})",
        NONE if practical is None else ", ".join(map(chance, (practical.better, practical.alike, practical.worse))),
    )


def _further(compared: ArmComparison) -> tuple[str, ...]:
    test, alike = compared.test, compared.equivalence
    return (
        NONE if test.p is None else p_text(test.p),
        NONE if test.corrected is None else f"{test.corrected:.2f}",
        NONE if alike is None else ("yes" if alike.shown else "not shown"),
        NONE if compared.order is None else f"{compared.order.bound:.2f}",
        NONE if compared.more_seeds is None else f"{compared.more_seeds}",
    )


def _pooled(compared: PooledComparison) -> tuple[str, ...]:
    gap = compared.gap
    return (
        compared.first,
        compared.second,
        f"{gap.interval.cell('+')}, {counted(len(gap.subsets), 'subset')}",
        NONE if compared.p is None else p_text(compared.p),
        NONE if gap.interaction is None else gap.interaction.text(),
    )
