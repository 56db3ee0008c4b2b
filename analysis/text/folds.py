"""Sentences on a study's folds for verdict, cautions and methods, where each fold is the test set in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.fold_scores import fold_scores
from analysis.results.runs_table import complete_runs, folds_of, scores
from analysis.text.phrases import UNCLEAR, clear, points
from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key
    from trainables.plans import DataSummary


def folds_of_choice(finding: Finding, chosen: Key, other: Key | None) -> list[str]:
    """Write how the accuracy of a choice differs between folds, and its difference from another arm, paired by fold."""
    rows = {row.key: row for row in fold_scores(finding).get(chosen.subset, ())}
    row = rows.get(chosen)
    if row is None:
        return []
    low, high = (f"{100 * row.of_folds[fold]:.1f} % (fold {fold})" for fold in (row.lowest, row.highest))
    count = len(folds_of(finding.reported.runs))
    sentences = [f"A seed counts with its mean over the {count} folds, on which it scores {low} to {high}."]
    gap = rows[other].gap if other in rows else None
    if other is not None and gap is not None:
        open_ = "" if clear(gap.interval) else f": {UNCLEAR}"
        of_folds = f"{other.configuration} is {points(gap.interval)} it and ahead in {gap.ahead} of the {count} folds"
        sentences.append(f"Paired by fold, {of_folds}{open_}.")
    return sentences


def fold_cautions(finding: Finding) -> list[str]:
    """Return what intervals over seeds leave out, and how many complete runs do not count, as their seed lacks a fold.

    The list is empty unless each fold is the test set in turn.
    """
    runs = finding.reported.runs
    folds = folds_of(runs)
    if not folds:
        return []
    text = (
        f"Intervals over seeds hold for these {len(folds)} folds: they cover the luck of training. The "
        "table of the folds shows what other clips would change."
    )
    cautions = [text]
    counted_in = sum(len(folds) * len(by_seed) for by_seed in scores(runs, finding.metric).values())
    unused = len(complete_runs(runs)) - counted_in
    if unused:
        lack = "is in no mean, because its seed lacks" if unused == 1 else "are in no mean, because their seeds lack"
        cautions.append(f"{counted(unused, 'complete run')} {lack} a fold; the table of the folds has all runs.")
    return cautions


def folds_of_data(data: DataSummary) -> str:
    """Describe the folds for the methods of a paper; empty unless each is the test set in turn."""
    if not data.folds:
        return ""
    return (
        f" The {len(data.folds)} folds of the data set were used as they are: each was the test set of runs that were "
        "trained on the others."
    )
