"""A study's result in at most twelve words, and one sentence of advice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from analysis.findings.gaps_of_choice import gaps_of_choice
from analysis.findings.method_finding import GridFinding, MethodFinding, SearchFinding, SettleFinding
from analysis.results.runs_table import WAITING, complete_runs
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.pairs.paired_tests import differences
from analysis.statistics.pairs.power import seeds_to_separate
from analysis.text.phrases import chance, joined, selected_words, shortlist, sizes_in_points
from analysis.text.short_names import ShortNames
from trainables.naming import counted, counted_points
from trainables.numerals import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.findings.finding import Finding
    from analysis.findings.possible_bests import Bests
    from analysis.results.runs_table import Key

MAX_WORDS = 12
MAX_CHARACTERS = 110  # names are long sequences without blanks
MAX_BEHIND = 2  # arms whose distance is written
MAX_WORSE = 3  # configurations that are named as worse; more are counted
MAX_TIED = 4  # configurations that tie and are named although all do
MAX_PAIR = 50  # characters of the names of two configurations
MANY_SEEDS = 100  # a difference that takes more is not worth showing


@dataclass(frozen=True)
class Headline:
    """The result in at most ``MAX_WORDS`` words, and what to do; ``advice`` is empty if there is nothing to advise."""

    text: str
    advice: str = ""

    @property
    def line(self) -> str:
        """Both as one line."""
        return f"{self.text}. {self.advice}".rstrip()


def headline(finding: MethodFinding) -> Headline:
    """Return the headline of a study, by the set of configurations that may be the best."""
    if complete_runs(finding.results.runs).empty:
        yet = "" if finding.results.ended else " yet"
        advice = "The section on what was left out states why runs failed." if finding.results.ended else ""
        return Headline(f"No run is complete{yet}: there is nothing to choose from", advice)
    match finding:
        case GridFinding():
            return _of_subsets(finding) if len(_decided_subsets(finding)) > 1 else _of_grid(finding)
        case SettleFinding():
            return _of_settle(finding)
        case SearchFinding():
            return _of_search(finding)
    assert_never(finding)


def fitting(finding: Finding, variants: Sequence[str]) -> str:
    """Return the first variant that is short enough, else the last; it begins with ``So far`` until the study ends."""
    prefix = "" if finding.results.ended else "So far, "
    texts = [f"{prefix}{text[:1].lower()}{text[1:]}" if prefix else text for text in variants]  # names have no capitals
    short = (text for text in texts if len(text.split()) <= MAX_WORDS and len(text) <= MAX_CHARACTERS)
    return next(short, texts[-1])


def _advised(finding: Finding, advice: str) -> str:
    """Return the advice of a study that has ended; before, what leads may change."""
    if finding.results.ended:
        return advice
    if isinstance(finding, SettleFinding) and finding.explored_to_the_end:
        return "Exploring has ended, so this choice stands; fresh seeds are still to confirm it."
    waiting = int((finding.results.runs.drop_duplicates("run_id")["status"] == WAITING).sum())
    return (
        f"What leads may change: {counted(waiting, 'run')} still to be trained."
        if waiting
        else "What leads may change."
    )


def _of_grid(finding: GridFinding) -> Headline:
    bests = finding.bests()
    if bests is None:
        return Headline(fitting(finding, ["The complete runs have no accuracy to choose by"]))
    names = ShortNames(finding.plan, bests.compared)
    if len(bests.compared) == 1:
        variants = [f"{name} is the only configuration with complete runs" for name in names.variants(bests.members)]
        text = fitting(finding, [*variants, "Only one configuration has complete runs"])
        return Headline(text, _advised(finding, "Train another configuration to compare it with."))
    return _of_comparison(finding, bests, names, f"of {len(bests.compared)}")


def _of_comparison(finding: MethodFinding, bests: Bests, names: ShortNames, of: str) -> Headline:
    """Return the headline of configurations that were compared by Hsu's comparisons, without beaten choices."""
    count = len(bests.compared)
    lead = bests.members[0] if bests.chosen is None else bests.chosen
    if not bests.decided:
        return _undecided(finding, bests, names, lead)
    if bests.winner is not None:
        variants = [f"{name} is best {of}" for name in names.variants([bests.winner])]
        text = fitting(finding, [*variants, f"One configuration is best {of}"])
        advice = " ".join(
            filter(None, [f"Use {names.full([bests.winner])}.", _worse(bests, names), _behind(finding, bests)])
        )
        return Headline(text, _advised(finding, advice))
    return _tie(finding, bests, names, lead, count)


