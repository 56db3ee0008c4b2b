"""The report's tables of results: rows of text, made once, for Markdown and HTML alike."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from analysis import paper
from analysis.figure_data import representatives
from analysis.frames import (
    Key,
    keys,
    number,
    reported_metric,
    runs_left_out,
    scores,
    status_counts,
    subsets,
    symbol,
)
from analysis.intervals import LEVEL, paired_difference, t_interval
from analysis.select import ValidationTable, choose

if TYPE_CHECKING:
    import pandas as pd

    from analysis.frames import StudyResults

LISTED = 200  # rows of a list; the rest is counted and lies in the CSV file or the plan
NAMED = 8  # configurations named in one cell
NONE = "-"


Scores: TypeAlias = "dict[Key, dict[int, float]]"


@dataclass(frozen=True)
class Table:
    """A titled table of plain text; ``note`` says what the numbers are."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def to_markdown(table: Table) -> str:
    """Write a table in GitHub's Markdown, with every cell's markup made inert."""
    lines = ["| " + " | ".join(map(markdown_text, row)) + " |" for row in (table.header, *table.rows)]
    lines.insert(1, "|" + " --- |" * len(table.header))
    note = f"\n\n{markdown_text(table.note)}" if table.note else ""
    return "\n".join(lines) + note


def markdown_text(text: str) -> str:
    """Return text that Markdown shows as it is: on one line, without HTML, links, emphasis or new columns."""
    flat = " ".join(html.escape(text, quote=False).split())
    return re.sub(r"([\\`*\[\]|])", r"\\\1", flat)


def results_table(runs: pd.DataFrame, metric: str) -> Table:
    """Tabulate configurations x subsets: mean ± half width in percent, with the number of complete runs."""
    found = keys(runs)
    accuracies = scores(runs, metric)
    columns = subsets(runs)
    labels = list(dict.fromkeys((key.arm, key.configuration) for key in found))
    rows = tuple((label, *(_cell(accuracies, Key(arm, label, subset)) for subset in columns)) for arm, label in labels)
    note = (
        f"{metric.capitalize()} accuracy in %: mean ± half width of the {100 * LEVEL:g} % t-interval (n complete runs)."
    )
    return Table(f"{metric.capitalize()} accuracy", ("Configuration", *columns), rows, note)


def _cell(accuracies: Scores, key: Key) -> str:
    if key not in accuracies:
        return NONE
    interval = t_interval(accuracies[key].values())
    return f"{interval.percent()} (n = {interval.n})"


def choice_table(runs: pd.DataFrame) -> Table:
    """Tabulate, per subset, the configuration that validation prefers and what is not told apart from it."""
    rows = []
    validation, test = scores(runs, "validation"), scores(runs, "test")
    for subset in subsets(runs):
        choice = choose(ValidationTable.from_runs(runs, subset))
        if choice is None:
            rows.append((subset, "no complete run", NONE, NONE, NONE))
            continue
        tied = [key.configuration for key in choice.not_told_apart]
        count = f"{len(tied)} of {len(choice.comparisons)}"
        named = ", ".join(tied[:NAMED]) + (f" and {len(tied) - NAMED} more" if len(tied) > NAMED else "")
        rows.append(
            (
                subset,
                choice.key.configuration,
                _cell(validation, choice.key),
                f"{count}: {named}" if tied else count,
                _cell(test, choice.key),
            )
        )
    note = (
        "Chosen by mean validation accuracy alone. Not told apart: the difference from the chosen one, paired by seed, "
        f"has a t-interval that is not wholly above zero ({100 * LEVEL:g} % for all comparisons of a subset together, "
        "Bonferroni), or there are fewer than two seeds in common. "
        f"Accuracies in %, mean ± half width of the {100 * LEVEL:g} % t-interval."
    )
    header = ("Subset", "Chosen configuration", "Validation accuracy", "Not told apart", "Test accuracy")
    return Table("Choice on validation accuracy", header, tuple(rows), note)


