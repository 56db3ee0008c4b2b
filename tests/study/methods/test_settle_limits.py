"""Settle at its cap, and with candidates that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from settling import CCE_ARM, candidates, easy, explored, noisy, play, seeds, settle

if TYPE_CHECKING:
    from trainables.plans import PlannedRun


@pytest.mark.parametrize(
    "limits", [{"max_runs": 13}, {"exploring_budget": 13}, {"max_runs": 50, "exploring_budget": 13}]
)
def test_at_the_cap_it_chooses_and_says_that_it_is_unsettled(limits: dict[str, int]) -> None:
    method = settle(within=0.01, **limits)
    assert len(explored(play(method, workers=4))) == 13
    assert "unsettled" in method.standing()


def test_the_cap_holds_below_the_start_as_well() -> None:
    assert len(explored(play(settle(exploring_budget=3)))) == 3


def test_without_a_cap_it_is_twenty_runs_for_each_candidate() -> None:
    def equal(planned: PlannedRun) -> float:
        return 0.7 + float(np.random.default_rng([planned.run.seed, 3]).normal(0, 0.05))

    assert len(explored(play(settle(within=0.01, candidates=candidates()[:2]), equal))) == 40


def test_a_candidate_that_diverges_twice_is_out() -> None:
    def fails(planned: PlannedRun) -> float | None:
        return None if planned.varied.get("temperature") == 1e4 else noisy(planned)

    method = settle()
    runs = play(method, fails)
    assert [pair for pair in seeds(runs) if pair[0] == 1e4] == [(1e4, 0), (1e4, 1)]
    assert method.chosen != candidates()[2]


def test_a_candidate_that_is_out_is_not_started_again() -> None:
    def fails(planned: PlannedRun) -> float | None:
        return None if planned.varied.get("temperature") == 1e2 else noisy(planned)

    runs = play(settle(start_seeds=5), fails)
    assert sum(pair[0] == 1e2 for pair in seeds(runs)) == 2


def test_one_failure_costs_a_candidate_nothing() -> None:
    def fails(planned: PlannedRun) -> float | None:
        return None if (planned.varied["temperature"], planned.run.seed) == (1e4, 0) else easy(planned)

    method = settle()
    play(method, fails)
    assert method.chosen == candidates()[2]


def test_when_every_candidate_fails_it_is_done_without_a_choice() -> None:
    method = settle(baselines=[CCE_ARM])
    assert len(play(method, lambda _: None)) == 8
    assert method.chosen is None
    assert method.most_left() == 0
    assert method.standing() == "every one of 4 configurations failed too often"
