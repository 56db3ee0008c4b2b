"""The ratio of two spreads over seeds: its jackknife, what it cancels, and how often its interval covers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.statistics.spread import log_spread_ratio


def samples(rng: np.random.Generator, pairs: int, seeds: int, shared: float, ratio: float = 1.0) -> list:
    """Return pairs of normal samples whose spreads have a ratio; ``shared`` is their correlation."""
    made = []
    for _ in range(pairs):
        common = rng.normal(size=seeds)
        first, second = math.sqrt(shared) * common + math.sqrt(1 - shared) * rng.normal(size=(2, seeds))
        made.append((dict(enumerate(ratio * first)), dict(enumerate(second))))
    return made


def test_it_is_the_jackknife_of_the_mean_log_ratio() -> None:
    pairs = samples(np.random.default_rng(3), 3, 6, 0.5)

    def mean_log_ratio(seeds: list[int]) -> float:
        logs = [np.log(np.std([s[i] for i in seeds], ddof=1)) for pair in pairs for s in pair]
        return float(np.mean(logs[::2]) - np.mean(logs[1::2]))

    every = list(range(6))
    pseudo = [6 * mean_log_ratio(every) - 5 * mean_log_ratio([i for i in every if i != j]) for j in every]
    ratio = log_spread_ratio(pairs)
    assert ratio is not None
    assert ratio.value == pytest.approx(np.mean(pseudo))
    assert ratio.error == pytest.approx(np.std(pseudo, ddof=1) / math.sqrt(6))
    assert ratio.df == 5


def test_only_seeds_that_all_samples_share_count() -> None:
    pairs = samples(np.random.default_rng(4), 2, 8, 0.0)
    fewer = [({i: s for i, s in first.items() if i != 2}, second) for first, second in pairs]
    cut = [tuple({i: s for i, s in side.items() if i != 2} for side in pair) for pair in pairs]
    assert log_spread_ratio(fewer) == log_spread_ratio(cut)


def test_scale_and_level_of_a_subset_do_not_matter() -> None:
    pairs = samples(np.random.default_rng(5), 2, 8, 0.0)
    moved = [tuple({i: 7 + 100 * s for i, s in side.items()} for side in pair) for pair in pairs]
    ratio, same = log_spread_ratio(pairs), log_spread_ratio(moved)
    assert ratio is not None
    assert same is not None
    assert (same.value, same.error) == pytest.approx((ratio.value, ratio.error))


def test_too_few_seeds_or_no_spread_have_no_ratio() -> None:
    pairs = samples(np.random.default_rng(6), 1, 4, 0.0)
    assert log_spread_ratio(pairs) is not None
    assert log_spread_ratio(samples(np.random.default_rng(6), 1, 3, 0.0)) is None
    assert log_spread_ratio([(pairs[0][0], dict.fromkeys(range(4), 0.5))]) is None
    assert log_spread_ratio([]) is None


@pytest.mark.parametrize(("pairs", "shared"), [(1, 0.7), (5, 0.0)])
@pytest.mark.slow
def test_its_interval_covers_about_as_often_as_it_states(pairs: int, shared: float) -> None:
    rng = np.random.default_rng(7)
    ratios = [log_spread_ratio(samples(rng, pairs, 12, shared, ratio=2.0)) for _ in range(600)]
    covered = [abs(r.value - math.log(2)) <= r.half_width() for r in ratios if r is not None]
    assert 0.92 < np.mean(covered) < 0.985
