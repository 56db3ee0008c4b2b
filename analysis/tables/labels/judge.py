"""The order of the configurations by given and by verified validation labels, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_name
from analysis.tables.table import Table
from analysis.text.methods.procedures import LABELS_COMPARED, LABELS_LINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.findings.finding import Finding
    from analysis.findings.label_judge import LabelJudge
    from analysis.results.runs_table import Key
    from analysis.text.methods.procedures import Procedure

MAX_ROWS = 40


def label_tables(finding: Finding) -> tuple[Table, ...]:
    """Tabulate both orders for each subset with verified and other validation clips."""
    judges = finding.label_judges
    return tuple(label_table(judge, finding.names, several=len(judges) > 1) for judge in judges)


def label_table(judge: LabelJudge, names: Mapping[Key, str], *, several: bool) -> Table:
    """Tabulate each configuration's accuracy and place by both kinds of labels, in the order of the given ones."""
    places = {row.key: place for place, row in enumerate(judge.by_verified, start=1)}
    rows = tuple(
        (
            names[row.key],
            f"{row.runs}",
            *(f"{100 * row.given:.1f}", f"{place}"),
            *(f"{100 * row.verified:.1f}", f"{places[row.key]}"),
        )
        for place, row in enumerate(judge.rows[:MAX_ROWS], start=1)
    )
    note = (
        "Means over the same runs, in %, and places. Validation accuracy is over all validation clips with the labels "
        f"given, of which {judge.verified_clips:,} are verified. Few verified clips show less than many noisy ones: a "
        "place that differs is not in itself an error."
    )
    if len(judge.rows) > MAX_ROWS:
        note += f" The first {MAX_ROWS} of {len(judge.rows)} configurations are listed."
    given, verified = metric_name("validation"), metric_name("verified")
    header = ("Configuration", "Runs", given, "Place", verified, "Place by verified clips")
    where = f" on {judge.subset}" if several else ""
    bold = frozenset((i, 0) for i, row in enumerate(judge.rows[:MAX_ROWS]) if row.key == judge.chosen)
    return Table(
        f"Given and verified labels{where}", header, rows, f"{note} Bold: the choice.", bold, _procedures(judge)
    )


def _procedures(judge: LabelJudge) -> tuple[Procedure, ...]:
    """Return the procedures behind the text beside the table."""
    compared = () if judge.per_seed or judge.lacking else (LABELS_COMPARED,)
    line = judge.exchange is not None and judge.exchange.method == "line"
    return (*compared, LABELS_LINE) if line else compared
