"""One to three sentences on what a study found, made from its numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.frames import Key, complete_runs, number, scores, status_counts, subsets, symbol
from analysis.intervals import LEVEL, paired_difference, t_interval
from analysis.select import Choice, ValidationTable, best_per_arm, choose

if TYPE_CHECKING:
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
    table = ValidationTable.from_runs(runs, subset)
    choice = choose(table)
    if choice is None:
        return "The complete runs have no validation accuracy, so there is nothing to choose by."
    own = runs[runs["subset"] == subset]
    sentences = [_choice(own, choice, several=len(subsets(runs)) > 1), _test(own, choice)]
    gap = _gap(own, table, choice)
    return " ".join([*sentences, gap] if gap else sentences)


def main_subset(runs: pd.DataFrame) -> str | None:
    """Return the subset that the verdict is about: ``all``, else the first with complete runs; None without any."""
    found = subsets(complete_runs(runs))
    return "all" if "all" in found else next(iter(found), None)


def _choice(runs: pd.DataFrame, choice: Choice, *, several: bool) -> str:
    """Write the first sentence: the chosen configuration, and which others it cannot be told apart from."""
    seeds = "1 seed" if choice.validation.n == 1 else f"{choice.validation.n} seeds"
    where = f"On the subset {choice.key.subset}, " if several else ""
    mean = f"{100 * choice.validation.mean:.1f} %, {seeds}"
    others = len(choice.comparisons)
    if not others:
        name = choice.key.configuration
        return f"{where}{name} is the only configuration with complete runs: mean validation accuracy {mean}."
    names = _names(runs, choice)
    tried = f"{others + 1} {_kind(runs)} tried"
    head = f"{where}{names[choice.key]} has the highest mean validation accuracy of the {tried} ({mean})"
    return f"{head}; {_certainty(choice, names)}."


def _certainty(choice: Choice, names: dict[Key, str]) -> str:
    others = len(choice.comparisons)
    shared = [c.difference.n for c in choice.comparisons if c.difference and c.difference.half_width is not None]
    if not shared:
        return "fewer than two seeds in common give no interval, so the study does not tell it from the others"
    n = f"n = {min(shared)}" if min(shared) == max(shared) else f"n = {min(shared)} to {max(shared)}"
    family = f", Bonferroni over {others}" if others > 1 else ""
    method = f"{100 * choice.level:g} % t-interval{'s' if others > 1 else ''} paired by seed{family}, {n}"
    tied = choice.not_told_apart
    if not tied:
        return f"it is ahead of {'every other one' if others > 1 else names[choice.comparisons[0].other]} ({method})"
    if len(tied) > NAMED:
        who = f"{len(tied)} of the other {others}"
    else:
        listed = [names[key] for key in tied]
        who = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    return f"its lead over {who} is not clear of zero ({method}), so the study does not tell them apart"


def _test(runs: pd.DataFrame, choice: Choice) -> str:
    """Write the second sentence: the test accuracy, and how many runs were left out."""
    counts = status_counts(runs["status"])
    left = len(runs) - len(complete_runs(runs))
    tail = f"; {left} of {len(runs)} runs {'is' if left == 1 else 'are'} left out ({counts})" if left else ""
    values = scores(runs, "test").get(choice.key)
    if not values:
        return f"It has no test accuracy{tail}."
    interval = t_interval(values.values(), LEVEL)
    return f"On the test set it scores {interval.percent()} % ({interval.label()}){tail}."


def _gap(runs: pd.DataFrame, table: ValidationTable, choice: Choice) -> str:
    """Write the third sentence: the test accuracy against the best other arm's; empty when there is no other arm."""
    other = next((key for arm, key in best_per_arm(table).items() if arm != choice.key.arm), None)
    if other is None:
        return ""
    best = f"{other.configuration}, the best other arm on validation"
    tested = scores(runs, "test")
    gap = paired_difference(tested.get(choice.key, {}), tested.get(other, {}), LEVEL)
    if gap is None:
        return f"It shares no tested seed with {best}."
    side = "below" if gap.mean < 0 else "above"
    points = f"{100 * abs(gap.mean):.1f}"
    if gap.half_width is None or gap.low is None or gap.high is None:
        return f"That is {points} points {side} {best} (1 seed, no interval)."
    unclear = ", which leaves open which of the two is better" if gap.low <= 0 <= gap.high else ""
    size = f"{points} ± {100 * gap.half_width:.1f} points {side} {best}"
    return f"That is {size} (paired by seed, {gap.label()}){unclear}."


def _names(runs: pd.DataFrame, choice: Choice) -> dict[Key, str]:
    """Return ``T = 1000`` for each configuration when they differ by that alone, else their whole labels."""
    keys = [choice.key, *(comparison.other for comparison in choice.comparisons)]
    if not _one_series(runs):
        return {key: key.configuration for key in keys}
    sign = symbol(str(runs["parameter"].iloc[0]))
    value = dict(zip(runs["configuration"], runs["value"], strict=True))
    return {key: f"{sign} = {number(value[key.configuration])}" for key in keys}


def _kind(runs: pd.DataFrame) -> str:
    return f"values of {symbol(str(runs['parameter'].iloc[0]))}" if _one_series(runs) else "configurations"


def _one_series(runs: pd.DataFrame) -> bool:
    found = set(zip(runs["series"], runs["parameter"], strict=True))
    return len(found) == 1 and all(parameter for _, parameter in found)
