"""A run's identity: worked out once, and never another run's."""

import copy
import pickle

import pytest
from pydantic import ValidationError

from trainables import config
from trainables.config import Configuration, PluginCode, Run, Training
from trainables.feature_settings import FEATURES, Features
from trainables.losses.catalogue import CCE, GCE


def a_run(seed=0):
    return Run(configuration=Configuration(loss=GCE(name="gce")), seed=seed, dataset="0" * 20)


def test_a_run_id_is_worked_out_once(monkeypatch):
    made = []
    monkeypatch.setattr(config, "digest", lambda value: made.append(value) or "a" * 20)
    run = a_run()
    assert [run.run_id for _ in range(3)] == ["a" * 20] * 3
    assert len(made) == 1


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(
    "update",
    [{"seed": 1}, {"dataset": "1" * 20}, {"semantics": 1}, {"configuration": Configuration(loss=CCE(name="cce"))}],
)
def test_a_changed_copy_has_a_run_id_of_its_own(update, deep):
    run = a_run()
    before = run.run_id
    changed = run.model_copy(update=update, deep=deep)
    assert changed.run_id == Run.model_validate(changed.model_dump()).run_id
    assert changed.run_id != before == run.run_id


def test_a_run_whose_run_id_is_known_equals_one_whose_is_not():
    known, fresh = a_run(), a_run()
    assert known.run_id
    assert known == fresh
    assert hash(known) == hash(fresh)
    assert known != a_run(seed=1)
    assert fresh.run_id == known.run_id


def test_the_default_split_is_no_part_of_what_is_written_so_that_run_ids_do_not_depend_on_it():
    assert "split" not in Training().model_dump()
    assert Training.model_validate(Training().model_dump()).split == "fixed"
    assert Training(split="per_seed").model_dump()["split"] == "per_seed"


@pytest.mark.parametrize("split", ["per_seed", "in_turn"])
def test_a_split_that_depends_on_the_seed_is_part_of_a_runs_identity(split):
    fixed = a_run()
    training = fixed.configuration.training.model_copy(update={"split": split})
    configuration = fixed.configuration.model_copy(update={"training": training})
    assert fixed.model_copy(update={"configuration": configuration}).run_id != fixed.run_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("optimizer", "sgd"),
        ("weight_decay", 0.01),
        ("schedule", "cosine"),
        ("momentum", 0.5),
        ("mixup", 0.1),
        ("mixup_after", 10),
        ("time_mask", 20),
        ("frequency_mask", 10),
        ("masks", 2),
    ],
)
def test_later_settings_of_training_are_part_of_a_runs_identity_only_where_they_are_not_the_default(name, value):
    assert name not in Training().model_dump()
    assert Training(**{name: value}).model_dump()[name] == value
    assert Training.model_validate(Training().model_dump()) == Training()


@pytest.mark.parametrize(
    ("settings", "canonical"),
    [
        ({"momentum": 0.5}, {}),
        ({"momentum": 0.5, "optimizer": "sgd"}, {"momentum": 0.5, "optimizer": "sgd"}),
        ({"schedule": "cosine", "halve_after": 9, "stop_gain": 0.1}, {"schedule": "cosine"}),
        ({"halve_after": 9}, {"halve_after": 9}),
        ({"mixup_after": 10, "masks": 2}, {}),
        ({"mixup": 0.1, "mixup_after": 10}, {"mixup": 0.1, "mixup_after": 10}),
        ({"time_mask": 20, "masks": 2}, {"time_mask": 20, "masks": 2}),
    ],
)
def test_settings_without_effect_are_no_part_of_a_canonical_training(settings, canonical):
    assert Training(**settings).canonical() == Training(**canonical)


def test_a_known_run_id_is_no_part_of_what_is_written():
    known, fresh = a_run(), a_run()
    assert known.run_id
    assert known.model_dump() == fresh.model_dump()
    assert known.model_dump_json() == fresh.model_dump_json()
    assert "run_id" not in Run.model_json_schema()["properties"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))])  # noqa: S301 -- our own
@pytest.mark.parametrize("known", [False, True])
def test_a_copy_that_changes_nothing_has_the_same_run_id(copied, known):
    run = a_run()
    if known:
        assert run.run_id
    found = copied(run)
    assert found == run
    assert found.run_id == run.run_id == "d36f1c74c89f6e74ef92"


def test_a_loss_whose_plugin_is_not_loaded_keeps_its_parameters_and_run_id():
    run = Run.model_validate(
        {"configuration": {"loss": {"name": "mine.focal", "gamma": 2.0}}, "seed": 0, "dataset": "0" * 20}
    )
    again = Run.model_validate_json(run.model_dump_json())
    assert run.model_dump()["configuration"]["loss"] == {"name": "mine.focal", "gamma": 2.0}
    assert (again, again.run_id) == (run, run.run_id)


def test_code_embeddings_and_network_enter_the_run_id_only_where_they_are_used():
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=0, dataset="0" * 20)
    dumped = run.model_dump(mode="json")
    assert not {"code", "embeddings", "network"} & {*dumped, *dumped["configuration"]}
    coded = run.model_copy(update={"code": (PluginCode(name="mine", sha256="0" * 64),)})
    embedded = run.model_copy(update={"embeddings": "0" * 20})
    assert len({run.run_id, coded.run_id, embedded.run_id}) == 3


def test_a_fold_enters_the_run_id_and_what_is_written_only_where_a_run_has_one():
    run = a_run()
    tested = {fold: run.model_copy(update={"fold": fold}) for fold in ("1", "2")}
    assert "fold" not in run.model_dump()
    assert len({run.run_id, *(other.run_id for other in tested.values())}) == 3
    assert Run.model_validate_json(tested["1"].model_dump_json()) == tested["1"]


def test_every_setting_of_the_features_is_part_of_a_runs_identity():
    changed = [FEATURES.model_copy(update={key: value // 2}) for key, value in FEATURES.model_dump().items()]
    runs = [a_run(), *(a_run().model_copy(update={"features": features}) for features in changed)]
    assert len({run.run_id for run in runs}) == 8


def test_a_stored_run_states_how_many_samples_a_short_sound_is_repeated_to_and_reads_back():
    run = a_run().model_copy(update={"features": Features(hop=441, patch_frames=50)})
    stored = run.model_dump(mode="json")
    assert stored["features"]["min_samples"] == 22_050
    assert Run.model_validate(stored) == run


def test_a_stored_run_whose_features_contradict_themselves_is_refused():
    stored = a_run().model_dump(mode="json")
    stored["features"]["min_samples"] += 1
    with pytest.raises(ValidationError, match=r"features\.min_samples\s+Extra inputs"):
        Run.model_validate(stored)
