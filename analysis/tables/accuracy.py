"""The report's tables of results: rows of text, made once, for Markdown and HTML alike."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

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
from analysis.statistics.intervals import CELL, LEVEL, MIN_SEEDS, accuracy_interval, t_interval
from analysis.tables.table import NONE, Table
from analysis.text.methods.procedures import SHARED_LUCK, WITHOUT_EACH_SEED, explained
from analysis.text.phrases import MIN_SHOWN_LUCK, selected_words
from trainables.metrics import METRICS
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

    from analysis.findings.finding import Finding, Scores
    from analysis.results.study_results import StudyResults
    from analysis.statistics.ranking import Choice
    from trainables.metrics import Metric

CHOICE_COLUMNS = (SHARED_LUCK, WITHOUT_EACH_SEED)
MAX_ROWS = 200  # of a list; the remaining rows are counted, and are in the CSV file or the plan
MAX_NAMED = 8  # configurations named in one cell
BOLD = (
    f" Bold: may be the best by {{}} (Hsu's comparisons with the best, {100 * LEVEL:g} %), where others are ruled out."
)
CONTROLS = " A control is compared and never chosen, so it is not bold whatever it scores."


def results_table(finding: Finding, metric: str) -> Table:
    """Tabulate configurations x subsets: mean ± half width in percent, with the number of complete runs."""
    accuracies, columns = finding.scores(metric), finding.subsets
    labels = list(dict.fromkeys((key.arm, key.configuration) for key in keys(finding.reported.runs)))
    rows = tuple((label, *(_cell(accuracies, Key(arm, label, subset)) for subset in columns)) for arm, label in labels)
    name = metric_name(metric)
    note = f"{name} in %: {CELL}."
    bold = {
        (labels.index((key.arm, key.configuration)), 1 + columns.index(key.subset)) for key in standing_out(finding)
    }
    notes = [note, *collapse_notes(finding, metric)]
    if on_test(metric) and any(finding.tested(made).luck >= MIN_SHOWN_LUCK for made in finding.choices_made):
        notes.append(" Shared luck is not subtracted here from the mean of the choice.")
    if bold:
        notes += [BOLD.format(selected_words(finding.selected_on)), *([CONTROLS] if finding.controls else [])]
    return Table(name, ("Configuration", *columns), rows, "".join(notes), frozenset(bold))


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
    means = {key: f", {100 * fmean(every[key].values()):.1f} with them" if key in every else "" for key in rates}
    named = "; ".join(f"{finding.names[key]}: {rate.text()}{means[key]}" for key, rate in some)
    return [f" Collapsed runs, far below the others of their configuration, are not in the means: {named}{more}."]


def _cell(accuracies: Scores, key: Key) -> str:
    return accuracy_interval(accuracies[key].values()).cell() if key in accuracies else NONE


def choice_table(finding: Finding) -> Table:
    """Tabulate, per subset, the configuration that validation prefers and what is not told apart from it."""
    rows = []
    name = metric_name(finding.selected_on)
    for subset, choice in finding.choices.items():
        if choice is None:
            rows.append((subset, "no complete run", *[NONE] * 6))
            continue
        tested = finding.tested(choice)
        left_out = tested.left_out
        statuses = runs_of(finding.reported.runs, choice.key)["status"]
        counts = status_counts(statuses)
        left = f"{left_out_count(statuses)} of {len(statuses)}"
        validation = f"{100 * choice.mean:.1f} (n = {choice.validation.n})"
        rows.append(
            (
                subset,
                choice.key.configuration,
                validation,
                f"{left} ({counts})" if counts else left,
                _others(choice),
                NONE if tested.accuracy is None else tested.accuracy.cell(),
                NONE if tested.accuracy is None or tested.picked else f"{100 * tested.luck:.1f}",
                NONE if left_out is None else f"{100 * left_out.mean:.1f} ({left_out.same} of {left_out.seeds})",
            )
        )
    note = (
        f"Chosen by mean {name.lower()} alone, adjusted for the seeds where runs are missing. May also be the best: "
        f"not ruled out by Hsu's comparisons with the best ({100 * LEVEL:g} %). Accuracies in %. The validation mean "
        "of the choice has no interval, because it was chosen from several. Test: "
        f"{CELL}; the shared luck is subtracted from the mean. {explained(CHOICE_COLUMNS)} In brackets: for "
        "how many seeds the choice is the same."
    )
    header = (
        "Subset",
        "Chosen configuration",
        name,
        "Runs left out",
        "May also be the best",
    )
    test = (metric_name(finding.results.tested_by), *(column.heading for column in CHOICE_COLUMNS))
    return Table(f"Choice on {name.lower()}", (*header, *test), tuple(rows), note, procedures=CHOICE_COLUMNS)


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
    """Return the result tables: the reported accuracy first, and beside it the one that is chosen by."""
    return [results_table(finding, name) for name in dict.fromkeys((finding.metric, finding.selected_on))]


def metrics_tables(finding: Finding) -> tuple[Table, ...]:
    """Tabulate each configuration's metrics on test clips; empty where no run has more than its accuracy."""
    measured = {metric: finding.scores(tested_by(name)) for name, metric in METRICS.items()}
    known = [metric for metric, scores in measured.items() if scores]
    if len(known) < 2:  # noqa: PLR2004 -- accuracy alone has tables of its own
        return ()
    several = len(finding.subsets) > 1
    keys = dict.fromkeys(key for metric in known for key in measured[metric])
    rows = tuple(
        (
            key.configuration,
            *([key.subset] if several else []),
            *(_metric_cell(metric, measured[metric].get(key, {}).values()) for metric in known),
        )
        for key in keys
    )
    lower = [metric.words for metric in known if not metric.higher_is_better]
    of_lower = f"Of {' and '.join(lower)} a lower value is better. " if lower else ""
    note = (
        f"On test clips: {CELL}. {of_lower}Runs of earlier versions lack the metrics that need probabilities, so they "
        "are not in their means."
    )
    headings = (f"{metric.words[0].upper()}{metric.words[1:]} ({metric.unit})" for metric in known)
    return (Table("Test metrics", ("Configuration", *(["Subset"] if several else []), *headings), rows, note),)


def _metric_cell(metric: Metric, values: Collection[float]) -> str:
    if not values:
        return NONE
    if metric.unit == "%":
        return accuracy_interval(values).cell()
    interval = t_interval(values)
    if interval.half_width is None or interval.n < MIN_SEEDS:
        runs = f" ({', '.join(f'{value:.3f}' for value in values)})" if interval.n > 1 else ""
        return f"{interval.mean:.3f}{runs}"
    return f"{interval.mean:.3f} ± {interval.half_width:.3f} (n = {interval.n})"
