"""The configurations that may be the best, by Hsu's multiple comparisons with the best.

Each configuration i gets an interval for mu_i - max over j != i of mu_j. All intervals hold simultaneously with the
stated probability, so the set contains the truly best configuration with at least that probability, even though the
data decide which one looks best. Sources: Hsu 1981 (Annals of Statistics 9, 1026), Hsu 1984 (Annals of Statistics 12,
1136), and for means with unequal variances and covariances Hsu 1992 (J. Comput. Graph. Stat. 1, 151).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.blocks.unequal_spreads import unequal_spreads
from analysis.statistics.dunnett import one_sided
from analysis.statistics.intervals import LEVEL, check_level

if TYPE_CHECKING:
    from analysis.results.runs_table import Key
    from analysis.statistics.arrays import Floats
    from analysis.statistics.blocks.block_model import BlockModel

ROUNDING = 1e-6
EQUAL = 1e-12  # relative difference of means that is rounding error


def equal(first: float, second: float) -> bool:
    """Return whether two means differ by no more than rounding."""
    return math.isclose(first, second, rel_tol=EQUAL)


@dataclass(frozen=True)
class Contender:
    """A configuration, and its mean minus the best of the others, in the unit of the scores.

    The interval is constrained to ``low`` <= 0 <= ``high``, which makes it narrow. Without one, both ends are None.
    """

    key: Key
    mean: float
    n: int
    difference: float | None  # None if there is no other configuration
    low: float | None
    high: float | None

    @property
    def may_be_best(self) -> bool:
        """Whether it is not ruled out: its interval reaches above 0, or it has none."""
        return self.high is None or self.high > 0


@dataclass(frozen=True, eq=False)
class BestSet:
    """The compared configurations, and which of them may be the best.

    Attributes:
        candidates: the compared configurations, in the plan's order.
        level: of all intervals together.
        df: degrees of freedom of a difference; the least of all pairs where runs are missing.
        sd: residual standard deviation of the model, in the unit of the scores; None without spread: then there are no
            intervals, and nothing is ruled out.
        model: the means, and what they rest on.
        uneven: whether the intervals allow for unequal spreads.

    """

    candidates: tuple[Contender, ...]
    level: float
    df: float
    sd: float | None
    model: BlockModel
    uneven: bool

    @property
    def members(self) -> tuple[Key, ...]:
        """The configurations that may be the best, highest mean first."""
        possible = [candidate for candidate in self.candidates if candidate.may_be_best]
        return tuple(candidate.key for candidate in sorted(possible, key=lambda candidate: -candidate.mean))

    @property
    def adjusted(self) -> bool:
        """Whether runs are missing, so that the means are adjusted for the seeds."""
        return not self.model.complete

    def label(self) -> str:
        """Return a description of the intervals."""
        if self.sd is None:
            return self.facts()
        blocks = "seeds as random blocks, means adjusted for them," if self.adjusted else "seeds as blocks"
        return (
            f"{100 * self.level:g} % simultaneous intervals, Hsu's comparisons with the best, {blocks} of an additive "
            f"model, {self.facts()}"
        )

    def facts(self) -> str:
        """Return what the intervals rest on: the variances, the degrees of freedom and the number of runs."""
        counts = [candidate.n for candidate in self.candidates]
        runs = f"n = {min(counts)}" if min(counts) == max(counts) else f"n = {min(counts)} to {max(counts)}"
        if self.sd is None:
            return f"no interval: {'one run each' if max(counts) == 1 else 'no spread seen'}, {runs}"
        spread = "allowing for unequal spreads" if self.uneven else "one variance for all configurations"
        return f"{spread}, {'at least ' if self.adjusted else ''}{self.df:.0f} degrees of freedom, {runs}"


def best_set(model: BlockModel, level: float = LEVEL) -> BestSet:
    """Compare every configuration with the best of the others, with seeds as blocks.

    The allowance between i and j is d_i times the standard error of their difference, where d_i is Dunnett's critical
    value for comparisons with i. Where runs are missing, d_i is computed from the effective sample sizes of ``_shares``
    and the least degrees of freedom of i's differences.

    Configurations may scatter unequally. Where at least three have five runs, every allowance is therefore the larger
    of this one and that by the two configurations' own variances, with Welch's degrees of freedom. With 7
    configurations of equal mean and 12 seeds, the 95 % set then contains a given one in 97 % of 1,500 simulated studies
    if all scatter equally, and in 96 % if that one scatters twice or three times as much as the others; with 9 and 5
    seeds in 98, 97 and 96 % of 700. With one variance for all it would be 95, 89 and 86 %, and 95, 88 and 85 %. The
    price: of 9 configurations that lie 0.4 standard deviations apart, the set holds 3.2 instead of 3.0 with 12 seeds,
    and 5.4 instead of 4.4 with 5.

    Args:
        model: the fitted means; a higher one is better.
        level: probability in (0, 1) with which all intervals hold simultaneously.

    Raises:
        ValueError: the level is outside (0, 1).

    """
    check_level(level)
    count = len(model.keys)
    sd = None if model.variance is None else math.sqrt(model.variance)
    spread = unequal_spreads(model) if count > 1 else None
    own = spread.variances if spread is not None else None
    differences: list[float | None] = [None]
    ends: list[tuple[float | None, float | None]] = [(None, None)] * count
    if count > 1:
        others = np.array([np.delete(model.means, i).max() for i in range(count)])
        differences = (model.means - others).tolist()
        if sd is not None:
            ends = _constrained(model, Allowances(model, own, level))
    candidates = tuple(
        Contender(key, float(mean), int(n), difference, low, high)
        for key, mean, n, difference, (low, high) in zip(
            model.keys, model.means, model.counts, differences, ends, strict=True
        )
    )
    return BestSet(candidates, level, model.df, sd, model, own is not None)


class Allowances:
    """By how much the mean of j must exceed that of i to rule i out."""

    def __init__(self, model: BlockModel, own: Floats | None, level: float) -> None:
        """Prepare the comparisons of a model that has a variance; ``own``: the configurations' variances, if used."""
        self._model, self._own, self._level = model, own, level
        self._shares = _shares(model)

    def of(self, i: int) -> Floats:
        """Return the allowance of configuration i against every j; shape (K,)."""
        model = self._model
        variances, df = model.differences_from(i)
        allowance = self._critical(self._shares, i, float(np.delete(df, i).min())) * np.sqrt(variances)
        if self._own is None or model.variance is None:
            return np.asarray(allowance)
        parts = self._shares * self._own
        scaled = variances / model.variance * (parts[i] + parts) / (self._shares[i] + self._shares)
        per_df = parts**2 / np.maximum(1, model.counts - 1)
        welch = np.delete((parts[i] + parts) ** 2 / (per_df[i] + per_df), i)
        least = max(1.0, float(welch.min()))
        return np.asarray(np.maximum(allowance, self._critical(parts, i, least) * np.sqrt(scaled)))

    def _critical(self, shares: Floats, i: int, df: float) -> float:
        """Return Dunnett's critical value for comparisons with i; the variances of the means are as the shares.

        All correlations are replaced by their mean, which is close and errs to the safe side (Hochberg and Tamhane
        1987, Multiple Comparison Procedures, p. 146); both arguments are rounded down, so that few values are computed.
        """
        loadings = np.sqrt(np.delete(shares[i] / (shares[i] + shares), i))
        others = len(loadings)
        pairs = others * (others - 1)
        mean = (loadings.sum() ** 2 - (loadings**2).sum()) / pairs if pairs else 0.5
        return one_sided(others, math.floor(df), self._level, math.floor(100 * mean + ROUNDING) / 100)


