"""The statistics behind a verdict, as tables: which configurations may be best, and how arms differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import accuracy_name
from analysis.statistics.intervals import LEVEL, p_text, t_interval
from analysis.statistics.paired_tests import MARGIN, differences, equivalence, paired_tests
from analysis.statistics.power import seeds_to_halve, seeds_to_separate
from analysis.statistics.rank_bootstrap import stability
from analysis.statistics.seed_agreement import seed_agreement
from analysis.statistics.two_way import effect
from analysis.tables.table import NONE, Table

if TYPE_CHECKING:
    from analysis.findings.finding import Finding
    from analysis.statistics.hsu import Contender
    from analysis.statistics.paired_tests import PairedTest

RESAMPLING_SEED = 0


def compared_tables(finding: Finding) -> tuple[Table, ...]:
    """Return every comparison that a study's reported runs allow."""
    arms = arms_table(finding)
    return (*best_set_tables(finding), *([arms] if arms else []))


def seeds_in_words(finding: Finding) -> tuple[str, ...]:
    """Return how well the accuracy of the study's choice is known, and how many seeds would halve its interval."""
    key, metric = finding.chosen, finding.metric
    values = finding.scores(metric).get(key, {}) if key else {}
    more = seeds_to_halve(len(values))
    interval = t_interval(values.values()) if values else None
    if key is None or more is None or interval is None or interval.half_width is None:
        return ()
    text = (
        f"{finding.names[key]}: {len(values)} runs give its {accuracy_name(metric).lower()} to "
        f"± {100 * interval.half_width:.1f} points; {more} more seeds would halve that if the spread stays the same."
    )
    return (text,)


def best_set_tables(finding: Finding) -> list[Table]:
    """Tabulate, for each subset with two configurations or more, those that may be best (Hsu 1981)."""
    return [table for name in finding.subsets if (table := _best_set(finding, name)) is not None]


def _best_set(finding: Finding, subset: str) -> Table | None:
    best, layout = finding.best_set("selection", subset), finding.two_way("selection", subset)
    if best is None or layout is None:
        return None
    resampled = stability(layout, RESAMPLING_SEED)
    first = resampled.first if resampled else {}
    rows = tuple(
        (
            contender.key.configuration,
            f"{100 * contender.mean:.1f} (n = {contender.n})",
            NONE if contender.difference is None else f"{100 * contender.difference:+.1f}",
            _ends(contender),
            "yes" if contender.may_be_best else "no",
            f"{first[contender.key]:.2f}" if contender.key in first else NONE,
        )
        for contender in sorted(best.candidates, key=lambda contender: -contender.mean)
    )
    tested, agreement = effect(layout), seed_agreement(layout)
    notes = [f"{accuracy_name(finding.selected_on)} in %; differences in points. {best.label()}."]
    notes += [f"First when resampled: {resampled.label()}; with few seeds it is overconfident."] if resampled else []
    notes += [f"{tested.text()}."] if tested else []
    notes += [agreement.text()] if agreement else []
    header = ("Configuration", "Mean", "Minus the best other", "Interval", "May be best", "First when resampled")
    where = f" on {subset}" if len(finding.subsets) > 1 else ""
    return Table(f"Configurations that may be best{where}", header, rows, " ".join(notes))


def _ends(contender: Contender) -> str:
    if contender.low is None or contender.high is None:
        return NONE
    return f"{100 * contender.low:+.1f} to {100 * contender.high:+.1f}"


def arms_table(finding: Finding) -> Table | None:
    """Tabulate the differences between arms, paired by seed, by the configurations that represent them."""
    metric = finding.metric
    accuracies = finding.compared_scores
    compared = (pair for pairs in finding.pairs_to_compare.values() for pair in pairs)
    pairs = [(first, second) for first, second in compared if first in accuracies and second in accuracies]
    if not pairs:
        return None
    rows = tuple(_row(finding, test) for test in paired_tests(accuracies, pairs))
    note = (
        f"{accuracy_name(metric)} in points, first minus second, paired by seed: mean ± half width of the "
        f"{100 * LEVEL:g} % t-interval, each at its own level; p by the paired t-test, and adjusted by Holm for all "
        f"rows together; effect size d_z with Hedges' correction; alike: two one-sided tests within {MARGIN:g} points "
        "at 5 %; seeds: how many more would show a difference of this size with power 0.8. Each arm is represented by "
        "its best configuration on validation; the luck that this choice shares with the accuracy is subtracted."
    )
    header = ("First", "Second", "Difference", "p", "p (Holm)", "Effect size", f"Alike within {MARGIN:g}", "More seeds")
    return Table("Differences between arms", header, rows, note)


def _row(finding: Finding, test: PairedTest) -> tuple[str, ...]:
    first, second = (finding.compared_scores[key] for key in (test.first, test.second))
    names = (finding.names[test.first], finding.names[test.second])
    if test.interval is None:
        return (*names, "no seed in common", *[NONE] * 5)
    alike = equivalence(first, second, MARGIN)
    more = seeds_to_separate(differences(first, second))
    gap = test.interval
    width = "" if gap.half_width is None else f" ± {100 * gap.half_width:.1f}"
    return (
        *names,
        f"{100 * gap.mean:+.1f}{width} (n = {gap.n})",
        NONE if test.p is None else p_text(test.p),
        NONE if test.adjusted is None else p_text(test.adjusted),
        NONE if test.corrected is None else f"{test.corrected:.2f}",
        NONE if alike is None else ("yes" if alike.shown else "not shown"),
        NONE if more is None else f"{more}",
    )
