"""Claims of the paper's text as checks against a study's own runs: one class for each kind of claim.

Every check has a number with an interval of its own, which lies on the claim's side of a boundary (it holds), on the
other side (it is contradicted) or on both (it stays open).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scipy import special

from analysis.findings.paper import published
from analysis.findings.paper.paper_runs import ABSENT
from analysis.findings.paper.published_gaps import printed
from analysis.statistics.independent_means import KnownMean, difference, weighted_sum
from analysis.statistics.intervals import LEVEL, paired_difference, t_interval
from analysis.statistics.pairs.paired_tests import standard_error
from analysis.statistics.spread import log_spread_ratio
from trainables.numerals import fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.paper.paper_runs import PaperRuns
    from analysis.findings.paper.published import PublishedLoss
    from analysis.statistics.intervals import Interval
    from trainables.config import Subset

Answer = Literal["holds", "contradicted", "open", "not tested"]
MIN_SUBSETS_FOR_TREND = 3


@dataclass(frozen=True)
class Estimate:
    """Our number for a claim, in the claim's unit.

    Attributes:
        value: the estimate.
        low: lower end of its 95 % interval; None without one.
        high: upper end.
        n: number of runs or seeds behind it.
        mean: the estimate with its standard error, where the interval is Student's; else None.
        detail: what else our runs show; a clause.

    """

    value: float
    low: float | None
    high: float | None
    n: int
    mean: KnownMean | None = None
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """A claim beside our own number.

    Attributes:
        claim: the claim.
        answer: whether our runs support it.
        estimate: our number; None if the runs do not yield one.
        why: why it is not tested, or what answers it instead of a number; else empty.
        excess: our number minus the published one; None where they cannot be compared.

    """

    claim: Claim
    answer: Answer
    estimate: Estimate | None = None
    why: str = ""
    excess: KnownMean | None = None

    def ours(self) -> str:
        """Return our number with its interval and n, or why it is missing."""
        if self.estimate is None:
            return self.why
        detail = f"; {self.estimate.detail}" if self.estimate.detail else ""
        return f"{self.claim.write(self.estimate)} (n = {self.estimate.n}){detail}"


@dataclass(frozen=True)
class Claim(ABC):
    """A claim of the paper's text; ``note`` is what a reader must know about it."""

    text: str
    note: str = ""

    @abstractmethod
    def measure(self, runs: PaperRuns) -> Estimate | str:
        """Return our own number; or why our runs have none."""

    @abstractmethod
    def published(self) -> str:
        """Return the published number, with the interval that follows from the printed ones."""

    @abstractmethod
    def write(self, estimate: Estimate) -> str:
        """Return a number of this kind with its interval."""

    def answer(self, low: float, high: float) -> Answer:
        """Return whether an interval supports the claim that the number lies above 0."""
        return "holds" if low > 0 else "contradicted" if high < 0 else "open"

    def excess(self, estimate: Estimate) -> KnownMean | None:  # noqa: ARG002 -- kinds with a published size use it
        """Return our number minus the published one; None where they cannot be compared."""
        return None

    def check(self, runs: PaperRuns) -> Check:
        """Compare the claim with a study's own runs."""
        estimate = self.measure(runs)
        if isinstance(estimate, str):
            return Check(self, "not tested", why=estimate)
        if estimate.low is None or estimate.high is None:
            return Check(self, "not tested", estimate)
        return Check(self, self.answer(estimate.low, estimate.high), estimate, excess=self.excess(estimate))


@dataclass(frozen=True, kw_only=True)
class GapClaim(Claim):
    """One published mean lies above another; in points, paired by seed."""

    first: tuple[PublishedLoss, Subset]
    second: tuple[PublishedLoss, Subset]

    def measure(self, runs: PaperRuns) -> Estimate | str:
        """Return the t-interval of the difference paired by seed, in points."""
        for side in (self.first, self.second):
            if not runs.accuracies(*side):
                name = runs.name(*side)
                return name if name.startswith(ABSENT) else f"no tested run of {name}"
        gap = paired_difference(runs.accuracies(*self.first), runs.accuracies(*self.second))
        return "no tested seed in common" if gap is None else _in_points(gap)

    def gap(self) -> KnownMean:
        """Return the published gap in points, from the printed means and half widths.

        Raises:
            ValueError: a mean of the claim is not printed.

        """
        first, second = printed(*self.first), printed(*self.second)
        if first is None or second is None:
            msg = f"{self.text}: a mean is not printed"
            raise ValueError(msg)
        return difference(first, second)

    def published(self) -> str:
        """Return the gap of the printed means, with Welch's interval."""
        return points(self.gap().value, self.gap().half_width())

    def write(self, estimate: Estimate) -> str:
        """Return ``+4.7 ± 0.7 points``."""
        return points(estimate.value, None if estimate.mean is None else estimate.mean.half_width())

    def excess(self, estimate: Estimate) -> KnownMean | None:
        """Return our gap minus the published one, in points; if the paper paired its runs, the error is too large."""
        return None if estimate.mean is None else difference(estimate.mean, self.gap())


