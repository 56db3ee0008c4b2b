"""Trainings that fail or collapse, in words: what a mean over the other runs does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import runs_of
from analysis.statistics.collapse import collapse_rate
from analysis.text.phrases import MAX_NAMED, joined
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.findings.finding import Finding
    from analysis.findings.method_finding import SettleFinding
    from analysis.results.runs_table import Key
    from analysis.statistics.collapse import Rate

BROKEN = ("diverged", "failed")  # runs that were trained and gave no accuracy


def broken(finding: Finding, key: Key) -> list[str]:
    """Return a caution if runs of a configuration diverged or failed, exploring ones included."""
    statuses = runs_of(finding.results.runs, key)["status"]
    counts = {status: int((statuses == status).sum()) for status in BROKEN}
    ended = int((statuses == "complete").sum()) + sum(counts.values())
    if not any(counts.values()):
        return []
    rate = collapse_rate(sum(counts.values()), ended)
    how = joined([status for status, count in counts.items() if count])
    text = (
        f"{rate.k:,} of the {counted(rate.n, 'run')} of {finding.names[key]} {how}, which its mean does not show: a "
        f"new run may do the same ({_share(rate)})."
    )
    return [text]


def collapsed(finding: Finding, rates: Mapping[Key, Rate]) -> list[str]:
    """Return a caution if runs have collapsed and are set aside.

    Args:
        finding: of the study.
        rates: the share of collapsed runs of each configuration that has any.

    """
    if not rates:
        return []
    named = [
        f"{rate.k:,} of {counted(rate.n, 'run')} of {finding.names[key]} ({_share(rate)})"
        for key, rate in rates.items()
    ]
    shown = [*named[:MAX_NAMED], *([f"some of {len(named) - MAX_NAMED} more"] if len(named) > MAX_NAMED else [])]
    text = (
        "Runs far below the others of their configuration have collapsed and are set aside from means and choice: "
        f"{joined(shown)}. A new training may collapse too."
    )
    return [text]


def exploring_collapses(finding: SettleFinding) -> dict[Key, Rate]:
    """Return the share of collapsed exploring runs of each configuration that has any."""
    standing = finding.settled.standing
    seeds = {} if standing is None else standing.collapsed
    return {key: collapse_rate(len(out), len(finding.explored_scores[key])) for key, out in seeds.items()}


def together(first: Mapping[Key, Rate], second: Mapping[Key, Rate]) -> dict[Key, Rate]:
    """Return the rates over the runs of both, such as exploring and confirming ones."""
    shared = first.keys() & second.keys()
    both = {key: collapse_rate(first[key].k + second[key].k, first[key].n + second[key].n) for key in shared}
    return {**first, **second, **both}


def _share(rate: Rate) -> str:
    return f"{100 * rate.low:.0f} to {100 * rate.high:.0f} %, {100 * rate.level:g} % interval"
