"""The report's sections on single clips: what the data set holds, and what test clips and classes say of the arms."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from analysis.cautions import chosen
from analysis.clips import REPLICATES, bootstrap_difference, class_accuracies, class_gaps, confusion
from analysis.comparisons import MOST_ARMS
from analysis.figure_clips import draw_confusion, draw_counts, draw_gaps, most_confused
from analysis.figure_data import representatives
from analysis.frames import Key, complete_runs, reported, runs_of
from analysis.intervals import LEVEL
from analysis.report_figures import Figure
from analysis.select import ValidationTable, rank
from analysis.tables import NONE, Table
from analysis.truth import predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.frames import StudyResults

CONFUSED = 3  # confusions that a caption names
SEED = 0  # of the bootstrap's draws

Predictions = dict[Key, dict[int, tuple[int, ...]]]  # configuration -> seed -> class index of each test clip


def data_figures(results: StudyResults) -> tuple[Figure, ...]:
    """Draw how many clips each class has; nothing where the storage location does not keep the labels."""
    if results.labels is None:
        return ()
    caption = "Clips of each class by the labels they came with; verified: a person confirmed the label."
    if results.labels.wrong is not None:
        caption += " A diamond counts the training clips whose label is known to be wrong."
    drawing = draw_counts(results.labels, results.plan.dataset.classes)
    return (Figure("clips_per_class", "Clips per class", caption, drawing),)


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


def _standing(results: StudyResults) -> Predictions:
    """Return the predictions of what stands for each arm and subset; the study's choice comes first, if it has one."""
    choice, runs = chosen(results), reported(results).runs
    found: Predictions = {}
    for key in dict.fromkeys([*([choice] if choice else []), *representatives(runs)]):
        run_ids = complete_runs(runs_of(runs, key))["run_id"]
        own = predictions([results.records[run_id] for run_id in run_ids], results.labels) if results.labels else {}
        found |= {key: own} if own else {}
    return found


def _best_other(results: StudyResults, found: Predictions, first: Key) -> Key | None:
    """Return the best configuration of another arm on the same subset, by the ranking that the verdict uses."""
    ranking = rank(ValidationTable.from_runs(reported(results).runs, first.subset))
    return next((key for key in ranking.keys if key.arm != first.arm and key in found), None)


def _confusion(results: StudyResults, key: Key, runs: dict[int, tuple[int, ...]]) -> Figure:
    classes = results.plan.dataset.classes
    counts = confusion(runs.values(), results.labels.test if results.labels else (), classes)
    caption = (
        f"{_name(key)}: the share of each label's test clips that is taken for what, over {_runs(len(runs))}; the "
        "diagonal is right."
    )
    if worst := most_confused(counts, classes, CONFUSED):
        words = "; ".join(f"{label} for {said} ({100 * share:.0f} %)" for label, said, share in worst)
        caption += f" Most often taken: {words}."
    return Figure("confusion", "Labels and predictions", caption, draw_confusion(counts, classes))


def _gaps(results: StudyResults, found: Predictions, first: Key, other: Key) -> Figure | None:
    labels = results.labels
    gaps = class_gaps(found[first], found[other], labels.test if labels else (), results.plan.dataset.classes)
    if not gaps:
        return None
    caption = (
        f"{_name(first)} less {_name(other)}, seed by seed, with {100 * LEVEL:g} % t-intervals over seeds, each at its "
        "own level: of many classes a few leave zero out by chance. A class of few clips moves in large steps."
    )
    return Figure("class_differences", "Which classes gain", caption, draw_gaps(gaps))


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
    note += f" over {' and '.join(_runs(len(found[key])) for key in shown)}."
    header = ("Class", "Test clips", *map(_name, shown), *(("Difference, by seed",) if other else ()))
    return Table("Classes", header, rows, note)


def _name(key: Key) -> str:
    return f"{key.configuration} on {key.subset}"


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
