"""Which cautions a study has, by its method: what a reader should know before relying on its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.method_finding import SearchFinding, SettleFinding
from analysis.text.cautions.chance_level import at_chance
from analysis.text.cautions.failures import broken, collapsed, exploring_collapses, together
from analysis.text.cautions.known_truth import knows_truth
from analysis.text.cautions.spread import few_seeds, uneven
from analysis.text.cautions.tested_choice import disagreement, unpredicted
from analysis.text.cautions.tried_values import edges, no_effect
from analysis.text.cautions.uneven_search import uneven_search
from analysis.text.cautions.untuned_arms import untuned_arms
from analysis.text.label_judge import label_cautions
from analysis.text.validation_clips import far_below_test

if TYPE_CHECKING:
    from analysis.findings.method_finding import GridFinding
    from analysis.results.runs_table import Key


def grid_cautions(finding: GridFinding) -> tuple[str, ...]:
    """Return the cautions for a grid, a sentence each, serious ones first; empty if nothing is chosen.

    They cover the best value of each arm on the subset of the verdict.
    """
    key = finding.chosen
    if key is None:
        return ()
    best: dict[str, Key] = {}
    for ranked in finding.ranking(key.subset).keys:
        best.setdefault(ranked.arm, ranked)
    return (
        *at_chance(finding, key),
        *unpredicted(finding.reported),
        *broken(finding, key),
        *collapsed(finding, finding.collapses.rates()),
        *disagreement(finding, key),
        *filter(None, [far_below_test(finding)]),
        *(text for best_of_arm in best.values() for text in edges(finding.results, best_of_arm)),
        *untuned_arms(finding.plan),
        *no_effect(finding, key.subset),
        *few_seeds(finding.reported.runs, key),
        *label_cautions(finding.label_judges, finding.plan, finding.names),
        *knows_truth(finding.results),
        *uneven(finding, key.subset),
    )


def explored_cautions(finding: SettleFinding | SearchFinding) -> tuple[str, ...]:
    """Return the cautions for the choice of a study that explores, serious ones first; empty if nothing is chosen."""
    key = finding.chosen
    if key is None:
        return ()
    exploring = exploring_collapses(finding) if isinstance(finding, SettleFinding) else {}
    return (
        *at_chance(finding, key),
        *unpredicted(finding.reported),
        *broken(finding, key),
        *collapsed(finding, together(exploring, finding.collapses.rates())),
        *filter(None, [far_below_test(finding)]),
        *(uneven_search(finding) if isinstance(finding, SearchFinding) else ()),
        *edges(finding.results, key),
        *untuned_arms(finding.plan),
        *few_seeds(finding.reported.runs, key),
        *label_cautions(finding.label_judges, finding.plan, finding.names),
        *knows_truth(finding.results),
    )
