"""Training settings and networks that a study or an arm leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import Field

from study.methods.factory import spaces
from study.methods.search_space import SampledChoices, SampledRange
from study.spec.arms import SHARED
from study.spec.candidates import candidates
from study.spec.differences import differences, dump
from study.spec.open_arms import open_arm
from study.spec.open_models import open_model
from study.spec.study import StudySpec
from trainables.config import NEEDS, NEEDS_ONE, Configuration, Training
from trainables.losses.base import Loss
from trainables.losses.catalogue import CCE, GCE
from trainables.networks.catalogue import EmbeddingHead, VGGLike
from trainables.settings import Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.losses.base import LossFunction

CCE_ARM = {"name": "cce", "loss": {"name": "cce"}}
GCE_ARM = {"name": "gce", "loss": {"name": "gce"}}
RATES = {"values": [1e-3, 1e-2]}
RATE_RANGE = {"min": 1e-4, "max": 1e-2, "scale": "log"}
SAMPLES: dict[str, Any] = {"precision": "bf16", "optimizer": "sgd", "schedule": "cosine"}


def study(*arms: dict[str, Any], **keys: object) -> StudySpec:
    method = {} if "method" in keys else {"seeds": 2}
    return StudySpec.model_validate({"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, **method, **keys})


@pytest.mark.parametrize("setting", [name for name in Training.model_fields if name not in SHARED])
@pytest.mark.parametrize("of_arm", [False, True])
def test_every_setting_but_those_of_the_split_can_be_fixed_or_left_open(setting: str, of_arm: bool) -> None:
    field = Training.model_fields[setting]
    value = SAMPLES.get(setting, 3 if field.annotation is int else 0.25)
    beside = dict([NEEDS[setting]]) if setting in NEEDS else {}
    beside |= {NEEDS_ONE[setting][0]: 1} if setting in NEEDS_ONE else {}
    beside = {name: other for name, other in beside.items() if other != Training.model_fields[name].default}
    for given in (value, {"values": [value]}):
        training = {setting: given, **beside}
        spec = study(CCE_ARM | {"training": training}) if of_arm else study(CCE_ARM, training=training)
        (choice,) = candidates(spec)
        assert getattr(choice.configuration.training, setting) == value
        assert choice.varied == ({setting: value} if isinstance(given, dict) else {})


def test_the_settings_of_an_arm_replace_the_studys_key_by_key() -> None:
    arm = GCE_ARM | {"training": {"learning_rate": 0.01}}
    spec = study(CCE_ARM, arm, training={"learning_rate": 0.002, "epochs": 7})
    cce, gce = (candidate.configuration.training for candidate in candidates(spec))
    assert (cce.learning_rate, cce.epochs) == (0.002, 7)
    assert (gce.learning_rate, gce.epochs) == (0.01, 7)


def test_a_setting_that_the_study_leaves_open_makes_configurations_of_every_arm_without_a_value() -> None:
    spec = study(CCE_ARM, GCE_ARM | {"training": {"learning_rate": 0.1}}, training={"learning_rate": RATES})
    assert [(c.arm, c.varied, c.configuration) for c in candidates(spec)] == [
        ("cce", {"learning_rate": 1e-3}, Configuration(loss=CCE(name="cce"))),
        (
            "cce",
            {"learning_rate": 1e-2},
            Configuration(loss=CCE(name="cce"), training=Training(learning_rate=1e-2)),
        ),
        ("gce", {}, Configuration(loss=GCE(name="gce"), training=Training(learning_rate=0.1))),
    ]


def test_a_search_samples_ranges_of_whole_numbers_as_whole_numbers() -> None:
    training = {"learning_rate": RATE_RANGE, "epochs": {"min": 5, "max": 50}, "batch_size": {"values": [32, 64]}}
    spec = study(CCE_ARM, training=training, method={"name": "search", "asha": None})
    assert isinstance(spec.method, Search)
    (space,) = spaces(spec, spec.method)
    assert space.parameters == {
        "epochs": SampledRange(5, 50, integer=True),
        "batch_size": SampledChoices((32, 64)),
        "learning_rate": SampledRange(1e-4, 1e-2, log=True),
    }
    built = space.build({"epochs": 7, "batch_size": 32, "learning_rate": 2e-3})
    assert built.training == Training(epochs=7, batch_size=32, learning_rate=2e-3)


def test_one_loss_at_two_learning_rates_makes_two_arms() -> None:
    slow, fast = (
        CCE_ARM | {"name": name, "training": {"learning_rate": rate}} for name, rate in (("a", 1e-3), ("b", 1e-2))
    )
    assert [c.arm for c in candidates(study(slow, fast))] == ["a", "b"]


def test_settings_without_effect_do_not_distinguish_two_configurations() -> None:
    arms = (CCE_ARM, CCE_ARM | {"name": "b", "training": {"momentum": 0.5}})
    with pytest.raises(ValueError, match="arms cce and b both name"):
        study(*arms)


@pytest.mark.parametrize("training", [{"learning_rate": RATES}, {"epochs": 7, "optimizer": "sgd"}])
def test_a_dump_has_only_the_settings_that_an_arm_sets_and_reads_back_equal(training: dict[str, Any]) -> None:
    spec = study(CCE_ARM, GCE_ARM | {"training": training})
    cce, gce = dump(spec)["arms"]
    assert "training" not in cce
    assert gce["training"] == training
    assert StudySpec.model_validate(dump(spec)) == spec
    assert "network" not in dump(spec)


def test_differences_name_the_setting_of_the_arm() -> None:
    one = study(CCE_ARM, GCE_ARM | {"training": {"learning_rate": 0.01}})
    other = study(CCE_ARM, GCE_ARM | {"training": {"learning_rate": RATES}})
    assert differences(dump(one), dump(other)) == [
        "arms.gce.training.learning_rate: 0.01 -> {values: [0.001, 0.01]}",
    ]


def test_varied_settings_are_those_that_an_arm_leaves_open_or_in_which_arms_differ() -> None:
    arm = GCE_ARM | {"training": {"l2": 0.0}}
    spec = study(CCE_ARM, arm, training={"learning_rate": {"values": [0.1]}, "epochs": 3})
    assert spec.varied_settings == ("learning_rate", "l2")


class Shared(Loss):
    """A loss that shares a key with the training."""

    name: Literal["mine.shared"]
    momentum: Annotated[float, Field(ge=0, le=1, description="of the targets")] = 0.7

    def make(self) -> LossFunction:
        raise NotImplementedError


def test_a_key_of_both_loss_and_training_is_qualified_where_it_is_the_losss() -> None:
    loss = open_model(Shared).model_validate({"name": "mine.shared", "momentum": {"values": [0.5, 0.6]}})
    spec = study(CCE_ARM, training={"optimizer": "sgd", "momentum": {"values": [0.8, 0.9]}})
    arm = open_arm(spec.arms[0].model_copy(update={"loss": loss}), 0, spec.training, spec.network)
    assert set(arm.open) == {"loss.momentum", "momentum"}
    (*_, last) = arm.choices()
    assert last.configuration.loss == Shared(name="mine.shared", momentum=0.6)
    assert last.configuration.training.momentum == 0.9
    assert last.configuration.parameters() == {"loss.momentum": 0.6}


def test_a_parameter_of_a_network_is_qualified_and_an_arms_network_replaces_the_studys() -> None:
    head = {"name": "head", "hidden": {"values": [0, 64]}}
    spec = study(CCE_ARM, GCE_ARM | {"network": {"name": "vgg"}}, network=head, features={"embeddings": "e.npz"})
    assert [(c.arm, c.varied, c.configuration.network) for c in candidates(spec)] == [
        ("cce", {"network.hidden": 0}, EmbeddingHead(name="head", hidden=0)),
        ("cce", {"network.hidden": 64}, EmbeddingHead(name="head", hidden=64)),
        ("gce", {}, VGGLike(name="vgg")),
    ]
    assert StudySpec.model_validate(dump(spec)) == spec


class Stepped(Loss):
    """A loss with parameters that are no real numbers."""

    name: Literal["mine.stepped"]
    soft: Annotated[bool, Field(description="whether labels are soft")] = False
    steps: Annotated[int, Field(ge=1, description="of the inner loop")] = 3

    def make(self) -> LossFunction:
        raise NotImplementedError


def test_truth_values_and_whole_numbers_may_be_open() -> None:
    loss = {"name": "mine.stepped", "soft": {"values": [True, False]}, "steps": {"min": 1, "max": 4}}
    parameters = open_model(Stepped).model_validate(loss).parameters()
    assert parameters["soft"].values == (True, False)
    assert (parameters["steps"].min, parameters["steps"].max) == (1, 4)


def test_the_derived_model_of_a_loss_is_made_once() -> None:
    assert open_model(Shared) is open_model(Shared)


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
