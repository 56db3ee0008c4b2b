"""The simulated worlds have the truths and the scatter that their family states."""

from __future__ import annotations

import numpy as np
import pytest
from contenders import candidates
from families import CHANCE, CLIP_LUCK, FAMILIES, world
from repeats import Slice

SEEDS = 300


def scores(name: str, worlds: int = 1, seeds: int = SEEDS) -> tuple[np.ndarray, np.ndarray]:
    """Return scores minus truths (worlds, K, seeds), and the truths (worlds, K), in points."""
    off, truths = [], []
    for number in range(worlds):
        simulated = world(name, 7, number)
        planned = [[c.planned(seed, "d") for seed in range(seeds)] for c in candidates(simulated)]
        own = np.array([[simulated.score(run) for run in runs] for runs in planned])
        off.append(own - simulated.truth[:, None])
        truths.append(simulated.truth)
    return np.array(off), np.array(truths)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_world_is_drawn_again_from_the_same_numbers(name: str) -> None:
    first, second = world(name, 3, 1), world(name, 3, 1)
    run = candidates(first)[1].planned(4, "d")
    assert list(first.truth) == list(second.truth)
    assert first.score(run) == second.score(run)


def test_the_arms_have_no_order_and_lie_as_far_behind_as_stated() -> None:
    simulated = world("arms5", 0, 0)
    assert len({candidate.arm for candidate in candidates(simulated)}) == 5
    assert sorted(simulated.truth.max() - simulated.truth) == pytest.approx([0, 0.5, 1.2, 4.7, 6.0])


def test_values_with_an_order_belong_to_one_arm() -> None:
    assert {candidate.arm for candidate in candidates(world("unimodal", 0, 0))} == {"adaptive"}


@pytest.mark.parametrize("name", ["smooth", "seed_effect_0.5"])
def test_a_shared_part_of_the_seeds_leaves_their_spread_as_it_is(name: str) -> None:
    off, _ = scores(name)
    assert off.std() == pytest.approx(0.9, rel=0.1)


@pytest.mark.parametrize("shared", [0, 0.3, 0.5, 0.8])
@pytest.mark.slow
def test_seeds_share_the_stated_part_of_their_variance(shared: float) -> None:
    off, _ = scores(f"seed_effect_{shared:g}")
    correlation = np.corrcoef(off[0])
    assert correlation[np.triu_indices(9, 1)].mean() == pytest.approx(shared, abs=0.08)


@pytest.mark.slow
def test_clips_that_all_seeds_share_move_a_value_by_the_same_luck_at_every_seed() -> None:
    for split, seeds_average_it_out in (("fixed", False), ("per_seed", True)):
        off, _ = scores(f"clips_{split}", worlds=20, seeds=100)
        luck = off.mean(axis=2)  # of each value of each world, over 100 seeds
        expected = 0.01 * (0.81 + CLIP_LUCK**2) if seeds_average_it_out else 0.0081 + CLIP_LUCK**2
        assert luck.std() == pytest.approx(expected**0.5, rel=0.16)  # three standard errors of 180 values


def test_uneven_values_have_the_stated_spreads() -> None:
    off, _ = scores("het_lowT")
    assert off[0].std(axis=1) == pytest.approx([4, 3, 2, 1.2, 0.9, 0.9, 0.9, 0.9, 0.9], rel=0.15)


def test_the_best_value_is_the_noisiest_of_het_best() -> None:
    off, truths = scores("het_best")
    spread = off[0].std(axis=1)
    assert spread[truths[0].argmax()] == pytest.approx(2.0, rel=0.15)
    assert spread[truths[0].argmin()] == pytest.approx(0.4, rel=0.15)


@pytest.mark.slow
def test_one_run_in_twenty_collapses_to_chance() -> None:
    off, truths = scores("collapse5")
    accuracy = truths[..., None] + off
    assert (np.abs(accuracy - CHANCE) < 1e-9).mean() == pytest.approx(0.05, abs=0.02)


@pytest.mark.slow
def test_heavy_tails_have_the_same_spread_and_more_outliers() -> None:
    off, _ = scores("heavy_tails", worlds=3)
    assert off.std() == pytest.approx(0.9, rel=0.2)
    assert (np.abs(off) > 4 * 0.9).mean() > 0.003  # 0.00006 if normal


def test_a_slice_of_repeats_draws_its_own_repeats() -> None:
    repeats = [np.array([70.0, 71.0, 72.0]), np.array([60.0, 61.0, 65.0])]
    simulated = Slice("x", np.array([1.0, 2.0]), repeats, ordered=False).world((1,))
    for candidate, own in zip(candidates(simulated), repeats, strict=True):
        drawn = {round(simulated.score(candidate.planned(seed, "d")), 6) for seed in range(40)}
        assert drawn == set(own)
