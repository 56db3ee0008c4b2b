"""The verdict on a study that trains everything it names; and phrases that other verdicts use too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.gaps_of_choice import clearly_apart
from analysis.results.measures import metric_words
from analysis.results.runs_table import Key, keys, left_out_count, runs_of, status_counts
from analysis.statistics.intervals import LEVEL, paired_difference
from analysis.text.folds import folds_of_choice
from analysis.text.phrases import (
    TEST_HIDDEN,
    UNCLEAR,
    alike,
    budget_ended,
    chosen_by,
    collapsed_in_words,
    cost,
    less_luck,
    listed,
    nothing_complete,
    on_test_clips,
    points,
    scored_on_test,
)
from analysis.text.possible_bests import Wording, choice_sentence, mean_in_words
from analysis.text.verdict_subsets import on_other_subsets, over_all_subsets
from trainables.naming import counted, number, symbol

if TYPE_CHECKING:
    import pandas as pd

    from analysis.findings.method_finding import GridFinding
    from analysis.statistics.ranking import Choice


def grid_verdict(finding: GridFinding) -> str:
    """Return the best configuration, how certain that is, its test accuracy, and its gap to the next arm.

    The choice is that on ``GridFinding.main_subset``; a sentence each is on the other subsets and on all together.
    """
    results, choice = finding.results, finding.choice
    if finding.main_subset is None:
        return nothing_complete(results)
    if choice is None:
        return "The complete runs have no validation accuracy, so there is nothing to choose by."
    runs = results.runs[results.runs["subset"] == finding.main_subset]
    sentences = _choice(finding, runs[runs["stage"] != "control"], choice)
    if results.test_hidden:
        sentences.append(TEST_HIDDEN)
    else:
        by_fold = folds_of_choice(finding, choice.key, _other_arm(choice))
        sentences += [_test(finding, choice), *by_fold, *_control(finding, choice)]
    sentences += [*on_other_subsets(finding), *([] if results.test_hidden else over_all_subsets(finding, choice))]
    sentences += _left_out(finding, runs, choice)
    return " ".join([*sentences, *budget_ended(results), cost(results)])


def _choice(finding: GridFinding, runs: pd.DataFrame, choice: Choice) -> list[str]:
    """Write which configurations may be the best, which one is chosen, and which were not compared."""
    bests = finding.bests(choice.key.subset)
    planned, by = keys(runs), chosen_by(finding.plan)
    names = names_by_value(runs) or {key: key.configuration for key in planned}
    where = f"On the subset {choice.key.subset}" if len(finding.subsets) > 1 else ""
    if bests is None or not choice.others:
        mean = mean_in_words(finding.scores("selection"), choice.key)
        among = f" of the {len(planned)} {kind(runs)} tried" if len(planned) > 1 else ""
        sentence = f"{choice.key.configuration} is the only configuration with complete runs{among}: mean {by} {mean}."
        return [f"{where}, {sentence}" if where else sentence]
    wording = Wording(names, finding.scores("selection"), by, kind(runs), values_of(runs))
    sentences = [choice_sentence(bests, choice.best_set, wording, where)]
    without = tuple(key for key in planned if key not in bests.compared)
    if without:
        sentences.append(
            f"{listed(without, names)} {'has' if len(without) == 1 else 'have'} no complete run to compare."
        )
    return sentences


def _test(finding: GridFinding, choice: Choice) -> str:
    """Write the test accuracy, and how it compares with the best other arm's."""
    if not (scored := on_test_clips(finding.tested(choice))):
        return f"It has no {metric_words(finding.results.tested_by)}."
    score, tested = scored_on_test(finding.results, scored), finding.compared_scores
    other = _other_arm(choice)
    if other is None:
        return f"{score}."
    best = f"{other.configuration}, {_rank_of(other, choice)} on validation"
    gap = paired_difference(tested.get(choice.key, {}), tested.get(other, {}), LEVEL)
    if gap is None:
        return f"{score}. It shares no tested seed with {best}."
    seen = gap.label() if not gap.has_width or gap.n != len(tested[choice.key]) else ""
    paired = f"paired by seed{less_luck(finding, (choice.key, other))}{f', {seen}' if seen else ''}"
    open_ = "" if other in clearly_apart(finding) else f": {UNCLEAR}"
    return f"{score}, {points(gap)} {best} ({paired}){open_}{alike(tested[choice.key], tested[other])}."


def _other_arm(choice: Choice) -> Key | None:
    """Return the best configuration of another arm on validation."""
    return next((key for key in choice.ranking.keys if key.arm != choice.key.arm), None)


def _control(finding: GridFinding, choice: Choice) -> list[str]:
    """Write how the choice compares with its control; nothing if it has none."""
    control = finding.control_of(choice.key)
    if control is None or finding.tested(choice).accuracy is None:
        return []
    tested = finding.compared_scores
    gap = paired_difference(tested[choice.key], tested.get(control, {}), LEVEL)
    if gap is None:
        return []
    open_ = "" if control in clearly_apart(finding) else f"; {UNCLEAR}"
    same = alike(tested[choice.key], tested[control])
    paired = f"paired by seed{less_luck(finding, (choice.key, control))}"
    return [f"It is {points(gap)} {control.configuration}, GCE with q fixed at its mean ({paired}){open_}{same}."]


def _rank_of(other: Key, choice: Choice) -> str:
    """Call an arm the best other one, or name those that tie with it."""
    ties = [key.configuration for key in choice.ranking.tied_with(other) if key.arm not in {choice.key.arm, other.arm}]
    return f"which ties with {' and '.join(ties)} as the best other arm" if ties else "the best other arm"


def _left_out(finding: GridFinding, runs: pd.DataFrame, choice: Choice) -> list[str]:
    """Write how many of the chosen configuration's runs, and of all, are left out or have collapsed."""
    sentences = []
    every = f"of all {{}}{' on this subset' if len(finding.subsets) > 1 else ''}"
    for statuses, of in ((runs_of(runs, choice.key)["status"], "of its {}"), (runs["status"], every)):
        left = left_out_count(statuses)
        if left:
            what = of.format(counted(len(statuses), "run"))
            sentences.append(f"{left} {what} {'is' if left == 1 else 'are'} left out ({status_counts(statuses)}).")
    rate = finding.collapses.rates().get(choice.key)
    return [*sentences, *([f"{collapsed_in_words(rate)}."] if rate else [])]


def names_by_value(runs: pd.DataFrame) -> dict[Key, str]:
    """Return ``T = 1000`` for each configuration; empty unless all differ by that alone."""
    return {key: f"{_sign(runs)} = {number(value)}" for key, value in values_of(runs).items()}


def values_of(runs: pd.DataFrame) -> dict[Key, float]:
    """Return the varied number of each configuration; empty unless all differ by that alone."""
    series = set(zip(runs["series"], runs["parameter"], runs["subset"], strict=True))
    if len(series) != 1 or not all(parameter for _, parameter, _ in series):
        return {}
    columns = [runs[name] for name in (*Key._fields, "value")]
    return {Key(*map(str, key)): float(value) for *key, value in zip(*columns, strict=True)}


def kind(runs: pd.DataFrame) -> str:
    """Return what to call the configurations together: ``values of T`` if they differ by that alone."""
    return f"values of {_sign(runs)}" if values_of(runs) else "configurations"


def _sign(runs: pd.DataFrame) -> str:
    return symbol(str(runs["parameter"].iloc[0]))
