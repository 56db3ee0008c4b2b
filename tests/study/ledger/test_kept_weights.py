"""Which weights stay: those of choices and of studies that have not ended, as long as one study needs them."""

import pytest

from factories import Builder
from study.ledger.claim import claim
from study.ledger.kept_weights import (
    candidates,
    choice_without_weights,
    free,
    free_unwanted,
    kept_by,
    where_weights_are,
)
from trainables.losses.catalogue import CCE, GCE
from trainables.outputs.weights import weight_sizes, weights_path
from trainables.plans import plan_path
from trainables.records import record_path

LOSSES = {"cce": CCE(name="cce"), "gce": GCE(name="gce", q=0.7)}


def grid(name="grid", seeds=2, waiting=0, keep="best", arms=LOSSES):
    """A grid whose arm gce is the best; the last runs of it may wait. Return it, and the runs of each arm."""
    study = Builder(name, spec={"keep": keep})
    ids = {arm: [] for arm in arms}
    for seed in range(seeds):
        for arm, loss in arms.items():
            status = None if arm == "gce" and seed >= seeds - waiting else "complete"
            accuracy = {"cce": 0.5, "gce": 0.6}[arm] + seed / 1000
            ids[arm].append(study.add(arm, loss, seed, validation=accuracy, status=status))
    return study, ids


def with_weights(storage, study, run_ids=None):
    """Write a study, and weights of runs; by default those of all."""
    study.write(storage)
    for run_id in study.records if run_ids is None else run_ids:
        weights_path(storage, run_id).write(b"weights")


def test_an_ended_study_keeps_the_runs_of_its_choice_on_all_seeds():
    study, ids = grid(seeds=3)
    assert kept_by(study.finding()) == set(ids["gce"])


def test_a_study_that_has_not_ended_keeps_every_run_that_may_be_its_choices():
    study, ids = grid(waiting=1)
    assert kept_by(study.finding()) == {*ids["gce"], *ids["cce"]}


@pytest.mark.parametrize("keep", ["all", "none"])
def test_a_study_keeps_what_its_file_states(keep):
    study, ids = grid(keep=keep)
    assert kept_by(study.finding()) == ({*ids["gce"], *ids["cce"]} if keep == "all" else set())


def test_a_settled_study_keeps_the_confirming_runs_of_its_choice_alone():
    study = Builder().exploring_temperatures({100.0: 3.0, 1000.0: 0.0})
    study.method |= {"baselines": ["cce"]}
    loss = study.planned[-1].run.configuration.loss
    of_choice = {
        study.add("adaptive", loss, seed, varied={"temperature": 1000.0}, stage="confirm") for seed in (10_000, 10_001)
    }
    baselines = {study.add("cce", CCE(name="cce"), seed, stage="confirm") for seed in (10_000, 10_001)}
    assert kept_by(study.finding()) == of_choice
    assert not candidates(study.plan()) & baselines


def test_if_a_record_cannot_be_read_the_choice_may_be_another_and_all_candidates_are_kept(tmp_path):
    study, ids = grid()
    with_weights(tmp_path, study)
    grid("other")[0].write(tmp_path)
    record_path(tmp_path, ids["cce"][0]).write(b"torn")
    assert free(tmp_path, "other", ids["cce"]) == set()


def test_the_weights_of_all_but_the_choice_are_removed_at_the_end(tmp_path):
    study, ids = grid()
    with_weights(tmp_path, study)
    free_unwanted(study.finding(), tmp_path)
    assert weight_sizes(tmp_path).keys() == set(ids["gce"])


def test_before_the_end_nothing_is_removed(tmp_path):
    study, ids = grid(waiting=1)
    with_weights(tmp_path, study)
    free_unwanted(study.finding(), tmp_path)
    assert weight_sizes(tmp_path).keys() == {*ids["cce"], ids["gce"][0]}


