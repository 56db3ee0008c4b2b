"""The report's tables of results: rows of text, made once, for Markdown and HTML alike."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from analysis.plotting.styles import styles
from analysis.results.measures import metric_name, on_test, tested_by
from analysis.results.runs_table import (
    LEFT_OUT,
    WAITING,
    Key,
    folds_of,
    keys,
    left_out_count,
    runs_of,
    scores,
    status_counts,
)
from analysis.statistics.intervals import LEVEL, MIN_SEEDS, accuracy_interval, t_interval
from analysis.tables.interval_cells import IntervalCells, span
from analysis.tables.table import NONE, Table
from analysis.text.methods.procedures import SHARED_LUCK, WITHOUT_EACH_SEED, explained
from analysis.text.phrases import MIN_SHOWN_LUCK, joined, selected_words
from trainables.metrics import METRICS
from trainables.naming import counted
from trainables.numerals import hundredfold

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

    from analysis.findings.finding import Finding
    from analysis.results.study_results import StudyResults
    from analysis.statistics.ranking import Choice
    from trainables.metrics import Metric

CHOICE_COLUMNS = (SHARED_LUCK, WITHOUT_EACH_SEED)
MAX_ROWS = 200  # of a list; the remaining rows are counted, and are in the CSV file or the plan
MOST_BARS = 3  # columns of results beside which bars have room
MAX_NAMED = 8  # configurations named in one cell
BOLD = (
    f"Bold: may be the best by {{}} (Hsu's comparisons with the best, {100 * LEVEL:g} %), where others are ruled out."
)
ADJUSTED = ", adjusted for the seeds, as runs are missing"
CONTROLS = "Controls are never bold, as they are never chosen."


def results_table(finding: Finding, *metrics: str) -> Table:
    """Tabulate the configurations' mean ± half width in percent; the number of runs is in the note.

    Args:
        finding: of the study.
        metrics: one has a column for each subset; several have a column each, of the only subset.

    """
    labels = list(dict.fromkeys((key.arm, key.configuration) for key in keys(finding.reported.runs)))
    columns = [(metric, subset) for metric in metrics for subset in finding.subsets]
    intervals = {
        (metric, key): accuracy_interval(by_seed.values())
        for metric in metrics
        for key, by_seed in finding.scores(metric).items()
    }
    cells = IntervalCells(intervals.values())
    places = {
        (metric, Key(*label, subset)): (row, column)
        for row, label in enumerate(labels)
        for column, (metric, subset) in enumerate(columns, 1)
    }
    texts = {place: cells.cell(intervals[at]) if at in intervals else NONE for at, place in places.items()}
    bold = {places[metric, key] for metric in metrics for key in standing_out(finding)}
    looks = styles(finding.results.runs)
    names = [metric_name(metric) for metric in metrics]
    return Table(
        joined([names[0], *(name[0].lower() + name[1:] for name in names[1:])]),
        ("Configuration", *(names if len(finding.subsets) == 1 else finding.subsets)),
        tuple(
            (name, *(texts[row, column] for column in range(1, 1 + len(columns))))
            for row, (_, name) in enumerate(labels)
        ),
        " ".join(_results_notes(finding, metrics, cells, bold=bool(bold))),
        frozenset(bold),
        spans={
            places[at]: span(interval)
            for at, interval in intervals.items()
            if at in places and len(columns) <= MOST_BARS
        },
        chips={row: looks[arm] for row, (arm, _) in enumerate(labels)},
    )


def _results_notes(finding: Finding, metrics: Sequence[str], cells: IntervalCells, *, bold: bool) -> list[str]:
    named = metric_name(metrics[0]) if len(metrics) == 1 else "Both"
    notes = [*filter(None, [f"{named} in %.", cells.note()]), *collapse_notes(finding, metrics[0])]
    if any(map(on_test, metrics)) and any(finding.tested(made).luck >= MIN_SHOWN_LUCK for made in finding.choices_made):
        notes.append("Shared luck is not subtracted here from the test mean of the choice.")
    if bold:
        notes += [BOLD.format(selected_words(finding.selected_on)), *([CONTROLS] if finding.controls else [])]
    return notes


def standing_out(finding: Finding) -> list[Key]:
    """Return the configurations that may be the best, on every subset where others are ruled out."""
    sets = dict.fromkeys(finding.bests(subset) for subset in finding.subsets)
    return [key for bests in sets if bests is not None and bests.ruled_out for key in bests.members]


def collapse_notes(finding: Finding, metric: str) -> list[str]:
    """Return, for the note of a table of means, which runs have collapsed, and the means with them."""
    rates = finding.collapses.rates()
    if not rates:
        return []
    some = list(rates.items())[:MAX_NAMED]
    more = f" and of {len(rates) - MAX_NAMED} more" if len(rates) > MAX_NAMED else ""
    every = scores(finding.reported.runs, metric)
    means = {key: f", {hundredfold(fmean(every[key].values()))} with them" if key in every else "" for key in rates}
    named = "; ".join(f"{finding.names[key]}: {rate.text()}{means[key]}" for key, rate in some)
    return [f"Collapsed runs, far below the others of their configuration, are not in the means: {named}{more}."]


def choice_table(finding: Finding) -> Table:
    """Tabulate, per subset, the configuration that validation prefers and what may be the best beside it.

    A study of one subset has a row for each quantity, as one row of all of them would be wide and high.
    """
    name = metric_name(finding.selected_on)
    adjusted = any(best.adjusted for best in finding.comparisons.values())
    note = (
        f"Accuracies in %. Chosen by the mean {name.lower()} alone{ADJUSTED if adjusted else ''}; the highest of "
        "several means, it has no interval. The shared luck is subtracted from the test mean. "
        f"{explained(CHOICE_COLUMNS)} In brackets: for how many seeds the choice is the same."
    )
    header = (
        *("Subset", "Chosen configuration", name, "Runs", "Runs left out", "May also be the best"),
        *(metric_name(finding.results.tested_by), *(column.heading for column in CHOICE_COLUMNS)),
    )
    tested = (finding.tested(choice).accuracy for choice in finding.choices_made)
    cells = IntervalCells(accuracy for accuracy in tested if accuracy is not None)
    rows = [_choice_row(finding, subset, choice, cells) for subset, choice in finding.choices.items()]
    if what := cells.note():
        note += f" {what}"
    title = f"Choice on {name.lower()}"
    if len(rows) > 1 or not rows:
        return Table(title, header, tuple(rows), note, procedures=CHOICE_COLUMNS)
    quantities = tuple(zip(header, rows[0], strict=True))
    return Table(
        title, ("Of the choice", "Value"), quantities[1:], note, kinds=("text", "text"), procedures=CHOICE_COLUMNS
    )


def _choice_row(finding: Finding, subset: str, choice: Choice | None, cells: IntervalCells) -> tuple[str, ...]:
    if choice is None:
        return (subset, "no complete run", *[NONE] * 7)
    tested = finding.tested(choice)
    left_out, accuracy = tested.left_out, tested.accuracy
    statuses = runs_of(finding.reported.runs, choice.key)["status"]
    counts = status_counts(statuses)
    left = f"{left_out_count(statuses)} of {len(statuses)}"
    return (
        subset,
        choice.key.configuration,
        hundredfold(choice.mean),
        f"{choice.validation.n}",
        f"{left} ({counts})" if counts else left,
        _others(choice),
        NONE if accuracy is None else cells.cell(accuracy),
        NONE if accuracy is None or tested.picked else hundredfold(tested.luck),
        NONE if left_out is None else f"{hundredfold(left_out.mean)} ({left_out.same} of {left_out.seeds})",
    )


def _others(choice: Choice) -> str:
    """Count and name what may be the best beside the chosen configuration."""
    others = [key for key in choice.best_set.members if key != choice.key]
    return f"{len(others)} of {len(choice.others)}{f': {_named(others)}' if others else ''}"


def _named(configurations: Sequence[Key]) -> str:
    more = f" and {len(configurations) - MAX_NAMED} more" if len(configurations) > MAX_NAMED else ""
    return ", ".join(key.configuration for key in configurations[:MAX_NAMED]) + more


_REASONS = {
    "missing": "no record: the study ended without it",
    "stopped": "cut early by the search",
    "diverged": "a loss, weight or score was not finite",
    "failed": "ended in an error",
}


def runs_left_out(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that enter no mean: run_id, configuration, subset, seed, fold, status, epochs and why."""
    left = runs[runs["status"].isin(LEFT_OUT)].copy()
    left["why"] = [error or _REASONS[status] for error, status in zip(left["error"], left["status"], strict=True)]
    return left[["run_id", "configuration", "subset", "seed", "fold", "status", "epochs", "why"]].reset_index(drop=True)


