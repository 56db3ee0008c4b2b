"""The paper's claims on T as checks against a study's own runs: which T is the best, and which do not converge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import stats

from analysis.findings.paper.claims import Answer, Check, Claim, Estimate
from analysis.findings.paper.paper_runs import ABSENT
from analysis.results.runs_table import Key
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.collapse import collapse_rate
from analysis.statistics.hsu import best_set
from analysis.statistics.intervals import LEVEL
from trainables import numerals
from trainables.naming import number
from trainables.numerals import fixed

if TYPE_CHECKING:
    from analysis.findings.paper.paper_runs import PaperRuns
    from trainables.records import Record

MOST = 0.5  # "does not converge" is a claim on most runs


@dataclass(frozen=True, kw_only=True)
class BestTemperatureClaim(Claim):
    """One T is the best; as its mean minus that of the best other T, in points, by Hsu's comparisons."""

    temperature: float

    def measure(self, runs: PaperRuns) -> Estimate | str:
        """Return Hsu's interval of this T minus the best other one, on test accuracy."""
        if self.temperature not in runs.temperatures or len(runs.temperatures) < 2:  # noqa: PLR2004 -- a comparison takes two
            return f"{ABSENT}: T = {number(self.temperature)} beside other values, with test accuracies"
        scores = {_key(t): by_seed for t, by_seed in runs.temperatures.items()}
        model = block_model(scores)
        if model is None:
            return "no test accuracy"
        best = best_set(model)
        contender = best.candidates[model.keys.index(_key(self.temperature))]
        low, high = (None if end is None else 100 * end for end in (contender.low, contender.high))
        members = ", ".join(number(t) for t in runs.temperatures if _key(t) in best.members)
        return Estimate(
            100 * (contender.difference or 0.0), low, high, contender.n, detail=f"may be the best: T = {members}"
        )

    def check(self, runs: PaperRuns) -> Check:
        """Compare the claim with test accuracies; without them, with the T that may be the best by validation."""
        check = super().check(runs)
        possible = [t for t, may_be_best in runs.possible_bests.items() if may_be_best]
        if check.answer != "not tested" or self.temperature not in runs.possible_bests:
            return check
        alone = possible == [self.temperature]
        answer: Answer = "holds" if alone else "open" if self.temperature in possible else "contradicted"
        level = f"{100 * runs.explored.level:g} %" if runs.explored else ""
        return Check(
            self, answer, why=f"may be the best by validation ({level}): T = {', '.join(map(number, possible))}"
        )

    def published(self) -> str:
        """Return the best T, of which no interval is printed."""
        return f"T = {number(self.temperature)}"

    def write(self, estimate: Estimate) -> str:
        """Return ``+0.2 points (-0.1 to +0.5) against the best other T``."""
        ends = ""
        if estimate.low is not None and estimate.high is not None:
            ends = f" ({numerals.ends(estimate.low, estimate.high, sign='+')})"
        return f"{fixed(estimate.value, sign='+')} points{ends} against the best other T"

    def answer(self, low: float, high: float) -> Answer:
        """Return whether this T alone may be the best, is ruled out, or neither; Hsu's interval ends at 0 then."""
        return "holds" if low >= 0 else "contradicted" if high <= 0 else "open"


@dataclass(frozen=True, kw_only=True)
class ConvergenceClaim(Claim):
    """Runs up to some T do not converge; as the share of runs that diverge or end at the level of guessing."""

    most: float  # the largest T

    def measure(self, runs: PaperRuns) -> Estimate | str:
        """Return the share with Jeffreys' interval."""
        outcomes = runs.outcomes(self.most)
        diverged = int((outcomes["status"] == "diverged").sum())
        complete = outcomes[outcomes["status"] == "complete"]["run_id"].unique()
        classes = len(runs.results.plan.dataset.classes)
        judged = [guesses(runs.results.records[run_id], classes) for run_id in complete]
        if not diverged + len(judged):
            return ABSENT
        if None in judged:
            return "runs without a test accuracy"
        guessing = judged.count(True)
        rate = collapse_rate(diverged + guessing, diverged + len(judged))
        detail = f"{diverged} diverged, {guessing} at the level of guessing"
        return Estimate(rate.k / rate.n, rate.low, rate.high, rate.n, detail=detail)

    def published(self) -> str:
        """Return up to which T; no count of runs is printed."""
        return f"T up to {number(self.most)}"

    def write(self, estimate: Estimate) -> str:
        """Return ``100 % of runs (78 to 100 %)``."""
        ends = "" if estimate.low is None else f" ({100 * estimate.low:.0f} to {100 * (estimate.high or 0):.0f} %)"
        return f"{100 * estimate.value:.0f} % of runs{ends}"

    def answer(self, low: float, high: float) -> Answer:
        """Return whether most runs, or few, do not converge."""
        return super().answer(low - MOST, high - MOST)


def guesses(record: Record, classes: int) -> bool | None:
    """Return whether a run is no better than guessing: one class for every clip, or an accuracy that luck explains.

    Luck explains an accuracy that the one-sided binomial test against 1 / classes does not reject at 5 %.

    Returns:
        None without a test accuracy.

    """
    if record.test is None:
        return None
    clips = len(record.test.predictions)
    most_by_luck = float(stats.binom.isf(1 - LEVEL, clips, 1 / classes)) / clips
    return len(set(record.test.predictions)) == 1 or record.test.accuracy <= most_by_luck


def _key(temperature: float) -> Key:
    return Key("adaptive", f"T={number(temperature)}", "all")
