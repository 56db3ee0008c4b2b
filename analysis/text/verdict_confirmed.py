"""The verdicts on studies that explore, choose and confirm the choice on fresh seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.exploration import confirmed_choice, confirmed_runs, settled, tried
from analysis.results.runs_table import Key, key_of, keys, runs_of, scores, status_counts
from analysis.results.study_results import explored, reported
from analysis.statistics.intervals import LEVEL, paired_difference, t_interval
from analysis.text.phrases import (
    alike,
    budget_ended,
    chance,
    chosen_by,
    clear,
    cost,
    joined,
    listed,
    nothing_complete,
    points,
)
from analysis.text.verdict_grid import certainty
from trainables.naming import number, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.findings.exploration import Settled
    from analysis.results.study_results import StudyResults
    from analysis.statistics.best_arm import Assessment

RULED_OUT = 0.05  # a configuration that is less probably the best is not named beside the choice
NAMED = 4


def settle_verdict(results: StudyResults) -> str:
    """Say which configuration is chosen, how sure that is or how sure it is not, and what fresh seeds score."""
    found = settled(results)
    runs = explored(results).runs
    if found.standing is None and (runs["status"] == "complete").any():
        counts = status_counts(runs["status"])
        return f"Each of the {len(keys(runs))} configurations failed too often to be chosen ({counts})."
    if found.standing is None:
        return nothing_complete(results.runs)
    sentences = [*_settled(results, found, found.standing), *_confirmed(results, found.standing.chosen)]
    return " ".join([*sentences, *(budget_ended(results) if found.sure else [])])


def _settled(results: StudyResults, found: Settled, standing: Assessment[Key]) -> list[str]:
    names, kind = _names(explored(results).runs)
    name = names[standing.chosen]
    probability = chance(standing.confidence)
    runs = f"{found.runs} run{'' if found.runs == 1 else 's'}"
    is_ = f"within {found.within:g} points of the best of the {len(names)} {kind} with probability {probability}"
    if found.sure:
        sentences = [f"{name} is chosen by {chosen_by(results)}: it is {is_} ({runs})."]
    else:
        limit = f"; {found.ended} is reached" if found.ended else ""
        asked = f"where {found.asked:g} was asked for ({runs}{limit})"
        sentences = [f"Not settled: by {chosen_by(results)} {name} leads and is {is_}, {asked}."]
    rivals = sorted(
        (i for i, key in enumerate(standing.keys) if key != standing.chosen and standing.best[i] >= RULED_OUT),
        key=lambda i: -standing.best[i],
    )
    if rivals:
        words = [f"{names[standing.keys[i]]} ({chance(standing.best[i])})" for i in rivals[:NAMED]]
        sentences.append(f"The best may also be {joined(words)}, by the probability in brackets.")
    return sentences


def search_verdict(results: StudyResults) -> str:
    """Say what a search tried, which of the confirmed configurations is best, and what fresh seeds score."""
    runs = explored(results).runs
    found = tried(results)
    ranked = [key for key, score in found.items() if score is not None]
    if not ranked:
        return nothing_complete(results.runs)
    counts = status_counts(runs["status"])
    were = "configurations were" if len(found) > 1 else "configuration was"
    sentences = [f"{len(found)} {were} tried ({len(runs)} runs{f', {counts}' if counts else ''})."]
    sentences += budget_ended(results)
    choice = confirmed_choice(results)
    names = {key: f"{key.configuration} on {key.subset}" for key in (*found, *keys(confirmed_runs(results)))}
    if choice is None:
        mean = f"{100 * (found[ranked[0]] or 0):.1f} %"
        sentences.append(
            f"The best so far by {chosen_by(results)} is {names[ranked[0]]} ({mean}); it is not confirmed."
        )
        return " ".join(sentences)
    seeds = f"{choice.validation.n} fresh seed{'' if choice.validation.n == 1 else 's'}"
    mean = f"{100 * choice.validation.mean:.1f} %, {seeds}"
    if choice.comparisons:
        confirmed = len(choice.ranking.keys)
        sentences.append(
            f"{names[choice.key]} has the highest mean {chosen_by(results)} of the best {confirmed}, which were "
            f"confirmed ({mean})."
        )
        sentences.append(certainty(choice, names))
    else:
        sentences.append(f"{names[choice.key]} was confirmed: mean {chosen_by(results)} {mean}.")
    if choice.ranking.too_few:
        sentences.append(f"Not ranked, for too few seeds in common: {listed(choice.ranking.too_few, names)}.")
    return " ".join([*sentences, *_confirmed(results, choice.key)])


def _confirmed(results: StudyResults, chosen: Key) -> list[str]:
    """Write the chosen configuration's test accuracy on fresh seeds, the gaps to all others, and what it cost."""
    runs = reported(results).runs
    tested = scores(runs, "test")
    own = runs_of(runs, chosen)["status"]
    if chosen not in tested:
        sentences = [
            "It is not confirmed on fresh seeds." if own.empty else "None of its fresh seeds has a test accuracy."
        ]
    else:
        interval = t_interval(tested[chosen].values(), LEVEL)
        score = f"On the test set it scores {interval.percent()} % ({interval.label()} fresh seeds)"
        others = [key for key in _beside(results, chosen) if key in tested]
        gaps = [(key, paired_difference(tested[chosen], tested[key], LEVEL)) for key in others[:NAMED]]
        words = [
            f"{points(gap)} {_other(key)}{'' if clear(gap) else _open(tested[chosen], tested[key])}"
            for key, gap in gaps
            if gap
        ]
        sentences = [f"{score}, {joined(words)} (paired by seed)." if words else f"{score}."]
    left = int((own != "complete").sum())
    if left:
        sentences.append(
            f"{left} of its {len(own)} fresh seeds {'is' if left == 1 else 'are'} left out ({status_counts(own)})."
        )
    return [*sentences, cost(results)]


def _open(first: Mapping[int, float], second: Mapping[int, float]) -> str:
    return f" (which is better stays open{alike(first, second)})"


def _beside(results: StudyResults, chosen: Key) -> list[Key]:
    """Return what the chosen configuration is compared with: the baselines, and its own control."""
    baselines = results.plan.spec["method"]["baselines"]
    planned = {key_of(p): p for p in results.plan.runs if p.stage in {"confirm", "control"}}
    return [
        key
        for key, p in planned.items()
        if key != chosen and (p.arm in baselines or (p.stage == "control" and p.varied == planned[chosen].varied))
    ]


def _other(key: Key) -> str:
    return key.configuration if key.subset == "all" else f"{key.configuration} on {key.subset}"


def _names(runs: pd.DataFrame) -> tuple[dict[Key, str], str]:
    """Return what to call each configuration, and all of them together."""
    found = keys(runs)
    parameters, series = set(runs["parameter"]), set(runs["series"])
    several = len({key.subset for key in found}) > 1
    if len(series) == 1 and not several and len(parameters) == 1 and all(parameters):
        sign = symbol(str(next(iter(parameters))))
        value = dict(zip(runs["configuration"], runs["value"], strict=True))
        return {key: f"{sign} = {number(value[key.configuration])}" for key in found}, f"values of {sign}"
    return {
        key: f"{key.configuration} on {key.subset}" if several else key.configuration for key in found
    }, "configurations"
