"""The table of the folds: every configuration's accuracy on each, and its difference from the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.fold_scores import fold_scores
from analysis.results.measures import metric_name
from analysis.results.runs_table import folds_of
from analysis.statistics.intervals import MIN_SEEDS
from analysis.tables.table import NONE, Table
from analysis.text.methods.procedures import FOLD_GAP, OVER_FOLDS, REPRESENTATIVES, explained

if TYPE_CHECKING:
    from analysis.findings.finding import Finding
    from analysis.findings.fold_scores import FoldScores


def fold_tables(finding: Finding) -> tuple[Table, ...]:
    """Tabulate the reported accuracy by fold, on each subset; empty without folds."""
    folds = folds_of(finding.reported.runs)
    tables = []
    for subset, rows in fold_scores(finding).items():
        where = f" on {subset}" if len(finding.subsets) > 1 else ""
        compared = any(row.gap for row in rows)
        used = (OVER_FOLDS, *([FOLD_GAP] if compared else []))
        note = (
            f"{metric_name(finding.metric)} in %; a column for each fold has the mean over the seeds of the runs that "
            f"were tested on it. {explained(used)} ± is the half width of the interval (n folds); of fewer than "
            f"{MIN_SEEDS} folds, the values themselves are in brackets. {REPRESENTATIVES if compared else ''}"
        )
        header = ("Configuration", *(f"Fold {fold}" for fold in folds), OVER_FOLDS.heading)
        header = (*header, FOLD_GAP.heading, "Folds ahead") if compared else header
        cells = tuple(_row(row, folds, compared=compared) for row in rows)
        tables.append(
            Table(f"{metric_name(finding.metric)} by fold{where}", header, cells, note.strip(), procedures=used)
        )
    return tuple(tables)


def _row(row: FoldScores, folds: list[str], *, compared: bool) -> tuple[str, ...]:
    of_folds = (f"{100 * row.of_folds[fold]:.1f}" if fold in row.of_folds else NONE for fold in folds)
    cells = (row.key.configuration, *of_folds, row.mean.cell())
    if not compared:
        return cells
    gap = row.gap
    return (*cells, *((NONE, NONE) if gap is None else (gap.interval.cell("+"), f"{gap.ahead} of {len(folds)}")))
