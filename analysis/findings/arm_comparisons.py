"""Arms in pairs: everything that is known about a difference, computed once for texts, tables and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.statistics.pairs.outperformance import outperformance
from analysis.statistics.pairs.paired_tests import MARGIN, differences, equivalence, holm, p_value
from analysis.statistics.pairs.pooled_gap import pooled_gap
from analysis.statistics.pairs.power import seeds_to_separate
from analysis.statistics.pairs.practical_equivalence import practical_equivalence
from analysis.statistics.pairs.stochastic_order import almost_stochastic_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from analysis.results.runs_table import Key
    from analysis.statistics.pairs.outperformance import Outperformance
    from analysis.statistics.pairs.paired_tests import Equivalence, PairedTest
    from analysis.statistics.pairs.pooled_gap import PooledGap
    from analysis.statistics.pairs.practical_equivalence import PracticalEquivalence
    from analysis.statistics.pairs.stochastic_order import StochasticOrder
    from analysis.statistics.ranking import Scores
    from analysis.statistics.shared_luck import SharedLuck

RESAMPLING_SEED = 0  # of every bootstrap in a report


@dataclass(frozen=True)
class ArmComparison:
    """Two configurations, each the best of its arm on validation, on one subset; first minus second.

    Attributes:
        test: the mean difference with its t-interval, the paired t-test, Holm's p and the effect size.
        outperformance: how often the first scores higher with the same seed; None without a shared seed.
        practical: the probabilities of better, alike and worse; None without spread.
        equivalence: two one-sided tests; None without a shared seed.
        order: almost stochastic order; None with too few runs.
        more_seeds: that would show a difference of this size; None where that cannot be computed.

    """

    test: PairedTest
    outperformance: Outperformance | None
    practical: PracticalEquivalence | None
    equivalence: Equivalence | None
    order: StochasticOrder | None
    more_seeds: int | None

    @property
    def first(self) -> Key:
        """The first configuration."""
        return self.test.first

    @property
    def second(self) -> Key:
        """The second configuration."""
        return self.test.second

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-able data; null where a number is None."""
        test = self.test
        return {
            "subset": test.first.subset,
            "first": test.first.configuration,
            "second": test.second.configuration,
            "difference": _fields(test.interval),
            "p": test.p,
            "p_holm": test.adjusted,
            "effect_size": test.corrected,
            "first_scores_higher": _fields(self.outperformance),
            "practical": _fields(self.practical),
            "margin": MARGIN,
            "alike": None if self.equivalence is None else self.equivalence.shown,
            "stochastic_order": _fields(self.order),
            "more_seeds": self.more_seeds,
        }


def _fields(part: object) -> dict[str, Any] | None:
    return None if part is None else dict(vars(part))


def less_luck(
    scores: Scores, arms: Mapping[Key, Collection[Key]], lucks: Mapping[str, SharedLuck | None]
) -> dict[Key, dict[int, float]]:
    """Subtract from the scores of each arm's best the luck of having been chosen; those without scores are absent.

    Args:
        scores: configuration -> seed -> accuracy, a fraction.
        arms: the best configuration of each arm and subset -> all that it was chosen from.
        lucks: subset -> the luck that these accuracies share with the ones to choose by; None where it is not known.

    """
    corrected = {}
    for key, arm in arms.items():
        shared = lucks[key.subset]
        luck = shared.of_best(arm) if shared else 0.0
        corrected[key] = {seed: value - luck for seed, value in scores.get(key, {}).items()}
    return {key: by_seed for key, by_seed in corrected.items() if by_seed}


def arm_comparisons(scores: Scores, tests: Iterable[PairedTest]) -> tuple[ArmComparison, ...]:
    """Add to the tests of pairs of configurations what else is known about their difference.

    Args:
        scores: configuration -> seed -> accuracy, a fraction (``Finding.compared_scores``).
        tests: of these scores (``Finding.arm_tests``).

    """
    compared = []
    for test in tests:
        first, second = scores[test.first], scores[test.second]
        compared.append(
            ArmComparison(
                test,
                outperformance(first, second),
                practical_equivalence(first, second, MARGIN),
                equivalence(first, second, MARGIN),
                almost_stochastic_order([*first.values()], [*second.values()], RESAMPLING_SEED),
                seeds_to_separate(differences(first, second)) if test.interval else None,
            )
        )
    return tuple(compared)


@dataclass(frozen=True)
class PooledComparison:
    """Two arms on several subsets, first minus second.

    Attributes:
        first: an arm.
        second: another.
        gap: the difference pooled over the subsets, and the test of its interaction with them.
        p: p-value of the t-test of the pooled difference, adjusted by Holm; None without spread.

    """

    first: str
    second: str
    gap: PooledGap
    p: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-able data; null where a number is None."""
        return {
            "first": self.first,
            "second": self.second,
            "subsets": list(self.gap.subsets),
            "difference": _fields(self.gap.interval),
            "p_holm": self.p,
            "interaction": _fields(self.gap.interaction),
        }


def pooled_comparisons(scores: Scores, pairs: Iterable[tuple[Key, Key]]) -> tuple[PooledComparison, ...]:
    """Pool the differences of arms over the subsets that both have; arms on one subset are absent.

    Args:
        scores: configuration -> seed -> accuracy, a fraction.
        pairs: the configurations to compare on each subset.

    """
    by_arms: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
    for first, second in pairs:
        flipped = (second.arm, first.arm) in by_arms  # the order of two arms is that of the first subset
        one, other = (second, first) if flipped else (first, second)
        gaps = _gaps(scores.get(one, {}), scores.get(other, {}))
        if gaps:
            by_arms.setdefault((one.arm, other.arm), {})[first.subset] = gaps
    pooled = {arms: gap for arms, by_subset in by_arms.items() if (gap := pooled_gap(by_subset))}
    p_values = [p_value(gap.interval) for gap in pooled.values()]
    adjusted = holm([1.0 if p is None else p for p in p_values])
    return tuple(
        PooledComparison(*arms, gap, None if p is None else p_adjusted)
        for (arms, gap), p, p_adjusted in zip(pooled.items(), p_values, adjusted, strict=True)
    )


def _gaps(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    return {seed: first[seed] - second[seed] for seed in sorted(set(first) & set(second))}