def published_table(runs: pd.DataFrame) -> Table:
    """Tabulate the study's test accuracies beside the published ones, for the subsets that the study has.

    Beside the published adaptive loss stands our T = 1000, beside the others the arms that vary no number. Where the
    study has none of these, the configuration that validation prefers stands there. Each shows its own label.
    """
    rows = []
    test = scores(runs, "test")
    for cell in paper.PUBLISHED:
        if cell.subset not in subsets(runs):
            continue
        matches: list[Key | None] = [*_matching(runs, cell.loss, cell.subset)] or [None]
        for key in matches:
            ours = NONE if key is None else _cell(test, key)
            label = "not in this study" if key is None else _described(runs, key)
            rows.append((cell.subset, paper.LOSS_NAMES[cell.loss], cell.text(), ours, label))
    note = (
        f"Test accuracy in %. Published: mean ± {100 * paper.LEVEL:g} % confidence interval, n = {paper.RUNS}, "
        f"method not known ({paper.SOURCE}). Ours: mean with the {100 * LEVEL:g} % t-interval (n complete runs)."
    )
    return Table("Published numbers", ("Subset", "Loss", "Published", "Ours", "Our configuration"), tuple(rows), note)


def claims_table(runs: pd.DataFrame) -> Table:
    """Tabulate the published gaps beside the study's own, paired by seed."""
    rows = tuple((claim.text, f"{claim.points:.1f}", _claimed(runs, claim)) for claim in paper.CLAIMS)
    note = f"Percentage points of test accuracy. Ours: paired by seed, with the {100 * LEVEL:g} % t-interval."
    return Table("Published claims", ("Claim", "Published gap", "Our gap"), rows, note)


def _claimed(runs: pd.DataFrame, claim: paper.Claim) -> str:
    first, second = (next(iter(_matching(runs, *side)), None) for side in (claim.first, claim.second))
    if first is None or second is None:
        return "not in this study"
    test = scores(runs, "test")
    gap = paired_difference(test.get(first, {}), test.get(second, {}))
    if gap is None:
        return "no seed in common"
    return f"{gap.percent()} (n = {gap.n}; {_described(runs, first)} minus {_described(runs, second)})"


def _matching(runs: pd.DataFrame, loss: str, subset: str) -> list[Key]:
    """Return the study's configurations that stand for a published loss on a subset."""
    own = runs[(runs["loss"] == loss) & (runs["subset"] == subset)]
    same = own[own["temperature"] == paper.BEST_TEMPERATURE] if loss == "adaptive_gce" else own[own["parameter"] == ""]
    if len(same):
        return keys(same)
    arms = set(keys(own))
    return [key for key in representatives(runs) if key in arms]


def _described(runs: pd.DataFrame, key: Key) -> str:
    """Return a configuration's label, with its q or T where the arm fixes it and the label does not say it."""
    same = (runs["arm"] == key.arm) & (runs["configuration"] == key.configuration) & (runs["subset"] == key.subset)
    row = runs[same].iloc[0]
    parameter = {"gce": "q", "adaptive_gce": "temperature"}.get(str(row["loss"]))
    if parameter is None:
        return key.configuration
    text = f"{symbol(parameter)}={number(float(row[parameter]))}"
    return key.configuration if text in key.configuration.split() else f"{key.configuration} ({text})"


def left_out_table(runs: pd.DataFrame) -> Table:
    """List the runs that enter no mean, and why."""
    left = runs_left_out(runs)
    columns = ["configuration", "subset", "seed", "status", "epochs", "why"]
    rows = tuple(tuple(map(str, row)) for row in left[columns].head(LISTED).itertuples(index=False))
    note = f"{len(left)} of {len(runs)} runs: {status_counts(left['status'])}." if len(left) else "No run was left out."
    if len(left) > LISTED:
        note += f" The first {LISTED} are listed; runs.csv has all of them."
    return Table("Runs left out", ("Configuration", "Subset", "Seed", "Status", "Epochs", "Why"), rows, note)


def skipped_table(results: StudyResults) -> Table:
    """List the clips that were skipped when the data set was read, and why."""
    skipped = results.plan.dataset.skipped
    rows = tuple((clip, problem) for clip, problem in skipped[:LISTED])
    note = f"Clips skipped: {len(skipped)}." if skipped else "No clip was skipped."
    if len(skipped) > LISTED:
        note += f" The first {LISTED} are listed; the study's plan.json has all of them."
    return Table("Clips skipped", ("Clip", "Problem"), rows, note)


def result_tables(results: StudyResults) -> list[Table]:
    """Return the result tables: the reported accuracy first, and validation beside it when that is test."""
    runs = results.runs
    metric = reported_metric(runs)
    return [results_table(runs, name) for name in dict.fromkeys((metric, "validation"))]
