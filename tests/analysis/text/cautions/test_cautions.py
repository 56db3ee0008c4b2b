"""Cautions: each is said where it applies, and nothing is said where none does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

NOISE = (0.0, 0.002, -0.001, 0.001, -0.002, 0.0005)


def _sweep(study: Builder, means: dict[float, float], seeds: int = 6, test: dict[float, float] | None = None) -> None:
    for i, (temperature, mean) in enumerate(means.items()):
        for seed in range(seeds):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed,
                validation=mean + NOISE[(seed + i) % 6],
                test=(test or means)[temperature] + NOISE[(seed + 2 * i) % 6],
                varied={"temperature": temperature},
            )


def test_a_clear_inner_best_with_enough_seeds_needs_no_caution(study: Builder) -> None:
    _sweep(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.75})
    assert study.report().cautions == ()


def test_a_study_without_a_choice_has_no_cautions(study: Builder) -> None:
    assert study.report().cautions == ()
    study.add("cce", CCE(name="cce"), 0, status="failed")
    assert study.report().cautions == ()


def test_the_best_on_the_edge_is_said(study: Builder) -> None:
    _sweep(study, {100.0: 0.7, 1000.0: 0.75, 10000.0: 0.8})
    (found,) = study.report().cautions
    assert found == (
        "T = 10000 is the highest of the 3 values tried for adaptive: a higher one, which was not tried, may be better."
    )


def test_a_value_beyond_that_diverged_was_tried(study: Builder) -> None:
    _sweep(study, {100.0: 0.7, 1000.0: 0.75, 10000.0: 0.8})
    loss = AdaptiveGCE(name="adaptive_gce", temperature=1e5)
    study.add("adaptive", loss, 0, status="diverged", varied={"temperature": 1e5})
    assert study.report().cautions == ()


@pytest.mark.parametrize(("values", "said"), [((0.5, 0.7, 1.0), 0), ((0.5, 0.7, 0.9), 1), ((0.7, 0.9), 0)])
def test_the_end_of_what_a_loss_allows_is_no_edge(study: Builder, values: tuple[float, ...], said: int) -> None:
    for i, q in enumerate(values):
        for seed in range(6):
            accuracy = 0.7 + 0.05 * i + NOISE[(seed + i) % 6]
            study.add("gce", GCE(name="gce", q=q), seed, validation=accuracy, test=accuracy, varied={"q": q})
    found = study.report().cautions
    assert len(found) == said
    assert all("q = 0.9 is the highest" in text for text in found)


def test_no_effect_of_the_parameter_is_said_with_its_test(study: Builder) -> None:
    _sweep(study, {100.0: 0.7001, 1000.0: 0.7002, 10000.0: 0.70})
    (found,) = [text for text in study.report().cautions if "No effect" in text]
    assert re.fullmatch(
        r"No effect of T on validation accuracy was detected for adaptive \(3 values, 6 seeds; F test, p = 0\.\d+\): "
        "which value is best is unknown, and T may still matter.",
        found,
    )


def test_few_seeds_are_said(study: Builder) -> None:
    _sweep(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.75}, seeds=4)
    (found,) = study.report().cautions
    assert found.startswith("adaptive T=1000 rests on 4 seeds: with fewer than 5")


def test_a_choice_that_the_test_set_rules_out_is_said(study: Builder) -> None:
    means = {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.75}
    _sweep(study, means, test={100.0: 0.7, 1000.0: 0.71, 10000.0: 0.75})
    (found,) = study.report().cautions
    assert found.startswith("Validation and test disagree: adaptive T=1000 is chosen on validation, but on the test")
    assert "Hsu's comparisons with the best" in found


def test_a_class_that_is_never_predicted_is_said(study: Builder) -> None:
    study.classes = ["Rain", "Wind", "Snow"]
    _sweep(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.75})
    assert study.report().cautions == ("Snow is never predicted by any of the 18 tested runs (1 of 3 classes).",)


def test_classes_whose_names_hold_commas_do_not_run_together(study: Builder) -> None:
    study.classes = ["Rain", "Wind", "Vehicle horn, car horn, honking", "Snow and hail"]
    _sweep(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.75})
    (caution,) = study.report().cautions
    assert caution == (
        '"Vehicle horn, car horn, honking" and "Snow and hail" are never predicted by any of the 18 tested runs '
        "(2 of 4 classes)."
    )


def test_after_settling_the_choice_alone_is_looked_at(study: Builder) -> None:
    study.method = {"name": "settle", "within": 0.3, "confidence": 0.95, "max_runs": None, "baselines": []}
    for temperature, mean in ((100.0, 0.7), (1000.0, 0.75), (10000.0, 0.8)):
        for seed in range(3):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed,
                validation=mean + NOISE[seed],
                varied={"temperature": temperature},
                stage="explore",
            )
    (found,) = study.report().cautions
    assert found.startswith("T = 10000 is the highest of the 3 values tried for adaptive")


def test_uneven_spreads_are_said_where_the_set_of_bests_relies_on_one(study: Builder) -> None:
    """One value of six scatters ten times as much as the others."""
    scale = np.array([0.003, 0.003, 0.003, 0.003, 0.03, 0.003])
    noise = np.random.default_rng(3).normal(size=(6, 12)) * scale[:, None]
    for i, temperature in enumerate((100.0, 316.0, 1000.0, 3162.0, 10000.0, 31622.0)):
        for seed in range(12):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed,
                validation=(0.6, 0.7, 0.8, 0.75, 0.7, 0.65)[i] + float(noise[i, seed]),
                varied={"temperature": temperature},
            )
    (text,) = study.report().cautions
    assert text.startswith("Some configurations vary more over seeds than others (Brown and Forsythe's test, p")
    low, high = map(float, re.findall(r"deviations of ([0-9.]+) to ([0-9.]+) points", text)[0])
    assert low < 0.4
    assert high == pytest.approx(100 * noise[4].std(ddof=1), rel=0.1)


def test_the_lowest_learning_rate_tried_is_stated(study: Builder) -> None:
    study.learning_rates("cce", (1e-2, 3e-2, 1e-1), 6)
    assert any("lr = 0.01 is the lowest of the 3 values tried for cce" in text for text in study.report().cautions)
