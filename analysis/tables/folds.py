"""The table of the folds: every configuration's accuracy on each, and its difference from the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.fold_scores import fold_scores
from analysis.plotting.styles import styles
from analysis.results.measures import metric_name
from analysis.results.runs_table import folds_of
from analysis.tables.interval_cells import IntervalCells, span
from analysis.tables.table import NONE, Table
from analysis.text.methods.procedures import FOLD_GAP, OVER_FOLDS, REPRESENTATIVES, explained
from trainables.numerals import hundredfold

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
        cells = IntervalCells([row.mean for row in rows] + [row.gap.interval for row in rows if row.gap])
        note = (
            f"{metric_name(finding.metric)} in %; a column for each fold has the mean over the seeds of the runs that "
            f"were tested on it. {explained(used)} {cells.note('fold')} "
            f"{REPRESENTATIVES if compared else ''}"
        )
        header = ("Configuration", *(f"Fold {fold}" for fold in folds), OVER_FOLDS.heading)
        header = (*header, FOLD_GAP.heading, "Folds ahead") if compared else header
        looks = styles(finding.results.runs)
        tables.append(
            Table(
                f"{metric_name(finding.metric)} by fold{where}",
                header,
                tuple(_row(row, folds, cells, compared=compared) for row in rows),
                note.strip(),
                procedures=used,
                spans={(place, 1 + len(folds)): span(row.mean) for place, row in enumerate(rows)},
                chips={place: looks[row.key.arm] for place, row in enumerate(rows)},
            )
        )
    return tuple(tables)


def _row(row: FoldScores, folds: list[str], cells: IntervalCells, *, compared: bool) -> tuple[str, ...]:
    of_folds = (hundredfold(row.of_folds[fold]) if fold in row.of_folds else NONE for fold in folds)
    scores = (row.key.configuration, *of_folds, cells.cell(row.mean))
    if not compared:
        return scores
    gap = row.gap
    return (
        *scores,
        *((NONE, NONE) if gap is None else (cells.cell(gap.interval, "+"), f"{gap.ahead} of {len(folds)}")),
    )
