"""The calibrated levels of ``guarantee: frequency``, checked by smaller simulations than those that set them."""

from __future__ import annotations

import numpy as np
import pytest
from calibration import explore
from families import WITHIN
from families import world as simulated
from guarantee_levels import OUTSIDE, Look, all_near, half_near, looks, needed, settled_wrongly, world

from analysis.statistics.best_arm.guarantee import calibrated_level


def study(*probabilities: float, wrong: bool) -> list[Look]:
    return [Look(probability, wrong) for probability in probabilities]


def test_the_near_values_are_wrong_choices_and_the_others_far_behind() -> None:
    assert half_near(5, 0.9) == pytest.approx([0, OUTSIDE * WITHIN, OUTSIDE * WITHIN, 3.6, 3.6])
    assert all_near(3, 0.9) == pytest.approx([0, OUTSIDE * WITHIN, OUTSIDE * WITHIN])
    truth = world("half near", 5, 3.0, (1,)).truth
    assert sorted(truth.max() - truth) == pytest.approx(half_near(5, 0.9))


def test_a_study_settles_wrongly_if_its_first_look_at_the_level_is_wrong() -> None:
    studies = [study(0.9, 0.97, wrong=True), study(0.5, 0.99, wrong=False), study(0.5, wrong=True)]
    assert settled_wrongly(studies, 0.95) == pytest.approx(1 / 3)
    assert settled_wrongly(studies, 0.98) == 0


def test_the_level_needed_lets_no_more_studies_settle_wrongly_than_allowed() -> None:
    rng = np.random.default_rng(0)
    studies = [study(float(rng.uniform(0.9, 0.999)), wrong=bool(rng.random() < 0.4)) for _ in range(200)]
    level = needed(studies, 0.9)
    assert settled_wrongly(studies, level) <= 0.1
    assert any(settled_wrongly(studies, level - step / 4000) > 0.1 for step in (1, 2))


@pytest.mark.slow
def test_few_studies_of_two_arms_settle_wrongly_at_the_calibrated_level() -> None:
    studies = [looks(world("half near", 2, 1.5, (9, n)), n) for n in range(60)]
    allowed = 0.1 + 3 * np.sqrt(0.1 * 0.9 / len(studies))
    assert settled_wrongly(studies, calibrated_level(0.9, 2)) <= allowed


@pytest.mark.slow
def test_a_frequency_guarantee_is_kept_with_five_unordered_arms() -> None:
    settings = {"guarantee": "frequency", "start_seeds": 5}
    studies = [explore("arms5", number, simulated("arms5", 8, number), WITHIN, **settings) for number in range(40)]
    wrong = sum(one.settled and not one.right for one in studies)
    assert wrong <= 5  # more than 5 of 40 have a probability of 0.01 if 5 % are wrong
