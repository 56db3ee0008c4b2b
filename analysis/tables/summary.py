"""One row for each configuration: its means with their intervals, and what was left out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.results.runs_table import LEFT_OUT, METRICS, WAITING, Key
from analysis.statistics.intervals import LEVEL, accuracy_interval

if TYPE_CHECKING:
    from analysis.findings.finding import Finding


def summary(finding: Finding, level: float = LEVEL) -> pd.DataFrame:
    """Summarise each configuration's complete reported runs, in the plan's order.

    Returns:
        One row per configuration: arm, configuration, subset, loss, network, n (complete runs); for validation and test
        each ``_n``, ``_mean``, ``_half_width``, ``_low``, ``_high`` (fractions; NaN where absent); method and level of
        the intervals; test_luck, by how much test_mean is too high where the same runs made the choice (NaN for what
        is not a subset's choice); collapsed, the number of complete runs that are far below the others and in no mean;
        the number of runs left out, for each status of ``LEFT_OUT``; and of those that wait
        to be trained.

    """
    rows: list[dict[str, Any]] = []
    luck = {choice.key: finding.tested(choice).luck for choice in finding.choices_made}
    out = {key: len(seeds) for key, seeds in finding.collapses.collapsed.items()}
    for names, runs in finding.reported.runs.groupby(list(Key._fields), sort=False):
        key = Key(*map(str, names))
        counts = runs["status"].value_counts()
        row = {**key._asdict(), "n": int(counts.get("complete", 0))}
        row |= {name: runs[name].iloc[0] for name in ("loss", "network")}
        for metric in _metrics(finding):
            row |= _moments(metric, finding.scores(metric).get(key, {}), level)
        left_out = {status: int(counts.get(status, 0)) for status in (*LEFT_OUT, WAITING)}
        rows.append(
            {**row, "method": "t", "level": level, "test_luck": luck.get(key), "collapsed": out.get(key, 0), **left_out}
        )
    return pd.DataFrame(rows, columns=_summary_columns(finding))


def _metrics(finding: Finding) -> tuple[str, ...]:
    """Return what is summarised: both accuracies, and the metric on test clips that is reported."""
    return tuple(dict.fromkeys((*METRICS, finding.results.tested_by)))


def _summary_columns(finding: Finding) -> list[str]:
    parts = ("n", "mean", "half_width", "low", "high")
    metrics = [f"{metric}_{part}" for metric in _metrics(finding) for part in parts]
    return [
        *Key._fields,
        "loss",
        "network",
        "n",
        *metrics,
        "method",
        "level",
        "test_luck",
        "collapsed",
        *LEFT_OUT,
        WAITING,
    ]


def _moments(metric: str, values: dict[int, float], level: float) -> dict[str, Any]:
    if not values:
        return {f"{metric}_n": 0}
    interval = accuracy_interval(values.values(), level)
    return {f"{metric}_{part}": getattr(interval, part) for part in ("n", "mean", "half_width", "low", "high")}
