"""Which configurations may be the best, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.text.phrases import MAX_NAMED, joined, listed
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.findings.possible_bests import Bests
    from analysis.results.runs_table import Key
    from analysis.statistics.hsu import BestSet

MAX_VALUES_NAMED = 3  # up to as many values are named one by one, not as a range


def method_in_words(best_set: BestSet) -> str:
    """Return by what method configurations are ruled out, or why none can be."""
    most = max(candidate.n for candidate in best_set.candidates)
    if best_set.sd is None:
        return "one seed gives no interval" if most == 1 else "the runs show no spread, which gives no interval"
    return f"Hsu's comparisons with the best, {100 * best_set.level:g} %"


def mean_in_words(scores: Mapping[Key, Mapping[int, float]], key: Key, runs: str = "seed") -> str:
    """Return the mean of a configuration's own runs: ``80.1 %, 12 seeds``."""
    return f"{100 * fmean(scores[key].values()):.1f} %, {counted(len(scores[key]), runs)}"


@dataclass(frozen=True)
class Wording:
    """What the parts of a comparison are called.

    Attributes:
        names: of the configurations.
        scores: configuration -> seed -> accuracy that was compared, a fraction.
        by: the accuracy that is compared.
        of: the compared configurations together, such as ``values of T``.
        values: of the parameter, where all configurations differ by one number: neighbours are then named as a range.
        runs: a run: ``seed`` or ``fresh seed``.

    """

    names: Mapping[Key, str]
    scores: Mapping[Key, Mapping[int, float]]
    by: str
    of: str
    values: Mapping[Key, float] = field(default_factory=dict)
    runs: str = "seed"


def members_in_words(bests: Bests, wording: Wording) -> str:
    """Name the configurations that may be the best: one by one, as a range, or counted where they are many."""
    members, compared = bests.members, bests.compared
    named = joined([wording.names[key] for key in members])
    if len(members) == len(compared):
        return named if len(members) == 2 else f"all {len(members)} {wording.of}"  # noqa: PLR2004 -- a pair is named
    span = _span(bests, wording) or (str(len(members)) if len(members) > MAX_NAMED else named)
    return f"{span} of the {len(compared)} {wording.of}"


def _span(bests: Bests, wording: Wording) -> str:
    """Name the members as a range; empty unless they are neighbours."""
    names, ordered = (
        wording.names,
        sorted(wording.values, key=wording.values.__getitem__),
    )  # one without a score interrupts a range
    places = [place for place, key in enumerate(ordered) if key in bests.members]
    if not MAX_VALUES_NAMED < len(bests.members) == len(places) or places[-1] - places[0] != len(places) - 1:
        return ""
    return f"the {len(places)} values from {names[ordered[places[0]]]} to {names[ordered[places[-1]]]}"


def choice_sentence(bests: Bests, best_set: BestSet, wording: Wording, where: str = "") -> str:
    """Write which configurations may be the best, by what method, and which has the highest mean.

    Args:
        bests: the set; of two compared configurations at least.
        best_set: the comparisons behind it.
        wording: what its parts are called.
        where: opens the sentence, such as ``On fresh seeds``.

    """
    names, method = wording.names, method_in_words(best_set)
    opening = f"{where}, " if where else ""
    if bests.winner is None:
        who, highest = members_in_words(bests, wording), _highest(bests, best_set, wording)
        none = f"{opening}there is no single winner" if where else "No single winner"
        return f"{none}: {who} may each be the best by {wording.by} ({method}); {highest}."
    others = names[bests.ruled_out[0]] if len(bests.ruled_out) == 1 else f"the {len(bests.ruled_out)} others"
    mean = mean_in_words(wording.scores, bests.winner, wording.runs)
    sentence = f"{names[bests.winner]} is better than {others} by {wording.by}: mean {mean} ({method})"
    if bests.chosen is None or not bests.beaten_by_baselines:
        return f"{opening}{sentence}."
    return (
        f"{opening}{'the' if where else 'The'} baseline {sentence}. The choice is {_with_mean(bests.chosen, wording)}."
    )


def _with_mean(key: Key, wording: Wording) -> str:
    return f"{wording.names[key]} ({mean_in_words(wording.scores, key, wording.runs)})"


def _highest(bests: Bests, best_set: BestSet, wording: Wording) -> str:
    """Write which configuration has the highest mean, or which ones tie for it, and the choice if it is another."""
    adjusted = " adjusted for the seeds" if best_set.adjusted else ""
    mean = mean_in_words(wording.scores, bests.tied[0], wording.runs)
    if len(bests.tied) > 1:
        text = f"{listed(bests.tied, wording.names)} tie for the highest mean{adjusted} ({mean})"
    else:
        text = f"{wording.names[bests.tied[0]]} has the highest mean{adjusted} ({mean})"
    if bests.chosen is None:
        return text
    if bests.chosen in bests.tied:
        return f"{text}; the choice is {wording.names[bests.chosen]}" if len(bests.tied) > 1 else text
    return f"{text}, {_not_chosen(bests, wording)}; the choice is {_with_mean(bests.chosen, wording)}"


def _not_chosen(bests: Bests, wording: Wording) -> str:
    """Write why what has the highest mean is not the choice."""
    others = [key for key in bests.tied if key not in bests.baselines]
    if not others:
        return "and is a baseline" if len(bests.tied) == 1 else "and are baselines"
    most = max(len(wording.scores[key]) for key in bests.compared)
    few = "from a single run" if most == 2 else "from fewer than half as many runs as others"  # noqa: PLR2004 -- half of two
    return few if len(others) == len(bests.tied) else f"and are baselines or {few}"