def _undecided(finding: Finding, bests: Bests, names: ShortNames, lead: Key) -> Headline:
    """Return the headline of runs that allow no interval: too few, or without any spread."""
    scores = finding.scores("selection")
    few = min(len(scores[key]) for key in bests.compared) < MIN_SEEDS
    why = "too few runs" if few else "runs show no spread"
    if len(bests.tied) > 1:
        variants = [f"Undecided: {name} tie" for name in names.variants(bests.tied)]
    else:
        variants = [f"Undecided: {name} leads{' on' if few else ', but'} {why}" for name in names.variants([lead])]
    advice = (
        f"Train at least {MIN_SEEDS} seeds of every configuration: these runs show too little to decide."
        if few
        else "Check the runs: they show no spread, which an interval rests on."
    )
    return Headline(fitting(finding, [*variants, f"Undecided: {why}"]), _advised(finding, advice))


def _tie(finding: MethodFinding, bests: Bests, names: ShortNames, lead: Key, count: int) -> Headline:
    if len(bests.members) == count > 2:  # noqa: PLR2004 -- a pair is named
        of = f" (of {len(finding.tried)} tried)" if isinstance(finding, SearchFinding) else ""
        confirmed = "confirmed " if of else ""
        by_arm = names.by_arm(bests.members) if count <= MAX_TIED else ""
        whole = [f"all {count} {confirmed}configurations", *filter(None, [by_arm])][::-1]
        variants = [f"No single winner: {name} tie{end}" for name in whole for end in dict.fromkeys((of, ""))]
    else:
        variants = [f"No single winner: {name} tie" for name in names.variants(bests.members)]
        variants.append(f"No single winner: {len(bests.members)} of {count} configurations tie")
    return Headline(
        fitting(finding, variants), _advised(finding, _tie_advice(finding, bests, names, names.full([lead])))
    )


def _tie_advice(finding: MethodFinding, bests: Bests, names: ShortNames, lead: str) -> str:
    scores = finding.scores("selection")
    gaps = differences(*(scores.get(key, {}) for key in bests.members[:2]))
    more = seeds_to_separate(gaps) if len(gaps) > 1 else None
    pair = joined([key.configuration for key in bests.members[:2]])
    two = pair if len(pair) <= MAX_PAIR else "the first two"
    separate = ""
    if more is not None and more > MANY_SEEDS:
        separate = f"Over {MANY_SEEDS} more seeds would be needed to separate {two}."
    elif more:
        separate = f"About {counted(more, 'more seed')} would separate {two}."
    pick = f"If you must pick one: {lead}."
    return " ".join(filter(None, [_worse(bests, names), pick, _behind(finding, bests), separate]))


def _worse(bests: Bests, names: ShortNames) -> str:
    """Name what is ruled out, or count it, by comparisons that hold together; empty if nothing is."""
    count = len(bests.ruled_out)
    if count == 0:
        return ""
    name = names.full(bests.ruled_out)
    short = count <= MAX_WORSE and len(name) <= MAX_CHARACTERS
    who = (name if short else f"The {count} others") if count > 1 else name if short else "One other"
    verb = "is" if count == 1 else "are"
    return f"{who} {verb} worse in {selected_words(bests.metric)} ({percent(bests.level)}, all comparisons together)."


def _behind(finding: MethodFinding, bests: Bests) -> str:
    """State by how much arms that validation rules out are clearly behind on test clips; empty if none is.

    An arm that is behind on test clips alone is not named here: that would be a choice by the test set.
    """
    standing = {key.arm for key in bests.members}
    out = [gap for gap in gaps_of_choice(finding) if gap.arm not in standing and gap.key not in finding.controls]
    behind = [gap for gap in out if gap.judgement == "better"][:MAX_BEHIND]
    if not behind:
        return ""
    sizes = sizes_in_points([gap.interval for gap in behind])
    return f"{joined([gap.arm for gap in behind])} {'is' if len(behind) == 1 else 'are'} {sizes} behind on test clips."


def _decided_subsets(finding: GridFinding) -> dict[str, Bests]:
    """Return the subsets on which configurations are compared."""
    found = {subset: finding.bests(subset) for subset in finding.subsets}
    return {subset: bests for subset, bests in found.items() if bests is not None and len(bests.compared) > 1}


def _of_subsets(finding: GridFinding) -> Headline:
    """Return the headline of a grid on several subsets: how many of them each configuration wins."""
    sets = _decided_subsets(finding)
    named = {subset: ShortNames(finding.plan, bests.compared) for subset, bests in sets.items()}
    winners = {subset: bests.winner for subset, bests in sets.items() if bests.winner is not None}
    total, won = len(sets), len(winners)
    if not winners:
        advice = "More seeds may show differences; until then use the pick of each subset."
        text = fitting(finding, [f"No single winner on any of {total} subsets"])
        return Headline(text, _advised(finding, advice))
    counts = Counter(named[subset].full([key]) for subset, key in winners.items())
    (name, most), *_ = counts.most_common()
    shown = next(subset for subset, key in winners.items() if named[subset].full([key]) == name)
    rest = "".join(
        [f", another on {won - most}" if won > most else "", f", undecided on {total - won}" if total > won else ""]
    )
    names = named[shown].variants([winners[shown]])
    variants = [f"{each} is best on all {total} subsets" for each in names] if most == total else []
    variants += [f"{each} is best on {most} of {total} subsets{rest}" for each in names]
    variants += [f"{each} is best on {most} of {total}{rest}" for each in names]
    text = fitting(finding, [*variants, f"Of {total} subsets, {won} {'has' if won == 1 else 'have'} a winner"])
    return Headline(text, _advised(finding, f"Use {name}." if most == total else _use_on(sets, named)))


