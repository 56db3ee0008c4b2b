"""Cautions in words, from the numbers: what a reader should know before relying on a study's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import complete_runs, key_of, runs_of, scores
from analysis.statistics.clips import never_predicted
from analysis.statistics.intervals import p_text
from analysis.statistics.two_way import MIN_FOR_DIFFERENCE, effect, two_way_table, unevenness
from analysis.text.phrases import chosen_by, joined
from trainables.config import LOSSES
from trainables.naming import counted, number, symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.findings.finding import GridFinding, SearchFinding, SettleFinding
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from trainables.plans import PlannedRun

FEW = 5  # seeds below which an interval is wide and its normal assumption untestable
ALPHA = 0.05
MIN_VALUES_WITH_INSIDE = 3  # the fewest values of which one lies inside


def grid_cautions(finding: GridFinding) -> tuple[str, ...]:
    """Return the cautions for a grid, a sentence each; empty if nothing is chosen.

    They cover the best value of each arm on the subset of the verdict.
    """
    key = finding.chosen
    if key is None:
        return ()
    runs = finding.reported.runs
    compared = runs[runs["subset"] == key.subset]
    best: dict[str, Key] = {}
    for each in finding.ranking(key.subset).keys:
        best.setdefault(each.arm, each)
    return (
        *(text for own in best.values() for text in edges(finding.results, own)),
        *no_effect(compared, chosen_by(finding.results)),
        *few_seeds(runs, key),
        *disagreement(finding, key),
        *uneven(compared),
        *unpredicted(finding.reported),
    )


def explored_cautions(finding: SettleFinding | SearchFinding) -> tuple[str, ...]:
    """Return the cautions for the choice of a study that explores; empty if nothing is chosen."""
    key = finding.chosen
    if key is None:
        return ()
    return (
        *edges(finding.results, key),
        *few_seeds(finding.reported.runs, key),
        *unpredicted(finding.reported),
    )


def edges(results: StudyResults, key: Key) -> list[str]:
    """Return cautions where a configuration's value is the lowest or highest tried, and another is possible.

    A value at the end of what the loss allows, as q = 1, has nothing beyond. Two values have no inside. Tried is what
    has a record, whatever its status: where the next value diverged, nothing is left to try there.
    """
    planned = [p for p in results.plan.runs if p.run.run_id in results.records]
    arm = [p for p in planned if p.arm == key.arm and p.run.configuration.subset == key.subset]
    own = next(p for p in arm if key_of(p) == key)
    found = []
    for name, value in own.varied.items():
        values = {each for p in arm if isinstance(each := p.varied.get(name), int | float)}
        if isinstance(value, str) or len(values) < MIN_VALUES_WITH_INSIDE or min(values) < value < max(values):
            continue
        if value in _limits(own, name):
            continue
        end = "lowest" if value == min(values) else "highest"
        beyond = "lower" if end == "lowest" else "higher"
        found.append(
            f"{symbol(name)} = {number(value)} is the {end} of the {len(values)} values tried for {key.arm}: a "
            f"{beyond} one, which was not tried, may be better."
        )
    return found


def _limits(planned: PlannedRun, name: str) -> list[float]:
    """Return the ends that a loss's parameter can itself take."""
    loss = next(each for each in LOSSES if isinstance(planned.run.configuration.loss, each))
    field = loss.model_fields.get(name)
    marks = field.metadata if field else []
    return [end for mark in marks for side in ("ge", "le") if (end := getattr(mark, side, None)) is not None]


def no_effect(runs: pd.DataFrame, by: str) -> list[str]:
    """Return cautions for series that show no effect of the parameter: the F test of values x seeds, p above 0.05.

    Exploring runs must not be among the runs: where they were put depends on the scores, and the test knows nothing of
    that.

    Args:
        runs: of one subset.
        by: what is chosen by, in words.

    """
    found = []
    for series in dict.fromkeys(runs.loc[runs["parameter"] != "", "series"]):
        own = runs[runs["series"] == series]
        layout = two_way_table(scores(own, "selection"))
        test = effect(layout) if layout is not None and len(layout.keys) >= MIN_FOR_DIFFERENCE else None
        if layout is None or test is None or test.p <= ALPHA:
            continue
        sign = symbol(str(own["parameter"].iloc[0]))
        found.append(
            f"No effect of {sign} on {by} is seen for {series} ({test.text()}, {len(layout.keys)} values, "
            f"{len(layout.seeds)} seeds): which value is best is not known; that "
            f"{sign} does nothing is not shown either."
        )
    return found


def few_seeds(runs: pd.DataFrame, key: Key) -> list[str]:
    """Return a caution if the chosen configuration has reported runs, but fewer than five."""
    n = len(complete_runs(runs_of(runs, key)))
    if not 0 < n < FEW:
        return []
    rests = f"{key.configuration} rests on {counted(n, 'seed')}"
    return [f"{rests}: with fewer than {FEW}, intervals are wide, and one run moves them."]


def disagreement(finding: GridFinding, key: Key) -> list[str]:
    """Return a caution if the configuration that is best on validation is ruled out as the best on the test set."""
    found = finding.best_set("test", key.subset)
    if found is None or key in found.members or key not in {each.key for each in found.candidates}:
        return []
    (own,) = (each for each in found.candidates if each.key == key)
    low, high = (100 * (end or 0.0) for end in (own.low, own.high))
    text = (
        f"Validation and test disagree: {key.configuration} is chosen on validation, but on the test set it is not "
        f"among the best ({low:.1f} to {high:.1f} points from the best of the others; {found.label()}). The choice "
        "stays: choosing by the test set would spoil its accuracy."
    )
    return [text]


def uneven(runs: pd.DataFrame) -> list[str]:
    """Return a caution if a subset's configurations scatter unevenly, which the set of possible bests ignores.

    Args:
        runs: of one subset.

    """
    layout = two_way_table(scores(runs, "selection"))
    found = unevenness(layout) if layout is not None else None
    if found is None or found.p > ALPHA:
        return []
    text = (
        f"Seeds scatter some configurations more than others (Brown and Forsythe's test, {p_text(found.p)}; what "
        f"configuration and seed leave over has standard deviations of {100 * found.low:.2f} to "
        f"{100 * found.high:.2f} points): the set of those that may be best takes "
        "one spread for all and may leave the best one out; the verdict compares pair by pair and takes none."
    )
    return [text]


def unpredicted(results: StudyResults) -> list[str]:
    """Return a caution that names the classes that no complete reported run predicts on the test set."""
    wanted = dict.fromkeys(complete_runs(results.runs)["run_id"])
    tests = [results.records[run_id].test for run_id in wanted]
    predicted: list[Sequence[int]] = [test.predictions for test in tests if test is not None]
    classes = results.plan.dataset.classes
    found = never_predicted(predicted, classes)
    if not found:
        return []
    runs = "the one tested run" if len(predicted) == 1 else f"any of the {len(predicted)} tested runs"
    verb = "is" if len(found) == 1 else "are"
    return [f"{joined(found)} {verb} never predicted by {runs} ({len(found)} of {len(classes)} classes)."]
