"""The statistics behind a verdict, as tables: which configurations may be best, and how arms differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.arm_comparisons import RESAMPLING_SEED
from analysis.plotting.styles import styles
from analysis.results.measures import metric_name, metric_words
from analysis.statistics.blocks.seed_agreement import seed_agreement
from analysis.statistics.blocks.two_way import effect, two_way_table
from analysis.statistics.intervals import MIN_SEEDS, t_interval
from analysis.statistics.pairs.power import seeds_to_halve
from analysis.statistics.rank_bootstrap import stability
from analysis.tables.accuracy import collapse_notes
from analysis.tables.arms import arm_tables
from analysis.tables.table import NONE, Span, Table
from analysis.text.methods import procedures
from analysis.text.phrases import chance, of_next_run
from trainables.naming import counted
from trainables.numerals import ends, fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key
    from analysis.statistics.hsu import BestSet, Contender


def compared_tables(finding: Finding) -> tuple[Table, ...]:
    """Return every comparison that a study's reported runs allow."""
    return (*best_set_tables(finding), *arm_tables(finding))


def seeds_in_words(finding: Finding) -> tuple[str, ...]:
    """Return how well the choice's accuracy is known, how many seeds would halve that, and what the next may score."""
    key, metric = finding.chosen, finding.metric
    values = finding.scores(metric).get(key, {}) if key else {}
    more = seeds_to_halve(len(values))
    interval = t_interval(values.values()) if values else None
    if key is None or more is None or interval is None or interval.half_width is None or interval.n < MIN_SEEDS:
        return ()
    text = (
        f"{finding.names[key]}: {len(values)} runs give its {metric_words(metric)} to "
        f"± {100 * interval.half_width:.1f} points; {counted(more, 'more seed')} would halve that if the spread stays "
        "the same."
    )
    next_run = of_next_run(finding.best.tested) if finding.best else ""
    return (
        text,
        *(
            [f"One more training of it may reach a {metric_words(finding.results.tested_by)} of {next_run}."]
            if next_run
            else []
        ),
    )


def best_set_tables(finding: Finding) -> list[Table]:
    """Tabulate, for each subset with two configurations or more, those that may be best (Hsu 1981)."""
    several = {subset: best for subset, best in finding.comparisons.items() if len(best.candidates) > 1}
    return [_best_set(finding, subset, best) for subset, best in several.items()]


def _best_set(finding: Finding, subset: str, best: BestSet) -> Table:
    scores = finding.scores("selection")
    layout = two_way_table({candidate.key: scores[candidate.key] for candidate in best.candidates})
    resampled = stability(layout, RESAMPLING_SEED) if layout else None
    ordered = sorted(best.candidates, key=lambda contender: -contender.mean)
    usual = max((contender.n for contender in ordered), default=0)
    counts = {contender.n for contender in ordered}
    names = {key: key.configuration for key in scores} if subset else finding.names
    rows = tuple(_contender(names, contender, usual, resampled.first if resampled else {}) for contender in ordered)
    tested, agreement = effect(best.model), seed_agreement(layout) if layout else None
    used = (
        procedures.MAY_BE_BEST,
        *([procedures.ADJUSTED_MEAN] if best.adjusted else []),
        *([procedures.FIRST_WHEN_RESAMPLED] if resampled else []),
        *([procedures.EQUAL_MEANS] if tested else []),
        *([procedures.SEED_SHARE] if agreement else []),
    )
    notes = [
        f"{metric_name(finding.selected_on)} in %; differences in points.",
        *([f"n = {counted(usual, 'seed')} unless stated otherwise."] if len(counts) > 1 else []),
        procedures.explained(used),
        f"Here: {best.facts()}{f'; {tested.text()}' if tested else ''}.",
        *([agreement.text()] if agreement else []),
        *collapse_notes(finding, "selection"),
    ]
    header = (
        "Configuration",
        "Mean",
        "Minus the best other",
        "Interval",
        "May be best",
        "First when resampled",
    )
    where = f" on {subset}" if subset and len(finding.subsets) > 1 else ""
    some_out = len(best.members) < len(best.candidates)
    looks = styles(finding.results.runs)
    return Table(
        f"Configurations that may be best{where}",
        header,
        rows,
        " ".join(notes),
        frozenset((row, 0) for row, contender in enumerate(ordered) if contender.may_be_best and some_out),
        used,
        spans={
            (row, header.index("Interval")): Span(100 * c.difference, 100 * c.low, 100 * c.high)
            for row, c in enumerate(ordered)
            if c.difference is not None and c.low is not None and c.high is not None
        },
        chips={row: looks[contender.key.arm] for row, contender in enumerate(ordered)},
    )


def _contender(
    names: Mapping[Key, str], contender: Contender, usual: int, first: Mapping[Key, float]
) -> tuple[str, ...]:
    """Return the row of one configuration; its number of seeds is stated where it is not the usual one."""
    mean = fixed(100 * contender.mean)
    return (
        names[contender.key],
        mean if contender.n == usual else f"{mean} (n = {contender.n})",
        NONE if contender.difference is None else fixed(100 * contender.difference, sign="+"),
        _ends(contender),
        "yes" if contender.may_be_best else "no",
        chance(first[contender.key]) if contender.key in first else NONE,
    )


def _ends(contender: Contender) -> str:
    if contender.low is None or contender.high is None:
        return NONE
    return ends(100 * contender.low, 100 * contender.high, sign="+")
