"""Checks of published gaps against our own runs: whether the direction holds, and whether the size agrees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scipy import stats

from analysis.findings import published
from analysis.statistics.intervals import Interval
from analysis.statistics.paired_tests import standard_error

if TYPE_CHECKING:
    from analysis.findings.published import Claim

Direction = Literal["holds", "contradicted", "open"]


@dataclass(frozen=True)
class Check:
    """A published claim with our own paired gap.

    Attributes:
        claim: as published, in points.
        gap: ours, first minus second, as fractions.
        direction: ``holds`` when our interval lies wholly above 0, ``contradicted`` when wholly below, else ``open``.
        excess: our gap minus the published one, in points, with its interval; None where ours shows no spread, or a
            published number of the claim is missing.

    """

    claim: Claim
    gap: Interval
    direction: Direction
    excess: Interval | None

    def text(self) -> str:
        """Return one or two sentences: the direction by our runs, then the size beside the published one."""
        name = f"the published claim that {self.claim.text}"
        if self.gap.half_width is None:
            return f"Our runs do not test {name}: {self.gap.label()}."
        says = {"holds": "support", "contradicted": "contradict", "open": "neither support nor contradict"}
        ours = f"{100 * self.gap.mean:.1f} ± {100 * self.gap.half_width:.1f} points, {self.gap.label()}, paired by seed"
        first = f"Our runs {says[self.direction]} {name} ({ours})."
        if self.excess is None or self.excess.half_width is None:
            return first
        lies = "agrees with" if _contains_zero(self.excess) else "differs from"
        width = f"{self.excess.mean:+.1f} ± {self.excess.half_width:.1f}"
        return f"{first} Its size {lies} the published {self.claim.points:.1f} points (ours minus theirs {width})."


def check(claim: Claim, gap: Interval) -> Check:
    """Compare a published gap with ours.

    The published gap's standard error is that of two independent means, from their printed half widths as if those
    were t-intervals over 12 runs; whether the paper paired its runs is not known, and if it did, this is too wide. The
    two standard errors are added in squares, with Welch and Satterthwaite's degrees of freedom.

    Args:
        claim: a published claim.
        gap: our difference in the same order, as fractions, from ``intervals.paired_difference``.

    """
    if gap.low is None or gap.high is None:
        return Check(claim, gap, "open", None)
    direction: Direction = "holds" if gap.low > 0 else "contradicted" if gap.high < 0 else "open"
    return Check(claim, gap, direction, _excess(claim, gap))


def _excess(claim: Claim, gap: Interval) -> Interval | None:
    half_widths = _published(claim)
    if half_widths is None:
        return None
    quantile = float(stats.t.ppf((1 + published.LEVEL) / 2, published.RUNS - 1))
    parts = [(half_width / quantile, published.RUNS - 1) for half_width in half_widths]
    parts.append((100 * standard_error(gap), gap.n - 1))
    variance = sum(error**2 for error, _ in parts)
    df = variance**2 / sum(error**4 / error_df for error, error_df in parts)
    half = float(stats.t.ppf((1 + gap.level) / 2, df)) * math.sqrt(variance)
    mean = 100 * gap.mean - claim.points
    return Interval(mean, half, mean - half, mean + half, gap.n, gap.level, "Welch t")


def _published(claim: Claim) -> tuple[float, float] | None:
    """Return the half widths of both of a claim's published means, in points; None where one is missing."""
    half_widths = {(cell.loss, cell.subset): cell.half_width for cell in published.PUBLISHED}
    first, second = half_widths.get(claim.first), half_widths.get(claim.second)
    return None if first is None or second is None else (first, second)


def _contains_zero(interval: Interval) -> bool:
    return interval.low is not None and interval.high is not None and interval.low <= 0 <= interval.high
