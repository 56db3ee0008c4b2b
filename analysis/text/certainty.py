"""How sure a study's answer is, in words: what the tile of that name states."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from analysis.findings.method_finding import GridFinding, SearchFinding, SettleFinding
from analysis.results.runs_table import complete_runs
from analysis.text.phrases import chance, expected_regret, joined, selected_words
from trainables.naming import counted_points
from trainables.numerals import percent

if TYPE_CHECKING:
    from analysis.findings.finding import Finding
    from analysis.findings.method_finding import MethodFinding
    from analysis.findings.possible_bests import Bests


def stands(finding: Finding) -> bool:
    """Return whether further runs of the study cannot change its choice."""
    return finding.results.ended or (isinstance(finding, SettleFinding) and finding.explored_to_the_end)


def certainty(finding: MethodFinding) -> tuple[str, str]:
    """Return how sure the answer is in a word or two, and what that means; empty where nothing is compared."""
    if complete_runs(finding.results.runs).empty:
        return "", ""
    match finding:
        case GridFinding():
            return _of_grid(finding)
        case SettleFinding():
            return _of_settle(finding)
        case SearchFinding():
            return _of_search(finding)
    assert_never(finding)


def _of_grid(finding: GridFinding) -> tuple[str, str]:
    sets = [bests for subset in finding.subsets if (bests := finding.bests(subset)) and len(bests.compared) > 1]
    if len(sets) > 1:
        won, total = sum(bests.winner is not None for bests in sets), len(sets)
        level = f"{percent(sets[0].level)} on each" if finding.results.ended else "so far"
        word = "Clear" if won == total else "Undecided" if not won else "Partly clear"
        have = "has" if won == 1 else "have"
        return word, f"{won} of {total} subsets {have} a single best configuration ({level})"
    bests = finding.bests()
    return ("", "") if bests is None or len(bests.compared) == 1 else _of_comparison(finding, bests)


def _of_comparison(finding: MethodFinding, bests: Bests) -> tuple[str, str]:
    """Return whether one of several compared configurations is the best, else how many may be."""
    later = "" if finding.results.ended else " so far"
    if not bests.decided:
        return f"Undecided{later}", "the runs are too few, or show no spread: nothing is ruled out"
    word = "Not final" if later else "Clear"  # what is clear now may change with the runs to come
    holds = f"({percent(bests.level)}, all comparisons together)"
    if later:
        holds = f"so far; {percent(bests.level)} holds at the study's end only"
    if bests.beaten_by_baselines:
        return word, f"{_baselines(bests)} better than the choice {holds}"
    if bests.winner is not None:
        others = len(bests.ruled_out)
        rest = "the other" if others == 1 else f"the {others} others"
        return word, f"better than {rest} in {selected_words(bests.metric)} {holds}"
    members, compared = len(bests.members), len(bests.compared)
    count = f"{members} of {compared}" if members < compared else f"each of the {compared}"
    return f"Undecided{later}", f"{count} may be the best {holds}"


def _baselines(bests: Bests) -> str:
    """Name the baselines that rule the choice out, with their verb."""
    return f"{joined([key.configuration for key in bests.members])} {'is' if len(bests.members) == 1 else 'are'}"


def _of_settle(finding: SettleFinding) -> tuple[str, str]:
    standing, settled, bests = finding.settled.standing, finding.settled, finding.bests()
    if standing is None:
        return "", ""
    if bests is not None and bests.beaten_by_baselines:
        return _of_comparison(finding, bests)
    goal = settled.goal
    probability = f"with probability {chance(standing.confidence)}"
    within = f"within {counted_points(goal.within)} of the best"
    needed = "" if settled.rule else f" ({goal.probability:.4g} needed)"
    if not stands(finding):
        return "Not settled yet", f"so far {probability}{needed} {within}"
    match settled.rule:
        case "confidence":
            return "Settled", f"{probability} {within}"
        case "regret":
            return "Settled", f"{probability} {within}; expected regret {expected_regret(standing.regret)}"
        case None:
            return "Not settled", f"{probability}{needed} {within}"
    assert_never(settled.rule)


def _of_search(finding: SearchFinding) -> tuple[str, str]:
    bests, tried = finding.bests(), len(finding.tried)
    if not finding.leading:
        return "", ""
    if bests is None:
        return "Not confirmed", f"the best of {tried} tried, by the runs that chose it"
    if len(bests.compared) == 1:
        return "Confirmed", f"on fresh seeds, alone of {tried} tried: compared with nothing"
    word, detail = _of_comparison(finding, bests)
    return word, f"{detail}; confirmed on fresh seeds, of {tried} tried"
