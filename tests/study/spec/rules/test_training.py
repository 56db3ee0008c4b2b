"""Rules of the training settings that a study or an arm fixes or leaves open: what breaks them is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from study_specs import CCE_ARM, GCE_ARM, RATE_RANGE, RATES, study
from trainables.settings import Search

if TYPE_CHECKING:
    from collections.abc import Callable


if TYPE_CHECKING:
    from collections.abc import Callable


HEAD = "name: s\ndataset: {kind: synthetic}\n"
ONE = HEAD + "arms: [{name: a, loss: {name: cce}, training: %s}]\nseeds: 2\n"
TWO = HEAD + "arms: [{name: a, loss: {name: cce}}, {name: b, loss: {name: gce}}]\n%s\ntraining: %s\n"
GRID = "seeds: 2"


@pytest.mark.parametrize(
    ("content", "place", "allowed"),
    [
        (
            TWO % (GRID, "{validation: {values: [0.1, 0.2]}}"),
            "5: training.validation: {values: [0.1, 0.2]}",
            "one value, for all arms: accuracies over different validation clips cannot be compared",
        ),
        (
            ONE % "{split: per_seed}",
            "3: arms[0].training.split: 'per_seed'",
            "only in the study's training, for all arms: accuracies over different validation clips cannot be compared",
        ),
        (
            TWO % (GRID, "{batch_size: {values: [32, 1]}}"),
            "5: training.batch_size.values[1]: 1",
            "a whole number in [2, 4096]",
        ),
        (
            TWO % (GRID, "{learning_rate: {min: 0.1, max: 1, scale: log}}"),
            "5: training.learning_rate: {min: 0.1, max: 1, scale: 'log'}",
            "a value or {values: [...]}: only method search samples a range",
        ),
        (
            TWO % ("method: {name: search, baselines: [b]}", "{l2: {min: 0.1, max: 1}}"),
            "3: arms[1].training.l2: missing",
            "a value or {values: [...]}: baseline b is confirmed, never sampled",
        ),
        (
            TWO % ("method: {name: search}", "{epochs: {values: [20, 40]}}"),
            "5: training.epochs: {values: [20, 40]}",
            "one number for all arms that are sampled, as asha compares runs; or asha: null",
        ),
        (
            TWO % (GRID, "{momentum: {values: [0.8, 0.9]}}"),
            "5: training.momentum: {values: [0.8, 0.9]}",
            "a value, or a separate arm with optimizer sgd: with any other optimizer it has no effect",
        ),
        (
            TWO % (GRID, "{schedule: cosine, stop_after: {values: [5, 9]}}"),
            "5: training.stop_after: {values: [5, 9]}",
            "a value, or a separate arm with schedule plateau: with any other schedule it has no effect",
        ),
        (
            TWO % (GRID, "{optimizer: adamw}"),
            "5: training.weight_decay: missing",
            "a number above 0 with optimizer adamw, which equals adam without it",
        ),
        (
            ONE % "{epochs: 2.5}",
            "3: arms[0].training.epochs: 2.5",
            "a whole number in [1, 10000], or {values: [...]}, or {min: ..., max: ...} with method search",
        ),
    ],
)
def test_a_broken_rule_of_the_training_is_refused(
    problems: Callable[[str | bytes], list[str]], content: str, place: str, allowed: str
) -> None:
    refused = place if place.endswith("missing") else f"{place} is not allowed"
    assert problems(content) == [f"figure3.yaml:{refused}; allowed: {allowed}"]


def test_a_setting_that_no_arm_can_have_is_refused_along_with_whatever_else_is_wrong(
    problems: Callable[[str | bytes], list[str]],
) -> None:
    training = "{split: per_seed, split_seed: 1, learning_rate: 3, epoch: 2}"
    places = [": ".join(problem.removeprefix("figure3.yaml:").split(": ")[:2]) for problem in problems(ONE % training)]
    assert sorted(places) == [f"3: arms[0].training.{key}" for key in ("epoch", "learning_rate", "split", "split_seed")]


def test_the_british_spelling_is_answered_with_the_key(
    problems: Callable[[str | bytes], list[str]],
) -> None:
    (problem,) = problems(ONE % "{optimiser: sgd}")
    assert "training.optimiser: unknown key (its value is 'sgd') (did you mean optimizer?)" in problem


@pytest.mark.parametrize(
    "keys",
    [
        {"training": {"epochs": {"values": [20, 40]}}, "method": {"name": "search", "asha": None}},
        {"training": {"optimizer": {"values": ["adam", "sgd"]}, "momentum": 0.5}},
        {"training": {"optimizer": "adamw", "weight_decay": {"values": [0.0, 0.01]}}},
        {"training": {"learning_rate": RATES}, "method": {"name": "settle"}},
        {"network": {"name": "cnn"}},
    ],
)
def test_a_study_that_keeps_the_rules_of_the_training_is_read(keys: dict[str, Any]) -> None:
    assert study(CCE_ARM, GCE_ARM, **keys).arms


def test_an_arm_with_other_epochs_is_named_where_asha_compares(
    problems: Callable[[str | bytes], list[str]],
) -> None:
    arms = "arms: [{name: a, loss: {name: cce}}, {name: b, loss: {name: gce}, training: {epochs: 40}}]\n"
    (problem,) = problems(f"{HEAD}{arms}method: {{name: search}}\n")
    assert problem.startswith("figure3.yaml:3: arms[1].training.epochs: 40 is not allowed; allowed: one number for all")


def test_asha_needs_equal_epochs_of_the_sampled_arms_only() -> None:
    baseline = GCE_ARM | {"training": {"epochs": 80, "learning_rate": 1e-3}}
    method = {"name": "search", "baselines": ["gce"], "asha": {"grace_period": 30}}
    spec = study(CCE_ARM, baseline, method=method, training={"learning_rate": RATE_RANGE})
    assert spec.method == Search.model_validate(method | {"name": "search"})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("arms: [{name: a, loss: {name: cce}}]\nseeds: 2\nnetwork: {name: cmm}\n", "5: network.name"),
        ("arms: [{name: a, loss: {name: cce}, network: {name: cmm}}]\nseeds: 2\n", "3: arms[0].network.name"),
    ],
)
def test_an_unknown_network_is_answered_with_those_that_are_known(
    problems: Callable[[str | bytes], list[str]], text: str, place: str
) -> None:
    (problem,) = problems(HEAD + text)
    assert f"{place}: 'cmm' is not allowed" in problem
    assert "allowed: one of cnn, " in problem