def _shares(model: BlockModel) -> Floats:
    """Return a_i with variance(i - j) / v close to a_i + a_j, by least squares; shape (K,).

    1 / a_i is the effective sample size of i. With it, the differences from a control have Dunnett's correlations.
    """
    count, variance = len(model.keys), model.variance or 1.0
    if model.complete:
        return np.full(count, 1 / model.seeds)
    if count == 2:  # noqa: PLR2004 -- one difference alone
        return np.full(2, model.differences_from(0)[0][1] / variance / 2)
    sums = np.array([float(np.delete(model.differences_from(i)[0], i).sum()) for i in range(count)]) / variance
    shares = (sums - sums.sum() / (2 * (count - 1))) / (count - 2)
    return np.asarray(np.maximum(shares, 0.01 * shares.max()))


def _constrained(model: BlockModel, allowances: Allowances) -> list[tuple[float | None, float | None]]:
    """Return the constrained interval of each configuration (Hsu 1984).

    The upper end is the positive part of the minimum of gap + allowance. The lower end is the minimum of the negative
    parts of gap - allowance over the others whose upper end is above 0, with the other's allowance; without such
    others, it is 0. A configuration with a single run rules out no other one where others have several: one run does
    not show whether it is an outlier.
    """
    means, count = model.means, len(model.keys)
    rules_out = (model.counts > 1) | (model.counts.max() == 1)
    highs: list[float | None] = []
    for i in range(count):
        others = rules_out & (np.arange(count) != i)
        ends = (means[i] - means + allowances.of(i))[others]
        highs.append(max(0.0, float(ends.min())) if ends.size else None)
    lows = np.zeros(count)
    for j, high in enumerate(highs):
        if high is None or high > 0:
            lower = np.minimum(0.0, means - means[j] - allowances.of(j))
            lower[j] = 0.0
            lows = np.minimum(lows, lower)
    return [(None if high is None else float(low), high) for low, high in zip(lows, highs, strict=True)]
