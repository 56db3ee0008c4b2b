"""The reference page of the columns of CSV and Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.method_finding import method_finding
from analysis.report.codebook import codebook
from analysis.report.export import epochs_table, runs_table
from analysis.report.predictions import columns_of
from analysis.results.study_results import study_results
from analysis.tables.labels.review import REVIEW_COLUMNS
from analysis.tables.summary import summary
from trainables.plans import DataSummary, StudyPlan

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS_PAGE = """\
# Columns

This page lists the columns of the files that `gce-study report`, `export` and `audit --csv` write. It is generated from
the codebook that they write beside these files (`columns.md` beside a report, else `NAME.columns.md`) by
`docs/generate.py`.
Parameters of networks and training settings have columns where the study has or varies them.

"""


def columns_reference() -> str:
    """Return the page of every column of the CSV and Parquet files."""
    data = DataSummary(name="", kind="", fingerprint="", classes=["CLASS"], clips={})
    plan = StudyPlan(name="s", description="", method="grid", spec={}, dataset=data, runs=[])
    results = study_results(plan, {})
    tables: dict[str, Iterable[str]] = {
        "runs.csv": runs_table(results).columns,
        "summary.csv": summary(method_finding(results)).columns,
        "Epochs": epochs_table(results).columns,
        "Predictions": columns_of(results),
        "Labels to review": REVIEW_COLUMNS,
    }
    _, _, described = codebook(tables).partition("\n\n")
    return COLUMNS_PAGE + described
