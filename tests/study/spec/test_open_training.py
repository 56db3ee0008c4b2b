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
from study_specs import CCE_ARM, GCE_ARM, RATE_RANGE, RATES, study
from trainables.config import NEEDS, NEEDS_ONE, Configuration, Training
from trainables.losses.base import Loss
from trainables.losses.catalogue import CCE, GCE
from trainables.networks.catalogue import EmbeddingHead, VGGLike
from trainables.settings import Search

if TYPE_CHECKING:
    from trainables.losses.base import LossFunction
SAMPLES: dict[str, Any] = {"precision": "bf16", "optimizer": "sgd", "schedule": "cosine"}


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
