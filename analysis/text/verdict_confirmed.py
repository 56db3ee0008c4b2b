"""The verdicts on studies that explore, choose and confirm the choice on fresh seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.choice_score import score_on_fresh_seeds
from analysis.findings.gaps_of_choice import clearly_apart
from analysis.results.measures import metric_words
from analysis.results.runs_table import Key, key_of, keys, left_out_count, runs_of, status_counts
from analysis.statistics.intervals import LEVEL, paired_difference
from analysis.text.cautions.failures import exploring_collapses
from analysis.text.phrases import (
    MAX_NAMED,
    TEST_HIDDEN,
    alike,
    budget_ended,
    calibration_words,
    chance,
    chosen_by,
    collapsed_in_words,
    cost,
    expected_regret,
    goal_words,
    joined,
    listed,
    nothing_complete,
    on_test_clips,
    points,
    scored_on_test,
    shortlist,
)
from analysis.text.possible_bests import Wording, choice_sentence
from analysis.text.validation_clips import shared_clips
from analysis.text.verdict_grid import kind, names_by_value
from trainables.naming import counted, counted_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.findings.choice_score import ChoiceScore
    from analysis.findings.method_finding import SearchFinding, SettleFinding
    from analysis.statistics.best_arm.assessment import Assessment


def settle_verdict(finding: SettleFinding) -> str:
    """Return the chosen configuration, its probability of being good enough, and its scores on fresh seeds."""
    results, settled, runs = finding.results, finding.settled, finding.explored.runs
    if settled.standing is None and (runs["status"] == "complete").any():
        counts = status_counts(runs["status"])
        return f"Each of the {len(keys(runs))} configurations failed too often to be chosen ({counts})."
    if settled.standing is None:
        return nothing_complete(results)
    chosen = settled.standing.chosen
    sentences = [
        *_settled(finding, settled.standing),
        *_confirmed_set(finding),
        *_confirmed(finding, chosen, score_on_fresh_seeds(chosen, finding.scores(finding.results.tested_by))),
    ]
    return " ".join([*sentences, *(budget_ended(results) if settled.rule else [])])


def _settled(finding: SettleFinding, standing: Assessment[Key]) -> list[str]:
    settled = finding.settled
    explored = finding.explored.runs
    called = names_by_value(explored) or {key: finding.names[key] for key in keys(explored)}
    name = called[standing.chosen]
    probability = chance(standing.confidence)
    runs = counted(settled.runs, "run")
    on = " ".join(["", *filter(None, [shared_clips(finding.plan, standing.chosen.subset)])])
    best = f"the best of the {len(called)} {kind(explored)}{on}"
    is_ = f"within {counted_points(settled.goal.within)} of {best} with posterior probability {probability}"
    regret = expected_regret(standing.regret)
    chosen = f"{name} is chosen by {chosen_by(finding.plan)}: it is {is_}"
    asked = goal_words(settled.goal, finding.method)
    match settled.rule:
        case "confidence":
            sentences = [f"{chosen} ({runs}; expected regret {regret})."]
            calibrated = calibration_words(settled.goal, finding.method)
            sentences += [f"Exploring ended at {calibrated}."] if calibrated else []
        case "regret":
            why = f"Exploring ended because more runs would hardly gain anything: the expected regret is {regret}."
            sentences = [f"{chosen}, {asked} ({runs}).", why]
        case None:
            limit = f"; {settled.ended} is reached" if settled.ended else ""
            if standing.confidence >= settled.goal.probability:
                limit += "; too few to show how much seeds scatter"
            leads = f"Not settled: by {chosen_by(finding.plan)} {name} leads and is {is_}"
            sentences = [f"{leads}, {asked} ({runs}{limit}).", f"The expected regret is {regret}."]
    return [*sentences, *_probably_best(finding, standing, called), *_unsound(finding, standing.chosen)]


def _probably_best(finding: SettleFinding, standing: Assessment[Key], called: Mapping[Key, str]) -> list[str]:
    """Write which of the explored values hold the best one with the level's probability; nothing if that is one."""
    bests = finding.explored_bests
    if bests is None or len(bests.members) == 1:
        return []
    probability = dict(zip(standing.keys, standing.best, strict=True))
    named = shortlist([f"{called[key]} ({chance(probability[key])})" for key in bests.members])
    together = chance(sum(probability[key] for key in bests.members))
    return [f"With probability {together} the best is one of {named}, each with the probability in brackets."]


def _unsound(finding: SettleFinding, chosen: Key) -> list[str]:
    """Write how many exploring runs of the choice gave no accuracy, or collapsed."""
    statuses = runs_of(finding.explored.runs, chosen)["status"]
    left, sentences = left_out_count(statuses), []
    if left:
        are = "is" if left == 1 else "are"
        sentences.append(
            f"{left} of its {counted(len(statuses), 'exploring run')} {are} left out ({status_counts(statuses)})."
        )
    rate = exploring_collapses(finding).get(chosen)
    return [*sentences, *([f"{collapsed_in_words(rate, 'exploring')}."] if rate else [])]


