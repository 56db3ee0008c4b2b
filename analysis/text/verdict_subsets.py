"""What a grid shows on its other subsets, and on all of them together: sentences of its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_words
from analysis.text.phrases import MAX_NAMED, UNCLEAR, chosen_by, clear, joined, points
from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.findings.method_finding import GridFinding
    from analysis.statistics.ranking import Choice


def on_other_subsets(finding: GridFinding) -> list[str]:
    """Write which configurations may be the best on every subset but the main one; empty without another subset."""
    subsets_of: dict[str, list[str]] = {}
    for subset in finding.subsets:
        if subset != finding.main_subset:
            subsets_of.setdefault(_answer(finding, subset), []).append(subset)
    if not subsets_of:
        return []
    parts = [f"{answer} on {joined(where)}" for answer, where in subsets_of.items()]
    return [f"On the other subsets, by {chosen_by(finding.plan)}: {'; '.join(parts)}."]


def _answer(finding: GridFinding, subset: str) -> str:
    """Return a clause without the subset, the same for subsets with the same answer."""
    bests = finding.bests(subset)
    if bests is None:
        return "nothing is complete"
    if len(bests.compared) == 1:
        return f"only {bests.compared[0].configuration} has complete runs"
    if bests.winner is not None:
        return f"{bests.winner.configuration} is better than all others"
    if len(bests.members) > MAX_NAMED:
        return f"{len(bests.members)} of {counted(len(bests.compared), 'configuration')} may each be the best"
    members = [key.configuration for key in bests.compared if key in bests.members]  # the same order on every subset
    return f"{joined(members)} may each be the best"


def over_all_subsets(finding: GridFinding, choice: Choice) -> list[str]:
    """Write the pooled difference between the chosen arm and the best other one; empty on a single subset."""
    arms = {choice.key.arm, next((key.arm for key in choice.ranking.keys if key.arm != choice.key.arm), "")}
    compared = next((c for c in finding.pooled_comparisons if {c.first, c.second} == arms), None)
    if compared is None:
        return []
    gap, many = compared.gap.interval, len(compared.gap.subsets)
    where = f"the {many} subsets{'' if many == len(finding.subsets) else ' that have both'}"
    open_ = "" if clear(gap) else f"; {UNCLEAR}"
    text = f"{compared.first} is {points(gap)} {compared.second} in {metric_words(finding.metric)}{open_}"
    return [f"On average over {where}, {text}."]
