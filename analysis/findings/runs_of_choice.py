"""The runs of a study's choice: their weights are kept, and form the kept model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import runs_of

if TYPE_CHECKING:
    import pandas as pd

    from analysis.findings.method_finding import MethodFinding


def runs_of_choice(finding: MethodFinding) -> pd.DataFrame:
    """Return the rows of the chosen configuration, whatever their status, without its exploring runs.

    They are of all seeds in a grid, and of the confirming seeds otherwise; no rows without a choice.
    """
    runs = finding.reported.runs
    return runs[:0] if finding.chosen is None else runs_of(runs, finding.chosen)
