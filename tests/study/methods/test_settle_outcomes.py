"""What settle does with seeds that its candidates share, with runs that collapse, and where nothing is left to gain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.statistics.best_arm.assessment import REGRET_RUNS, REGRET_SHARE, Explored, assess_explored
from analysis.statistics.best_arm.guarantee import Goal
from settling import TEMPERATURES, candidates, explored, noisy, play, seeds, settle
from trainables.plans import PlannedRun

Score = Callable[[PlannedRun], float]


def in_other_units(score: Score, unit: float) -> Score:
    """Return the score with every difference from 75 % multiplied."""
    return lambda planned: 0.5 + unit * (score(planned) - 0.75)


def shared(icc: float, study: int, sd: float = 0.009) -> Score:
    """Return noisy accuracies of which the seed's part is common to all candidates."""

    def score(planned: PlannedRun) -> float:
        place = TEMPERATURES.index(float(planned.varied["temperature"]))
        own = np.random.default_rng([study, planned.run.seed, place]).normal(0, sd)
        common = np.random.default_rng([study, planned.run.seed, 99]).normal(0, sd)
        return float(0.75 - (0.012, 0.004, 0, 0.006)[place] + np.sqrt(1 - icc) * own + np.sqrt(icc) * common)

    return score


@pytest.mark.parametrize("unit", [1 / 8, 8])
@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.slow
def test_results_and_tolerance_in_another_unit_lead_to_the_same_runs(unit: float, count: int) -> None:
    ours = play(settle(within=0.3, candidates=candidates()[:count]))
    others = play(settle(within=0.3 * unit, candidates=candidates()[:count]), in_other_units(noisy, unit))
    assert len(explored(ours)) > 2 * count
    assert seeds(others) == seeds(ours)


@pytest.mark.slow
def test_what_a_seed_gives_to_all_candidates_costs_no_runs() -> None:
    def cost(icc: float) -> float:
        return float(np.mean([len(explored(play(settle(confirm_seeds=2), shared(icc, i)))) for i in range(12)]))

    assert cost(0.9) < 0.7 * cost(0)


@pytest.mark.slow
def test_the_choice_is_as_good_whatever_part_of_the_noise_the_seeds_share() -> None:
    def right(icc: float) -> int:
        methods = [settle(confirm_seeds=2) for _ in range(12)]
        for i, method in enumerate(methods):
            play(method, shared(icc, i))
        return sum(method.chosen == candidates()[2] for method in methods)

    assert right(0.9) >= right(0) >= 10


def at_chance(planned: PlannedRun) -> float:
    """Return a good accuracy, but for one run of the best candidate, which stays at chance."""
    return 0.05 if (planned.varied["temperature"], planned.run.seed) == (1e4, 0) else shared(0, 0, 0.001)(planned)


def test_a_candidate_of_which_one_of_two_runs_collapsed_gets_the_next_run() -> None:
    runs = explored(play(settle(within=0.1), at_chance))
    assert seeds(runs)[8] == (1e4, 2)


def test_a_collapsed_run_is_set_aside_from_the_choice() -> None:
    method = settle(within=0.1)
    runs = play(method, at_chance)
    assert method.chosen == candidates()[2]
    assert len(explored(runs)) == 11  # one for the collapsed one, and six beyond one of each


def test_a_collapsed_run_counts_where_the_study_says_so() -> None:
    method = settle(within=0.1, collapse="counts", max_runs=12)
    play(method, at_chance)
    assert "unsettled" in method.standing()


def test_equal_candidates_end_by_their_expected_regret() -> None:
    def equal(planned: PlannedRun) -> float:
        place = TEMPERATURES.index(float(planned.varied["temperature"]))
        return 0.7 + float(np.random.default_rng([planned.run.seed, place]).normal(0, 0.009))

    method = settle(within=0.5, confidence=0.999, confirm_seeds=2)
    runs = explored(play(method, equal))
    assert REGRET_RUNS * 4 <= len(runs) < 80
    assert "expected regret 0." in method.standing()
    assert (method.confidence() or 1) < 0.999


def test_the_stopping_rule_is_the_confidence_first_and_a_small_regret_only_after_many_runs() -> None:
    rng = np.random.default_rng(1)

    def assessed(runs: int) -> Any:
        scores = [dict(enumerate(rng.normal(70, 0.3, runs).tolist())) for _ in range(3)]
        arms = {i: Explored(f"arm{i}", {}, scores[i]) for i in range(3)}
        return assess_explored(arms, 0.3, set_aside_collapses=True)

    few, many = assessed(REGRET_RUNS - 1), assessed(REGRET_RUNS)
    loose = 1.01 * max(few.regret, many.regret) / REGRET_SHARE
    assert few.stops(Goal(loose, 1)) is None
    assert many.stops(Goal(loose, 1)) == "regret"
    assert many.stops(Goal(loose, many.confidence)) == "confidence"
    assert many.stops(Goal(0.99 * many.regret / REGRET_SHARE, 1)) is None


def test_a_seed_that_the_rivals_have_had_tells_more_of_a_candidate() -> None:
    scores = {
        place: {seed: 100 * shared(0.95, 3)(candidates([t])[0].planned(seed, "f")) for seed in range(6)}
        for place, t in enumerate(TEMPERATURES)
    }
    del scores[1][5]
    found = assess_explored(
        {key: Explored(f"arm{key}", {}, by_seed) for key, by_seed in scores.items()}, 0.3, set_aside_collapses=True
    )
    assert found
    known, new = (found.posterior.narrowing(2, [6, seed, 6, 6])[1, 1] for seed in (5, 6))
    assert known > 1.5 * new