def _confirmed_set(finding: SettleFinding) -> list[str]:
    """Write which of the choice and the baselines may be the best on fresh seeds."""
    bests, comparisons = finding.bests(), finding.comparisons.get("")
    if bests is None or comparisons is None or len(bests.compared) == 1:
        return []
    scores, by = finding.confirmed_scores, chosen_by(finding.plan)
    wording = Wording(finding.names, scores, by, "confirmed configurations", runs="fresh seed")
    return [choice_sentence(bests, comparisons, wording, "On fresh seeds")]


def search_verdict(finding: SearchFinding) -> str:
    """Return what a search tried, which confirmed configuration is best, and its scores on fresh seeds."""
    results, runs, tried = finding.results, finding.explored.runs, finding.tried
    leading = finding.leading
    if not leading:
        return nothing_complete(results)
    counts = status_counts(runs["status"])
    were = "configurations were" if len(tried) > 1 else "configuration was"
    sentences = [f"{len(tried)} {were} tried ({counted(len(runs), 'run')}{f', {counts}' if counts else ''})."]
    sentences += budget_ended(results)
    choice = finding.choice
    called = finding.names
    if choice is None:
        by, mean = chosen_by(finding.plan), f"{100 * (tried[leading[0]] or 0):.1f} %"
        if len(leading) == 1:
            sentences.append(f"The best so far by {by} is {called[leading[0]]} ({mean}); it is not confirmed.")
        else:
            tie = f"{listed(leading, called)} tie as the best so far by {by} ({mean})"
            sentences.append(f"{tie}; none of them is confirmed.")
        return " ".join(sentences)
    bests, comparisons = finding.bests(), finding.comparisons.get("")
    if bests is not None and comparisons is not None and len(bests.compared) > 1:
        scores, by = finding.confirmed_scores, chosen_by(finding.plan)
        wording = Wording(called, scores, by, "confirmed configurations", runs="fresh seed")
        sentences.append(choice_sentence(bests, comparisons, wording))
    else:
        mean = f"{100 * choice.validation.mean:.1f} %, {counted(choice.validation.n, 'fresh seed')}"
        sentences.append(f"{called[choice.key]} was confirmed: mean {chosen_by(finding.plan)} {mean}.")
    return " ".join([*sentences, *_confirmed(finding, choice.key, finding.tested(choice))])


def _confirmed(finding: SettleFinding | SearchFinding, chosen: Key, accuracy: ChoiceScore) -> list[str]:
    """Write the chosen configuration's test accuracy on fresh seeds, the gaps to all others, and what it cost."""
    tested = finding.scores(finding.results.tested_by)
    statuses = runs_of(finding.reported.runs, chosen)["status"]
    if chosen not in tested:
        none = f"None of its fresh seeds has a {metric_words(finding.results.tested_by)}."
        none = TEST_HIDDEN if finding.results.test_hidden else none
        sentences = ["It is not confirmed on fresh seeds." if statuses.empty else none]
    else:
        score = scored_on_test(finding.results, on_test_clips(accuracy, "fresh seed"))
        others = [key for key in _beside(finding, chosen) if key in tested]
        first = {seed: value - accuracy.luck for seed, value in tested[chosen].items()}
        apart = clearly_apart(finding)
        gaps = [(key, paired_difference(first, tested[key], LEVEL)) for key in others[:MAX_NAMED]]
        words = [
            f"{points(gap)} {finding.names[key]}{'' if key in apart else _open(first, tested[key])}"
            for key, gap in gaps
            if gap
        ]
        sentences = [f"{score}; paired by seed, that is {joined(words)}." if words else f"{score}."]
    left, rate = left_out_count(statuses), finding.collapses.rates().get(chosen)
    if rate:
        sentences.append(f"{collapsed_in_words(rate, 'fresh')}.")
    if left:
        sentences.append(
            f"{left} of its {counted(len(statuses), 'fresh seed')} {'is' if left == 1 else 'are'} left out "
            f"({status_counts(statuses)})."
        )
    return [*sentences, cost(finding.results)]


def _open(first: Mapping[int, float], second: Mapping[int, float]) -> str:
    return f" (which is better is unclear{alike(first, second)})"


def _beside(finding: SettleFinding | SearchFinding, chosen: Key) -> list[Key]:
    """Return what the chosen configuration is compared with: the baselines, and its own control."""
    confirmed = dict.fromkeys(key_of(planned) for planned in finding.plan.runs if planned.stage == "confirm")
    baselines = [key for key in confirmed if key.arm in finding.method.baselines and key != chosen]
    control = finding.control_of(chosen)
    return [*baselines, *([control] if control else [])]
