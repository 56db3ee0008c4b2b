"""Cautions in words, from the numbers: what a reader should know before relying on a study's answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.findings.method_finding import SettleFinding
from analysis.results.runs_table import complete_runs, key_of, keys, runs_of
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.blocks.two_way import effect
from analysis.statistics.blocks.unequal_spreads import unequal_spreads
from analysis.statistics.clips import never_predicted
from analysis.statistics.hsu import best_set
from analysis.statistics.intervals import MIN_SEEDS, p_text
from analysis.text.chance_level import at_chance
from analysis.text.failures import broken, collapsed, exploring_collapses, together
from analysis.text.label_judge import label_cautions
from analysis.text.phrases import chosen_by, joined
from trainables.config import LOSSES
from trainables.naming import counted, number, symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.findings.method_finding import GridFinding, SearchFinding
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from trainables.plans import PlannedRun

ALPHA = 0.05
MIN_VALUES_WITH_INSIDE = 3  # the fewest values of which one lies inside


def grid_cautions(finding: GridFinding) -> tuple[str, ...]:
    """Return the cautions for a grid, a sentence each; empty if nothing is chosen.

    They cover the best value of each arm on the subset of the verdict.
    """
    key = finding.chosen
    if key is None:
        return ()
    best: dict[str, Key] = {}
    for ranked in finding.ranking(key.subset).keys:
        best.setdefault(ranked.arm, ranked)
    return (
        *(text for best_of_arm in best.values() for text in edges(finding.results, best_of_arm)),
        *no_effect(finding, key.subset),
        *label_cautions(finding.label_judges, finding.plan, finding.names),
        *at_chance(finding, key),
        *broken(finding, key),
        *collapsed(finding, finding.collapses.rates()),
        *few_seeds(finding.reported.runs, key),
        *disagreement(finding, key),
        *uneven(finding, key.subset),
        *unpredicted(finding.reported),
    )


def explored_cautions(finding: SettleFinding | SearchFinding) -> tuple[str, ...]:
    """Return the cautions for the choice of a study that explores; empty if nothing is chosen."""
    key = finding.chosen
    if key is None:
        return ()
    exploring = exploring_collapses(finding) if isinstance(finding, SettleFinding) else {}
    return (
        *edges(finding.results, key),
        *label_cautions(finding.label_judges, finding.plan, finding.names),
        *at_chance(finding, key),
        *broken(finding, key),
        *collapsed(finding, together(exploring, finding.collapses.rates())),
        *few_seeds(finding.reported.runs, key),
        *unpredicted(finding.reported),
    )


def edges(results: StudyResults, key: Key) -> list[str]:
    """Return cautions where a configuration's value is the lowest or highest tried, and another is possible.

    Nothing lies beyond the end of what the loss allows, such as q = 1. Of two values, none lies inside. A value counts
    as tried if it has a record of any status: where the next value diverged, nothing is left to try.
    """
    planned = [p for p in results.plan.runs if p.run.run_id in results.records]
    arm = [p for p in planned if p.arm == key.arm and p.run.configuration.subset == key.subset]
    chosen = next(p for p in arm if key_of(p) == key)
    cautions = []
    for name, value in chosen.varied.items():
        values = {tried for p in arm if isinstance(tried := p.varied.get(name), int | float)}
        if isinstance(value, str) or len(values) < MIN_VALUES_WITH_INSIDE or min(values) < value < max(values):
            continue
        if value in _limits(chosen, name):
            continue
        end = "lowest" if value == min(values) else "highest"
        beyond = "lower" if end == "lowest" else "higher"
        cautions.append(
            f"{symbol(name)} = {number(value)} is the {end} of the {len(values)} values tried for {key.arm}: a "
            f"{beyond} one, which was not tried, may be better."
        )
    return cautions


def _limits(planned: PlannedRun, name: str) -> list[float]:
    """Return the ends that a loss's parameter can itself take."""
    loss = next(kind for kind in LOSSES if isinstance(planned.run.configuration.loss, kind))
    field = loss.model_fields.get(name)
    marks = field.metadata if field else []
    return [end for mark in marks for side in ("ge", "le") if (end := getattr(mark, side, None)) is not None]


def no_effect(finding: GridFinding, subset: str) -> list[str]:
    """Return a caution for each series on a subset that shows no effect of its parameter (F test, p above 0.05).

    The F test would not hold for exploring runs, which were placed by the scores.
    """
    runs, scores = finding.reported.runs, finding.scores_on(subset, "selection")
    cautions = []
    for _, series in runs[(runs["subset"] == subset) & (runs["parameter"] != "")].groupby("series", sort=False):
        model = block_model({key: scores[key] for key in keys(series) if key in scores})
        test = effect(model) if model is not None else None
        if model is None or test is None or test.p <= ALPHA:
            continue
        sign, name = symbol(str(series["parameter"].iloc[0])), str(series["series"].iloc[0])
        cautions.append(
            f"No effect of {sign} on {chosen_by(finding.plan)} is seen for {name} ({test.text()}, "
            f"{len(model.keys)} values, {model.seeds} seeds): which value is best remains unknown, but it "
            f"is not shown that {sign} has no effect."
        )
    return cautions


def few_seeds(runs: pd.DataFrame, key: Key) -> list[str]:
    """Return a caution if the chosen configuration has reported runs, but too few for an interval."""
    n = len(complete_runs(runs_of(runs, key)))
    if not 0 < n < MIN_SEEDS:
        return []
    rests = f"{key.configuration} rests on {counted(n, 'seed')}"
    return [
        f"{rests}: with fewer than {MIN_SEEDS}, an answer depends on single runs, which are shown instead of intervals."
    ]


def disagreement(finding: GridFinding, key: Key) -> list[str]:
    """Return a caution if the configuration that is best on validation is ruled out as the best on the test set."""
    candidates = finding.candidates_on(key.subset)
    model = block_model({of: finding.scores("test").get(of, {}) for of in candidates})
    best = best_set(model) if model is not None else None
    if best is None or key in best.members or key not in {candidate.key for candidate in best.candidates}:
        return []
    (contender,) = (candidate for candidate in best.candidates if candidate.key == key)
    low, high = (100 * (end or 0.0) for end in (contender.low, contender.high))
    text = (
        f"Validation and test disagree: {key.configuration} is chosen on validation, but on the test set it is not "
        f"among the best ({low:.1f} to {high:.1f} points from the best of the others; {best.label()}). The choice "
        "stays: choosing by the test set would spoil its accuracy."
    )
    return [text]


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
        "configurations that may be the best allows for it."
    )
    return [text]


def unpredicted(results: StudyResults) -> list[str]:
    """Return a caution that names the classes that no complete reported run predicts on the test set."""
    wanted = dict.fromkeys(complete_runs(results.runs)["run_id"])
    tests = [results.records[run_id].test for run_id in wanted]
    predicted: list[Sequence[int]] = [test.predictions for test in tests if test is not None]
    classes = results.plan.dataset.classes
    never = never_predicted(predicted, classes)
    if not never:
        return []
    runs = "the one tested run" if len(predicted) == 1 else f"any of the {len(predicted)} tested runs"
    verb = "is" if len(never) == 1 else "are"
    return [f"{joined(never)} {verb} never predicted by {runs} ({len(never)} of {len(classes)} classes)."]
