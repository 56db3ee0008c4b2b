"""The verdict on a study that trains everything it names; and phrases that other verdicts use too."""

from __future__ import annotations

import math
from statistics import fmean
from types import MappingProxyType
from typing import TYPE_CHECKING

from analysis.results.runs_table import Key, keys, left_out_count, runs_of, status_counts
from analysis.statistics.intervals import LEVEL, paired_difference
from analysis.text.phrases import (
    MAX_NAMED,
    TEST_HIDDEN,
    alike,
    budget_ended,
    chosen_by,
    clear,
    cost,
    listed,
    nothing_complete,
    on_test_clips,
    points,
)
from trainables.naming import counted, number, plural, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.findings.method_finding import GridFinding
    from analysis.statistics.ranking import Choice

MAX_VALUES_NAMED = 3  # up to as many values are named one by one, not as a range


def grid_verdict(finding: GridFinding) -> str:
    """Return the best configuration, how certain that is, its test accuracy, and its gap to the next arm.

    The choice is made on one subset: ``all`` when it has complete runs, else the plan's first subset that has.
    """
    results, choice = finding.results, finding.choice
    if finding.main_subset is None:
        return nothing_complete(results)
    if choice is None:
        return "The complete runs have no validation accuracy, so there is nothing to choose by."
    runs = results.runs[results.runs["subset"] == finding.main_subset]
    several = len(finding.subsets) > 1
    sentences = _choice(runs[runs["stage"] != "control"], choice, chosen_by(finding.plan), several=several)
    sentences += [TEST_HIDDEN] if results.test_hidden else [_test(finding, choice), *_control(finding, choice)]
    sentences += _left_out(runs, choice, several=several)
    return " ".join([*sentences, *budget_ended(results), cost(results)])


def _choice(runs: pd.DataFrame, choice: Choice, by: str, *, several: bool) -> list[str]:
    """Write the chosen configuration, which others are not told apart from it, and which were not ranked."""
    compared = (*choice.ranking.keys, *choice.ranking.too_few)
    names = names_by_value(runs) or {key: key.configuration for key in compared}
    where = f"On the subset {choice.key.subset}, " if several else ""
    mean = f"{100 * choice.validation.mean:.1f} %, {counted(choice.validation.n, 'seed')}"
    planned = len(keys(runs))
    tried = f"{planned} {kind(runs)} tried"
    too_few = choice.ranking.too_few
    if choice.comparisons:
        without = planned - len(choice.ranking.keys) - len(too_few)
        tried += f", {without} of them without a complete run" if without else ""
        head = f"{where}{names[choice.key]} has the highest mean {by} of the {tried} ({mean})."
        sentences = [head, certainty(choice, names, _values(runs))]
    else:
        what = f"{'enough ' if too_few else ''}complete runs{f' of the {tried}' if planned > 1 else ''}"
        sentences = [f"{where}{choice.key.configuration} is the only configuration with {what}: mean {by} {mean}."]
    if too_few:
        sentences.append(f"Not ranked, for too few seeds in common with the others: {listed(too_few, names)}.")
    return sentences


def certainty(choice: Choice, names: Mapping[Key, str], values: Mapping[Key, float] = MappingProxyType({})) -> str:
    """Return which others the chosen configuration is told apart from, and by what method.

    Args:
        choice: the choice.
        names: what to call each configuration.
        values: of the parameter, where all configurations differ by one number: neighbours are then named as a range.

    """
    others = len(choice.comparisons)
    if choice.validation.n == 1:
        method = "one seed gives no interval"
    elif not any(c.difference and c.difference.half_width is not None for c in choice.comparisons):
        method = "the differences paired by seed show no spread, which gives no interval"
    else:
        family = f", Bonferroni over {others}" if others > 1 else ""
        intervals = f"{100 * choice.level:g} % {plural(others, 't-interval')}"
        method = f"{intervals} of the differences paired by seed{family}"
    tied = choice.not_told_apart
    if not tied:
        every = f"all {others} others{' ranked' if choice.ranking.too_few else ''}"
        return f"It is ahead of {every if others > 1 else names[choice.comparisons[0].other]} ({method})."
    many = f"any of the other {others}" if len(tied) == others else f"{len(tied)} of the other {others}"
    who = _span(choice, names, values) or (many if len(tied) > MAX_NAMED else listed(tied, names))
    return f"The study does not tell it apart from {who} ({method})."


