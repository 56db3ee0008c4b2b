"""A few short sentences on what a study found, made from its numbers alone."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.frames import Key, complete_runs, keys, runs_of, scores, status_counts, subsets
from analysis.intervals import LEVEL, paired_difference, t_interval
from analysis.select import Choice, ValidationTable, choose
from trainables.labels import number, symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.frames import StudyResults

NAMED = 4  # more configurations than this are counted, not named


def verdict(results: StudyResults) -> str:
    """Say which configuration is best, how sure that is, what it scores on the test set, and the gap to the next arm.

    The choice sees validation accuracies only. It is made on one subset: ``all`` when it has complete runs, else the
    plan's first subset that has. The text is plain: labels in it are not escaped for HTML or a terminal.
    """
    runs = results.runs
    subset = main_subset(runs)
    if subset is None:
        counts = status_counts(runs["status"])
        return (
            f"No run of the {len(runs)} is complete{f' ({counts})' if counts else ''}: there is nothing to choose from."
        )
    choice = choose(ValidationTable.from_runs(runs, subset))
    if choice is None:
        return "The complete runs have no validation accuracy, so there is nothing to choose by."
    own = runs[runs["subset"] == subset]
    several = len(subsets(runs)) > 1
    return " ".join(
        [*_choice(own, choice, several=several), _test(own, choice), *_left_out(own, choice, several=several)]
    )


def main_subset(runs: pd.DataFrame) -> str | None:
    """Return the subset that the verdict is about: ``all``, else the first with complete runs; None without any."""
    found = subsets(complete_runs(runs))
    return "all" if "all" in found else next(iter(found), None)


def _choice(runs: pd.DataFrame, choice: Choice, *, several: bool) -> list[str]:
    """Write the chosen configuration, which others are not told apart from it, and which were not ranked."""
    names = _names(runs, choice)
    where = f"On the subset {choice.key.subset}, " if several else ""
    seeds = "1 seed" if choice.validation.n == 1 else f"{choice.validation.n} seeds"
    mean = f"{100 * choice.validation.mean:.1f} %, {seeds}"
    planned = len(keys(runs))
    tried = f"{planned} {_kind(runs)} tried"
    too_few = choice.ranking.too_few
    if choice.comparisons:
        without = planned - len(choice.ranking.keys) - len(too_few)
        tried += f", {without} of them without a complete run" if without else ""
        head = f"{where}{names[choice.key]} has the highest mean validation accuracy of the {tried} ({mean})."
        sentences = [head, _certainty(choice, names)]
    else:
        what = f"{'enough ' if too_few else ''}complete runs{f' of the {tried}' if planned > 1 else ''}"
        sentences = [
            f"{where}{choice.key.configuration} is the only configuration with {what}: mean validation accuracy {mean}."
        ]
    if too_few:
        sentences.append(f"Not ranked, for too few seeds in common with the others: {_listed(too_few, names)}.")
    return sentences


def _certainty(choice: Choice, names: dict[Key, str]) -> str:
    others = len(choice.comparisons)
    if choice.validation.n == 1:
        method = "one seed gives no interval"
    elif not any(c.difference and c.difference.half_width is not None for c in choice.comparisons):
        method = "the differences paired by seed show no spread, which gives no interval"
    else:
        family = f", Bonferroni over {others}" if others > 1 else ""
        method = (
            f"{100 * choice.level:g} % t-interval{'s' if others > 1 else ''} of the differences paired by seed{family}"
        )
    tied = choice.not_told_apart
    if not tied:
        every = f"all {others} others{' ranked' if choice.ranking.too_few else ''}"
        return f"It is ahead of {every if others > 1 else names[choice.comparisons[0].other]} ({method})."
    many = f"any of the other {others}" if len(tied) == others else f"{len(tied)} of the other {others}"
    who = many if len(tied) > NAMED else _listed(tied, names)
    return f"The study does not tell it apart from {who} ({method})."


def _listed(found: Sequence[Key], names: dict[Key, str]) -> str:
    listed = [names[key] for key in found[:NAMED]]
    if len(found) > NAMED:
        listed.append(f"{len(found) - NAMED} more")
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def _test(runs: pd.DataFrame, choice: Choice) -> str:
    """Write the test accuracy, and how it compares with the best other arm's."""
    tested = scores(runs, "test")
    if choice.key not in tested:
        return "It has no test accuracy."
    interval = t_interval(tested[choice.key].values(), LEVEL)
    score = f"On the test set it scores {interval.percent()} % ({interval.label()})"
    other = next((key for key in choice.ranking.keys if key.arm != choice.key.arm), None)
    if other is None:
        return f"{score}."
    best = f"{other.configuration}, {_rank_of(other, runs, choice)} on validation"
    gap = paired_difference(tested[choice.key], tested.get(other, {}), LEVEL)
    if gap is None:
        return f"{score}. It shares no tested seed with {best}."
    clear = gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high
    points = f"{100 * abs(gap.mean):.1f}" + ("" if gap.half_width is None else f" ± {100 * gap.half_width:.1f}")
    seen = gap.label() if gap.half_width is None or gap.n != interval.n else ""
    paired = f"paired by seed{f', {seen}' if seen else ''}"
    open_ = "" if clear else ": which of the two is better stays open"
    return f"{score}, {points} points {'below' if gap.mean < 0 else 'above'} {best} ({paired}){open_}."


def _rank_of(other: Key, runs: pd.DataFrame, choice: Choice) -> str:
    """Call an arm the best other one, or name those that tie with it."""
    means = {key: fmean(values.values()) for key, values in scores(runs, "validation").items()}
    ties = [
        key.configuration
        for key in choice.ranking.keys
        if key.arm not in {choice.key.arm, other.arm} and math.isclose(means[key], means[other], rel_tol=1e-12)
    ]
    return f"which ties with {' and '.join(ties)} as the best other arm" if ties else "the best other arm"


def _left_out(runs: pd.DataFrame, choice: Choice, *, several: bool) -> list[str]:
    """Write how many of the chosen configuration's runs, and of all, are left out."""
    found = []
    every = f"of all {{}} runs{' on this subset' if several else ''}"
    for statuses, of in ((runs_of(runs, choice.key)["status"], "of its {} runs"), (runs["status"], every)):
        left = int((statuses != "complete").sum())
        if left:
            what = of.format(len(statuses))
            found.append(f"{left} {what} {'is' if left == 1 else 'are'} left out ({status_counts(statuses)}).")
    return found


def _names(runs: pd.DataFrame, choice: Choice) -> dict[Key, str]:
    """Return ``T = 1000`` for each configuration when they differ by that alone, else their whole labels."""
    found = (*choice.ranking.keys, *choice.ranking.too_few)
    if not _one_series(runs):
        return {key: key.configuration for key in found}
    sign = symbol(str(runs["parameter"].iloc[0]))
    value = dict(zip(runs["configuration"], runs["value"], strict=True))
    return {key: f"{sign} = {number(value[key.configuration])}" for key in found}


def _kind(runs: pd.DataFrame) -> str:
    return f"values of {symbol(str(runs['parameter'].iloc[0]))}" if _one_series(runs) else "configurations"


def _one_series(runs: pd.DataFrame) -> bool:
    found = set(zip(runs["series"], runs["parameter"], strict=True))
    return len(found) == 1 and all(parameter for _, parameter in found)