def left_out_table(runs: pd.DataFrame) -> Table:
    """List the runs that enter no mean, and why."""
    left = runs_left_out(runs)
    folds = ["fold"] if folds_of(runs) else []
    columns = ["configuration", "subset", "seed", *folds, "status", "epochs", "why"]
    rows = tuple(tuple(map(str, row)) for row in left[columns].head(MAX_ROWS).itertuples(index=False))
    note = (
        f"{len(left):,} of {counted(len(runs), 'run')}: {status_counts(left['status'])}."
        if len(left)
        else "No run was left out."
    )
    if len(left) > MAX_ROWS:
        note += f" The first {MAX_ROWS} are listed; runs.csv has all of them."
    if waiting := int((runs["status"] == WAITING).sum()):
        note += f" Still waiting to be trained: {waiting}."
    return Table("Runs left out", tuple(map(str.capitalize, columns)), rows, note)


def skipped_table(results: StudyResults) -> Table:
    """List the clips that were skipped when the data set was read, and why."""
    skipped = results.plan.dataset.skipped
    rows = tuple((clip, problem) for clip, problem in skipped[:MAX_ROWS])
    note = f"Clips skipped: {len(skipped)}." if skipped else "No clip was skipped."
    if len(skipped) > MAX_ROWS:
        note += f" The first {MAX_ROWS} are listed; the study's plan.json has all of them."
    return Table("Clips skipped", ("Clip", "Problem"), rows, note)


