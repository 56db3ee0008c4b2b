"""The probability at which exploring may stop: as asked for, or the calibrated level."""

from __future__ import annotations

import pytest

from analysis.statistics.best_arm.guarantee import LEVELS, VALUES, Goal, calibrated_level
from trainables.settings import MAX_GUARANTEED_CONFIDENCE, MAX_GUARANTEED_CONFIGURATIONS, Settle

CONFIDENCES = sorted(LEVELS)


def goal(guarantee: str, confidence: float = 0.9, configurations: int = 5) -> Goal:
    settings = {"name": "settle", "within": 0.5, "guarantee": guarantee, "confidence": confidence}
    return Goal.of(Settle.model_validate(settings), configurations)


def test_a_posterior_probability_suffices_by_default() -> None:
    settings = Settle(name="settle", confidence=0.9)
    assert settings.guarantee == "posterior"
    assert Goal.of(settings, 5) == goal("posterior")._replace(within=0.3)


def test_the_probability_asked_for_is_the_goal_of_a_posterior_guarantee() -> None:
    assert goal("posterior") == Goal(0.5, 0.9, small_regret_suffices=True)


def test_a_frequency_needs_the_calibrated_level_and_no_small_regret_will_do() -> None:
    assert goal("frequency") == Goal(0.5, calibrated_level(0.9, 5), small_regret_suffices=False)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_the_table_has_a_level_for_each_number_of_configurations(confidence: float) -> None:
    assert len(LEVELS[confidence]) == len(VALUES)
    levels = [calibrated_level(confidence, configurations) for configurations in VALUES]
    assert levels == pytest.approx(LEVELS[confidence], abs=2e-9)


@pytest.mark.parametrize("configurations", range(2, 10))
def test_a_level_grows_with_the_confidence_and_is_above_it(configurations: int) -> None:
    asked = [0.8, 0.85, 0.9, 0.925, 0.95]
    levels = [calibrated_level(confidence, configurations) for confidence in asked]
    assert levels == sorted(levels)
    assert len(set(levels)) == len(levels)
    assert all(level > confidence for level, confidence in zip(levels, asked, strict=True))


def test_a_level_between_two_entries_lies_between_them() -> None:
    low, high = sorted((calibrated_level(0.95, 5), calibrated_level(0.95, 9)))
    assert low <= calibrated_level(0.95, 7) <= high
    assert calibrated_level(0.9, 5) < calibrated_level(0.93, 5) < calibrated_level(0.95, 5)


def test_below_the_table_its_lowest_confidence_holds() -> None:
    assert calibrated_level(0.5, 5) == calibrated_level(min(LEVELS), 5)


def test_the_table_reaches_as_far_as_a_study_file_may_ask() -> None:
    assert max(LEVELS) == MAX_GUARANTEED_CONFIDENCE
    assert max(VALUES) == MAX_GUARANTEED_CONFIGURATIONS
