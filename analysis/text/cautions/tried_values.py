"""Cautions on the values that a study tried: the best at an end of them, or no effect of the parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import key_of, keys
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.blocks.two_way import effect
from analysis.statistics.intervals import ALPHA, p_text
from analysis.text.phrases import chosen_by
from trainables.config import parameter_name
from trainables.naming import is_number, number, symbol

if TYPE_CHECKING:
    from analysis.findings.method_finding import GridFinding
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from trainables.config import Part
    from trainables.frozen import Frozen
    from trainables.plans import PlannedRun

MIN_VALUES_WITH_INSIDE = 3  # the fewest values of which one lies inside


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
        values = {tried for p in arm if name in p.varied and is_number(tried := p.varied[name])}
        if not is_number(value) or len(values) < MIN_VALUES_WITH_INSIDE or min(values) < value < max(values):
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
    """Return the ends that a parameter can itself take; those of a plugin that is not loaded are not known."""
    configuration = planned.run.configuration
    parts: dict[Part, Frozen] = {
        "loss": configuration.loss,
        "network": configuration.network,
        "training": configuration.training,
    }
    fields = {parameter_name(part, key): f for part, of in parts.items() for key, f in type(of).model_fields.items()}
    marks = fields[name].metadata if name in fields else []
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
            f"No effect of {sign} on {chosen_by(finding.plan)} was detected for {name} ({len(model.keys)} values, "
            f"{model.seeds} seeds; F test, {p_text(test.p)}): which value is best is unknown, and {sign} may "
            "still matter."
        )
    return cautions