def result_tables(finding: Finding) -> list[Table]:
    """Return the result tables: the reported accuracy first, and beside it the one that is chosen by.

    A study of one subset has both in one table.
    """
    metrics = tuple(dict.fromkeys((finding.metric, finding.selected_on)))
    if len(finding.subsets) == 1:
        return [results_table(finding, *metrics)]
    return [results_table(finding, metric) for metric in metrics]


def metrics_tables(finding: Finding) -> tuple[Table, ...]:
    """Tabulate each configuration's metrics on test clips; empty where no run has more than its accuracy."""
    measured = {metric: finding.scores(tested_by(name)) for name, metric in METRICS.items()}
    known = [metric for metric, scores in measured.items() if scores]
    if len(known) < 2:  # noqa: PLR2004 -- accuracy alone has tables of its own
        return ()
    several = len(finding.subsets) > 1
    keys = dict.fromkeys(key for metric in known for key in measured[metric])
    intervals = {
        (metric.name, key): (accuracy_interval if metric.unit == "%" else t_interval)(by_seed.values())
        for metric in known
        for key, by_seed in measured[metric].items()
    }
    columns = IntervalCells(intervals.values())
    rows = tuple(
        (
            key.configuration,
            *([key.subset] if several else []),
            *(_metric_cell(metric, measured[metric].get(key, {}).values(), columns) for metric in known),
        )
        for key in keys
    )
    lower = [metric.words for metric in known if not metric.higher_is_better]
    of_lower = f" Of {' and '.join(lower)} a lower value is better." if lower else ""
    note = (
        f"On test clips. {columns.note()}{of_lower} Runs of earlier versions lack the metrics that need "
        "probabilities, so they are not in their means."
    )
    headings = (f"{metric.words[0].upper()}{metric.words[1:]} ({metric.unit})" for metric in known)
    header = ("Configuration", *(["Subset"] if several else []), *headings)
    looks = styles(finding.results.runs)
    chips = {row: looks[key.arm] for row, key in enumerate(keys)}
    return (Table("Test metrics", header, rows, note, chips=chips),)


def _metric_cell(metric: Metric, values: Collection[float], columns: IntervalCells) -> str:
    if not values:
        return NONE
    if metric.unit == "%":
        return columns.cell(accuracy_interval(values))
    interval = t_interval(values)
    if interval.half_width is None or interval.n < MIN_SEEDS:
        runs = f" ({', '.join(f'{value:.3f}' for value in values)})" if interval.n > 1 else ""
        return f"{interval.mean:.3f}{runs}"
    number = "" if interval.n == columns.usual else f" (n = {interval.n})"
    return f"{interval.mean:.3f} ± {interval.half_width:.3f}{number}"
