"""Tables that compare arms by test clips and by classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.arm_comparisons import RESAMPLING_SEED
from analysis.statistics.clips import bootstrap_difference, class_accuracies, class_gaps, confusion, most_confused
from analysis.statistics.intervals import LEVEL
from analysis.tables.table import NONE, Table
from analysis.text.methods.procedures import CLIP_BOOTSTRAP, explained
from trainables.naming import counted
from trainables.numerals import ends, hundredfold, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key
    from analysis.tables.table import Kind


MAX_CONFUSIONS = 10


def clip_tables(finding: Finding) -> tuple[Table, ...]:
    """Return the tables on single test clips; empty without predictions for them."""
    clips = finding.clips
    if clips is None:
        return ()
    compared = (pair for pairs in finding.pairs_to_compare.values() for pair in pairs)
    return (*confusions_table(clips), *clip_differences_table(clips, compared), classes_table(clips))


def confusions_table(clips: ClipPredictions) -> tuple[Table, ...]:
    """Tabulate the most frequent confusions of the first configuration; nothing if it makes no mistake."""
    runs = clips.predictions[clips.first]
    worst = most_confused(confusion(runs.values(), clips.truth, clips.classes), clips.classes, MAX_CONFUSIONS)
    if not worst:
        return ()
    rows = tuple((pair.label, pair.prediction, f"{100 * pair.share:.1f}", f"{pair.count:,}") for pair in worst)
    note = (
        f"{clips.names[clips.first]}: % of the label's test clips, and their number, over {counted(len(runs), 'run')}."
    )
    return (Table("Most frequent confusions", ("Label", "Taken for", "%", "Clips"), rows, note),)


def clip_differences_table(clips: ClipPredictions, pairs: Iterable[tuple[Key, Key]]) -> tuple[Table, ...]:
    """Tabulate the differences between arms, with intervals that account for the draw of the test clips."""
    predictions, rows = clips.predictions, []
    for first, second in pairs:
        if first not in predictions or second not in predictions:
            continue
        gap = bootstrap_difference(predictions[first], predictions[second], clips.truth, RESAMPLING_SEED)
        if gap is not None:
            reach = NONE if gap.low == gap.high else ends(100 * gap.low, 100 * gap.high, sign="+")
            number = counted(gap.clips, "clip")
            over = f"{gap.seeds} seeds and {number}" if gap.seeds > 1 else f"{number} alone"
            rows.append((clips.names[first], clips.names[second], hundredfold(gap.mean, sign="+"), reach, over))
    if not rows:
        return ()
    note = (
        f"Test accuracy in points, first minus second. {explained([CLIP_BOOTSTRAP])} It covers other clips and, where "
        "seeds are resampled, other seeds, whereas the t-intervals elsewhere hold for these clips. With few seeds it "
        "is too narrow."
    )
    header = ("First", "Second", "Difference", CLIP_BOOTSTRAP.heading, "Resampled")
    kinds: tuple[Kind, ...] = ("text", "text", "number", "number", "text")
    title = "Differences with other test clips"
    return (Table(title, header, tuple(rows), note, procedures=(CLIP_BOOTSTRAP,), kinds=kinds),)


def classes_table(clips: ClipPredictions) -> Table:
    """Tabulate each class's test accuracy, of the choice and of the best other arm."""
    first, other, predictions = clips.first, clips.other, clips.predictions
    shown = [first, *([other] if other else [])]
    columns = [class_accuracies(predictions[key].values(), clips.truth, clips.classes) for key in shown]
    differences = class_gaps(predictions[first], predictions[other], clips.truth, clips.classes) if other else ()
    gaps = {gap.name: gap.accuracy for gap in differences}
    rows = tuple(
        (
            of_class[0].name,
            f"{of_class[0].clips:,}",
            *(column.accuracy.percent() for column in of_class),
            *([gaps[of_class[0].name].percent() if gaps else NONE] if other else []),
        )
        for of_class in zip(*columns, strict=True)
    )
    counts = dict.fromkeys(counted(len(predictions[key]), "run") for key in shown)
    each = " each" if len(shown) > len(counts) else ""
    wide = any(of_class.accuracy.has_width for column in columns for of_class in column)
    what = f"mean ± half width of the {percent(LEVEL)} t-interval" if wide else "mean"
    note = (
        "Share of a class's test clips that a run classifies correctly, in %: "
        f"{what} over {' and '.join(counts)}{each}."
    )
    names = [clips.names[key] for key in shown]
    header = ("Class", "Test clips", *names, *(("Difference, paired by seed",) if other else ()))
    return Table("Classes", header, rows, note)
