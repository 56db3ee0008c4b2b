"""Cautions on the spread over seeds: few seeds, or configurations that scatter unevenly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.results.runs_table import complete_runs, runs_of
from analysis.statistics.blocks.unequal_spreads import unequal_spreads
from analysis.statistics.intervals import ALPHA, MIN_SEEDS, p_text
from trainables.naming import counted

if TYPE_CHECKING:
    import pandas as pd

    from analysis.findings.method_finding import GridFinding
    from analysis.results.runs_table import Key


def few_seeds(runs: pd.DataFrame, key: Key) -> list[str]:
    """Return a caution if the chosen configuration has reported runs, but too few for an interval."""
    n = complete_runs(runs_of(runs, key))["seed"].nunique()
    if not 0 < n < MIN_SEEDS:
        return []
    rests = f"{key.configuration} rests on {counted(n, 'seed')}"
    return [
        f"{rests}: with fewer than {MIN_SEEDS}, results depend on single runs, which are shown instead of intervals."
    ]


def uneven(finding: GridFinding, subset: str) -> list[str]:
    """Return a caution if a subset's configurations scatter unevenly over seeds."""
    best = finding.comparisons.get(subset)
    spread = unequal_spreads(best.model) if best is not None else None
    if best is None or spread is None or spread.p > ALPHA:
        return []
    low, high = (100 * math.sqrt(float(end)) for end in (spread.variances.min(), spread.variances.max()))
    text = (
        f"Some configurations vary more over seeds than others (Brown and Forsythe's test, {p_text(spread.p)}; "
        f"standard deviations of {low:.2f} to {high:.2f} points beside the effect of the seeds): the set of "
        "configurations that may be the best allows for this."
    )
    return [text]