def _use_on(sets: Mapping[str, Bests], named: Mapping[str, ShortNames]) -> str:
    """Name the subsets that each winner wins, and what ties on the others if the same do on each."""
    won: dict[str, list[str]] = {}
    for subset, bests in sets.items():
        if bests.winner is not None:
            won.setdefault(named[subset].full([bests.winner]), []).append(subset)
    places = [f"{name} on subset{'s' * (len(on) > 1)} {shortlist(on)}" for name, on in won.items()]
    tied = [named[subset].full(bests.members) for subset, bests in sets.items() if bests.winner is None]
    if not tied:
        return f"Use {joined(places)}."
    same = len(set(tied)) == 1 and len(tied[0]) <= MAX_CHARACTERS
    what = f"{tied[0]} tie" if same else "the pick is one of several that may be best"
    return f"Use {joined(places)}; on {'the other' if len(tied) == 1 else f'the {len(tied)} others'}, {what}."


def _of_settle(finding: SettleFinding) -> Headline:
    settled, standing = finding.settled, finding.settled.standing
    if standing is None:
        return Headline(fitting(finding, ["Every configuration failed too often to be chosen"]))
    names = ShortNames(finding.plan, standing.keys)
    chosen, full = list(names.variants([standing.chosen])), names.full([standing.chosen])
    bests = finding.bests()
    if bests is not None and bests.beaten_by_baselines:
        return _beaten(finding, bests, full)
    beside = [key.configuration for key in bests.members if key in bests.baselines] if bests else []
    also = f"; {joined(beside)} may be as good" if beside else ""
    within = counted_points(settled.goal.within)
    match settled.rule:
        case "confidence":
            variants = [f"{name} is within {within} of the best" for name in chosen]
            variants += [f"{name} is within {within} of best" for name in chosen]  # a word less, for "So far, "
            last, advice = f"The choice is within {within} of the best", f"Use {full}{also}."
        case "regret":
            variants = [f"{name} leads: more runs would hardly gain anything" for name in chosen]
            last, advice = (
                "More runs would hardly gain anything",
                f"Use {full}: no other is likely to be much better{also}.",
            )
        case None:
            variants = [f"Not settled: {name} leads with probability {chance(standing.confidence)}" for name in chosen]
            variants += [f"Not settled: {name} leads" for name in chosen]
            raised = "Raise the limit that ended it and run it again"
            last, advice = "Not settled", f"{raised}, or use {full} for now."
    return Headline(fitting(finding, [*variants, last]), _advised(finding, advice))


def _of_search(finding: SearchFinding) -> Headline:
    choice, bests, tried = finding.choice, finding.bests(), len(finding.tried)
    if choice is None or bests is None:
        leading = finding.leading
        if not leading:
            return Headline(fitting(finding, [f"None of {tried} tried configurations has an accuracy to choose by"]))
        leaders = list(ShortNames(finding.plan, list(finding.tried)).variants(leading))
        if len(leading) == 1:
            variants = [f"{name} leads {tried} tried, not confirmed" for name in leaders]
            variants.append(f"The best of {tried} tried is not confirmed")
        else:
            variants = [f"{name} tie, not confirmed" for name in leaders]
            variants.append(f"{len(leading)} of {tried} tried tie as best, not confirmed")
        text = fitting(finding, variants)
        return Headline(text, _advised(finding, "Run it again to confirm the best on fresh seeds."))
    names = ShortNames(finding.plan, bests.compared, finding.method.baselines)
    if bests.beaten_by_baselines:
        return _beaten(finding, bests, names.full([choice.key]))
    if len(bests.compared) == 1:
        rank = "the best" if finding.leading == (choice.key,) else "one of the best"
        variants = [f"{name} is confirmed, {rank} of {tried} tried" for name in names.variants([choice.key])]
        text = fitting(finding, [*variants, f"{rank.capitalize()} of {tried} tried is confirmed"])
        return Headline(text, _advised(finding, f"Use {names.full([choice.key])}."))
    return _of_comparison(finding, bests, names, f"of {len(bests.compared)} confirmed")


def _beaten(finding: Finding, bests: Bests, chosen: str) -> Headline:
    """Return the headline of a study whose choice is worse than a baseline."""
    better = joined([key.configuration for key in bests.members])
    what = "baseline" if len(bests.members) == 1 else "baselines"
    verb = "beats" if len(bests.members) == 1 else "beat"
    variants = [
        f"{better} ({what}) {verb} {chosen}",
        f"{better} ({what}) {verb} the choice",
        "The choice is worse than a baseline",
    ]
    return Headline(fitting(finding, variants), _advised(finding, f"Use {better}: the choice is worse."))
