"""The report's sections on single clips: what the data set holds, and what test clips and classes say of the arms."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from analysis.figures.clips import _confusion, _gaps
from analysis.findings.clip_predictions import Predictions, _best_other, _name, _recorded_runs, _standing
from analysis.statistics.clips import REPLICATES, bootstrap_difference, class_accuracies, class_gaps
from analysis.statistics.intervals import LEVEL
from analysis.tables.comparisons import MOST_ARMS
from analysis.tables.table import NONE, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.figures.figure import Figure
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults

SEED = 0  # of the bootstrap's draws


def clip_parts(results: StudyResults) -> tuple[tuple[str, ...], tuple[Figure, ...], tuple[Table, ...]]:
    """Return text, figures and tables on the test clips; all empty where there is nothing to say.

    A study's choice is compared with the other arm that does best on validation; of each arm stands its best on
    validation.
    """
    if results.labels is None:
        problem = results.labels_problem
        return ((f"Nothing is said of single clips: {problem}.",) if problem else ()), (), ()
    found = _standing(results)
    if not found:
        return (), (), ()
    first = next(iter(found))
    other = _best_other(results, found, first)
    figures = [_confusion(results, first, found[first])]
    if other is not None and (gaps := _gaps(results, found, first, other)):
        figures.append(gaps)
    tables = [table for table in (_differences(results, found), _classes(results, found, first, other)) if table]
    return (), tuple(figures), tuple(tables)


def _differences(results: StudyResults, found: Predictions) -> Table | None:
    """Tabulate the differences between arms, with what other test clips would change in the interval."""
    rows = []
    for first, second in _pairs(list(found)):
        gap = bootstrap_difference(found[first], found[second], results.labels.test if results.labels else (), SEED)
        if gap is not None:
            ends = NONE if gap.low == gap.high else f"{100 * gap.low:+.1f} to {100 * gap.high:+.1f}"
            over = f"{gap.seeds} seeds and {gap.clips:,} clips" if gap.seeds > 1 else f"{gap.clips:,} clips alone"
            rows.append((_name(first), _name(second), f"{100 * gap.mean:+.1f}", ends, over))
    if not rows:
        return None
    note = (
        f"Test accuracy, points, first less second. Interval: {100 * LEVEL:g} % percentile bootstrap, "
        f"{REPLICATES:,} draws of clips and, where there are several, of seeds (runs of one seed together): what other "
        "clips and other seeds would change. The t-intervals elsewhere are for these very clips. With few seeds it is "
        "too narrow."
    )
    header = ("First", "Second", "Difference", "Interval", "Drawn anew")
    return Table("Differences if the test clips were others", header, tuple(rows), note)


def _pairs(keys: Sequence[Key]) -> list[tuple[Key, Key]]:
    """Pair configurations of one subset; with many, each with the first."""
    own = [pair for pair in combinations(keys, 2) if pair[0].subset == pair[1].subset]
    return own if len(keys) <= MOST_ARMS else [pair for pair in own if pair[0] == keys[0]]


def _classes(results: StudyResults, found: Predictions, first: Key, other: Key | None) -> Table:
    """Tabulate each class's test accuracy, of the choice and beside it of the best other arm."""
    truth, classes = results.labels.test if results.labels else (), results.plan.dataset.classes
    shown = [first, *([other] if other else [])]
    columns = [class_accuracies(found[key].values(), truth, classes) for key in shown]
    gaps = {gap.name: gap.accuracy for gap in class_gaps(found[first], found[other], truth, classes)} if other else {}
    rows = tuple(
        (
            own[0].name,
            f"{own[0].clips:,}",
            *(each.accuracy.percent() for each in own),
            *([gaps[own[0].name].percent() if gaps else NONE] if other else []),
        )
        for own in zip(*columns, strict=True)
    )
    note = (
        f"Share of a class's test clips that a run gets right, %: mean ± half width of the {100 * LEVEL:g} % t-interval"
    )
    note += f" over {' and '.join(_recorded_runs(len(found[key])) for key in shown)}."
    header = ("Class", "Test clips", *map(_name, shown), *(("Difference, by seed",) if other else ()))
    return Table("Classes", header, rows, note)