@pytest.mark.parametrize(
    ("other", "stay"),
    [
        ({"arms": {"cce": LOSSES["cce"]}}, {"cce"}),  # its choice, as it has no other arm
        ({"seeds": 3, "waiting": 1}, {"cce", "gce"}),  # it has not ended
        ({"keep": "all"}, {"cce", "gce"}),
        ({"keep": "none"}, set()),
        ({}, {"gce"}),  # the same choice
    ],
)
def test_weights_stay_as_long_as_one_study_keeps_them(tmp_path, other, stay):
    study, ids = grid()
    second, _ = grid("second", **other)
    with_weights(tmp_path, study)
    second.write(tmp_path)
    assert free(tmp_path, "grid", [*ids["cce"], *ids["gce"]]) == {
        run_id for arm, of_arm in ids.items() if arm not in stay for run_id in of_arm
    }


def test_a_study_that_a_process_runs_keeps_all_its_candidates(tmp_path):
    study, ids = grid()
    with_weights(tmp_path, study)
    second, _ = grid("second")
    second.write(tmp_path)
    with claim(tmp_path, "second"):
        assert free(tmp_path, "grid", ids["cce"]) == set()
    assert free(tmp_path, "grid", ids["cce"]) == set(ids["cce"])


def test_nothing_is_removed_if_what_a_study_keeps_is_unknown(tmp_path):
    study, ids = grid()
    with_weights(tmp_path, study)
    plan_path(tmp_path, "unread").write(b"torn")
    assert free(tmp_path, "grid", ids["cce"]) == set()


def test_nothing_is_removed_while_a_study_starts_that_has_no_plan_yet(tmp_path):
    study, ids = grid()
    with_weights(tmp_path, study)
    with claim(tmp_path, "starting"):
        assert free(tmp_path, "grid", ids["cce"]) == set()


def test_where_the_weights_of_the_choice_are_is_stated(tmp_path):
    study, ids = grid(seeds=3)
    with_weights(tmp_path, study, ids["gce"])
    assert (
        where_weights_are(study.finding(), tmp_path)
        == f"weights: 3 of 3 runs of the choice, 21 B in {tmp_path}/weights"
    )


def test_how_to_get_weights_that_are_missing_is_stated(tmp_path):
    study, ids = grid(seeds=3)
    with_weights(tmp_path, study, ids["gce"][:1])
    again = "gce-study run FILE --retrain-choice trains those of the choice again"
    expected = (
        f"weights: 1 of 3 runs of the choice, 7 B in {tmp_path}/weights; the others were recorded without; {again}"
    )
    assert where_weights_are(study.finding(), tmp_path) == expected
    weights_path(tmp_path, ids["gce"][0]).unlink()
    expected = f"weights: 0 of 3 runs of the choice; they were recorded without; {again}"
    assert where_weights_are(study.finding(), tmp_path) == expected


def test_a_study_that_keeps_all_counts_its_complete_runs(tmp_path):
    study, _ = grid(keep="all")
    with_weights(tmp_path, study)
    expected = f"weights: 4 of 4 runs that are complete, 28 B in {tmp_path}/weights"
    assert where_weights_are(study.finding(), tmp_path) == expected


def test_no_training_is_offered_where_only_runs_beside_the_choice_lack_their_weights(tmp_path):
    study, ids = grid(keep="all")
    with_weights(tmp_path, study, ids["gce"])
    expected = f"weights: 2 of 4 runs that are complete, 14 B in {tmp_path}/weights; the others were recorded without"
    assert where_weights_are(study.finding(), tmp_path) == expected


@pytest.mark.parametrize("changes", [{"keep": "none"}, {"waiting": 1}])
def test_no_weights_are_stated_where_none_are_kept_or_the_choice_is_open(tmp_path, changes):
    study, _ = grid(**changes)
    with_weights(tmp_path, study)
    assert where_weights_are(study.finding(), tmp_path) == ""


def test_the_choices_runs_without_weights_are_those_to_train_again(tmp_path):
    study, ids = grid(seeds=3)
    with_weights(tmp_path, study, ids["gce"][:1])
    assert choice_without_weights(tmp_path, "grid") == ids["gce"][1:]


def test_a_study_that_has_not_ended_has_no_choice_to_train_again(tmp_path):
    study, _ = grid(waiting=1)
    with_weights(tmp_path, study, [])
    assert choice_without_weights(tmp_path, "grid") == []


def test_weights_in_an_object_store_are_found_and_removed(bucket):
    study, ids = grid()
    with_weights(bucket, study)
    free_unwanted(study.finding(), bucket)
    assert weight_sizes(bucket) == dict.fromkeys(ids["gce"], 7)