@dataclass(frozen=True, kw_only=True)
class TrendClaim(Claim):
    """Accuracy rises with the number of noisy clips; in points for each doubling of it."""

    loss: PublishedLoss
    subsets: tuple[Subset, ...]  # in ascending order of their noisy clips

    def measure(self, runs: PaperRuns) -> Estimate | str:
        """Return the t-interval over seeds of the slope of a straight line through the subsets of each seed."""
        tested = {subset: by_seed for subset in self.subsets if (by_seed := runs.accuracies(self.loss, subset))}
        if len(tested) < MIN_SUBSETS_FOR_TREND:
            return ABSENT if not tested else f"fewer than {MIN_SUBSETS_FOR_TREND} of its subsets are in this study"
        seeds = sorted(set.intersection(*map(set, tested.values())))
        if not seeds:
            return "no tested seed on all subsets"
        weights = _slope_weights(list(tested))
        slopes = [sum(w * tested[subset][seed] for w, subset in zip(weights, tested, strict=True)) for seed in seeds]
        return _in_points(t_interval(slopes))

    def published(self) -> str:
        """Return the slope through the legible printed means, as independent of one another."""
        means = {subset: mean for subset in self.subsets if (mean := printed(self.loss, subset)) is not None}
        slope = weighted_sum(_slope_weights(list(means)), list(means.values()))
        return f"{points(slope.value, slope.half_width())} per doubling, {len(means)} legible subsets"

    def write(self, estimate: Estimate) -> str:
        """Return ``+1.7 ± 0.4 points per doubling``."""
        half_width = None if estimate.mean is None else estimate.mean.half_width()
        return f"{points(estimate.value, half_width)} per doubling"


@dataclass(frozen=True, kw_only=True)
class SpreadClaim(Claim):
    """The runs of one loss scatter more than those of another; as the ratio of their standard deviations.

    The number is the logarithm of the ratio, averaged over the subsets, and is written as the ratio.
    """

    more: PublishedLoss
    less: PublishedLoss
    subsets: tuple[Subset, ...]

    def measure(self, runs: PaperRuns) -> Estimate | str:
        """Return the mean log ratio over the subsets that have both losses, with the jackknife's interval."""
        sides = [(runs.accuracies(self.more, subset), runs.accuracies(self.less, subset)) for subset in self.subsets]
        pairs = [(more, less) for more, less in sides if more and less]
        if not pairs:
            return ABSENT
        ratio = log_spread_ratio(pairs)
        if ratio is None:
            return "too few seeds in common, or no spread"
        return _student(ratio, round(ratio.df) + 1)

    def published(self) -> str:
        """Return the ratio of the printed half widths, as those of normal runs that are independent of one another.

        The logarithm of the standard deviation of n normal values has the variance trigamma((n - 1) / 2) / 4.
        """
        sides = [(printed(self.more, subset), printed(self.less, subset)) for subset in self.subsets]
        logs = [math.log(more.error / less.error) for more, less in sides if more and less]
        df = published.RUNS - 1
        error = math.sqrt(2 * float(special.polygamma(1, df / 2)) / 4 / len(logs))
        half_width = float(special.ndtri((1 + LEVEL) / 2)) * error
        value = sum(logs) / len(logs)
        return f"{_ratio(value, value - half_width, value + half_width)}, {len(logs)} legible subsets"

    def write(self, estimate: Estimate) -> str:
        """Return ``1.3 times (1.0 to 1.6)``."""
        return _ratio(estimate.value, estimate.low, estimate.high)


def _in_points(interval: Interval) -> Estimate:
    if interval.half_width is None:
        return Estimate(100 * interval.mean, None, None, interval.n)
    return _student(KnownMean(100 * interval.mean, 100 * standard_error(interval), interval.n - 1), interval.n)


def _student(mean: KnownMean, n: int) -> Estimate:
    half_width = mean.half_width()
    return Estimate(mean.value, mean.value - half_width, mean.value + half_width, n, mean)


def _slope_weights(subsets: Sequence[Subset]) -> list[float]:
    """Return the weights whose sum with accuracies is the least-squares slope over log2 of the noisy clips."""
    x = [math.log2(published.NOISY_CLIPS[subset]) for subset in subsets]
    mean = sum(x) / len(x)
    square = sum((value - mean) ** 2 for value in x)
    return [(value - mean) / square for value in x]


def points(value: float, half_width: float | None) -> str:
    """Write ``+4.7 ± 0.7 points``, or ``+4.7 points`` without an interval."""
    return f"{fixed(value, sign='+')}{'' if half_width is None else f' ± {fixed(half_width)}'} points"


def _ratio(value: float, low: float | None, high: float | None) -> str:
    """Write the ratio of which the logarithm is given: ``1.3 times (1.0 to 1.6)``."""
    ends = "" if low is None or high is None else f" ({math.exp(low):.2f} to {math.exp(high):.2f})"
    return f"{math.exp(value):.2f} times{ends}"