def _span(choice: Choice, names: Mapping[Key, str], values: Mapping[Key, float]) -> str:
    """Name the values that are not told apart as a range; empty unless they and the choice are neighbours."""
    planned = sorted(values, key=values.__getitem__)  # one that was not ranked interrupts a range
    tied = {choice.key, *choice.not_told_apart}
    places = [place for place, key in enumerate(planned) if key in tied]
    if not MAX_VALUES_NAMED < len(tied) == len(places) < len(planned) or places[-1] - places[0] != len(places) - 1:
        return ""
    ends = names[planned[places[0]]], names[planned[places[-1]]]
    return f"the {len(tied) - 1} other values from {ends[0]} to {ends[1]}"


def _test(finding: GridFinding, choice: Choice) -> str:
    """Write the test accuracy, and how it compares with the best other arm's."""
    if not (scored := on_test_clips(finding.tested(choice))):
        return "It has no test accuracy."
    score, tested = f"On the test set it scores {scored}", finding.compared_scores
    other = next((key for key in choice.ranking.keys if key.arm != choice.key.arm), None)
    if other is None:
        return f"{score}."
    best = f"{other.configuration}, {_rank_of(other, finding, choice)} on validation"
    gap = paired_difference(tested.get(choice.key, {}), tested.get(other, {}), LEVEL)
    if gap is None:
        return f"{score}. It shares no tested seed with {best}."
    seen = gap.label() if not gap.has_width or gap.n != len(tested[choice.key]) else ""
    paired = f"paired by seed{f', {seen}' if seen else ''}"
    open_ = "" if clear(gap) else ": which of the two is better stays open"
    return f"{score}, {points(gap)} {best} ({paired}){open_}{alike(tested[choice.key], tested[other])}."


def _control(finding: GridFinding, choice: Choice) -> list[str]:
    """Write how the choice compares with its control; nothing if it has none."""
    control = finding.control_of(choice.key)
    if control is None or finding.tested(choice).accuracy is None:
        return []
    tested = finding.compared_scores
    gap = paired_difference(tested[choice.key], tested.get(control, {}), LEVEL)
    if gap is None:
        return []
    open_ = "" if clear(gap) else "; which of the two is better stays open"
    same = alike(tested[choice.key], tested[control])
    return [
        f"It is {points(gap)} {control.configuration}, GCE at the mean q that it showed (paired by seed){open_}{same}."
    ]


def _rank_of(other: Key, finding: GridFinding, choice: Choice) -> str:
    """Call an arm the best other one, or name those that tie with it."""
    means = {key: fmean(by_seed.values()) for key, by_seed in finding.scores("selection").items()}
    ties = [
        key.configuration
        for key in choice.ranking.keys
        if key.arm not in {choice.key.arm, other.arm} and math.isclose(means[key], means[other], rel_tol=1e-12)
    ]
    return f"which ties with {' and '.join(ties)} as the best other arm" if ties else "the best other arm"


def _left_out(runs: pd.DataFrame, choice: Choice, *, several: bool) -> list[str]:
    """Write how many of the chosen configuration's runs, and of all, are left out."""
    sentences = []
    every = f"of all {{}} runs{' on this subset' if several else ''}"
    for statuses, of in ((runs_of(runs, choice.key)["status"], "of its {} runs"), (runs["status"], every)):
        left = left_out_count(statuses)
        if left:
            what = of.format(len(statuses))
            sentences.append(f"{left} {what} {'is' if left == 1 else 'are'} left out ({status_counts(statuses)}).")
    return sentences


def names_by_value(runs: pd.DataFrame) -> dict[Key, str]:
    """Return ``T = 1000`` for each configuration; empty unless all differ by that alone."""
    return {key: f"{_sign(runs)} = {number(value)}" for key, value in _values(runs).items()}


def _values(runs: pd.DataFrame) -> dict[Key, float]:
    """Return the varied number of each configuration; empty unless all differ by that alone."""
    series = set(zip(runs["series"], runs["parameter"], runs["subset"], strict=True))
    if len(series) != 1 or not all(parameter for _, parameter, _ in series):
        return {}
    columns = [runs[name] for name in (*Key._fields, "value")]
    return {Key(*map(str, key)): float(value) for *key, value in zip(*columns, strict=True)}


def kind(runs: pd.DataFrame) -> str:
    """Return what to call the configurations together: ``values of T`` if they differ by that alone."""
    return f"values of {_sign(runs)}" if _values(runs) else "configurations"


def _sign(runs: pd.DataFrame) -> str:
    return symbol(str(runs["parameter"].iloc[0]))
