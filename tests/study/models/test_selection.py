"""Which runs of a study's choice a model is made of."""

import pytest

from factories import Builder
from study.errors import UnknownStudyError, UsageError
from study.models.selection import select
from trainables.losses.catalogue import CCE, GCE
from trainables.outputs.weights import weights_path
from trainables.storage.location import location

ACCURACIES = [0.80, 0.90, 0.84, 0.86]  # by seed: 0.84 is the lower of the two in the middle


@pytest.fixture
def storage(tmp_path):
    """A study whose choice, gce, has four runs with kept weights; those of cce have none."""
    builder = Builder(name="s")
    kept = [builder.add("gce", GCE(name="gce"), seed, validation=value) for seed, value in enumerate(ACCURACIES)]
    for seed in range(4):
        builder.add("cce", CCE(name="cce"), seed, validation=0.5)
    builder.write(tmp_path)
    for run_id in kept:
        weights_path(location(tmp_path), run_id).write(b"")
    return location(tmp_path)


def seeds(selection):
    return [record.run.seed for record in selection.records]


def test_by_default_it_is_the_run_with_the_median_validation_score(storage):
    assert seeds(select(storage, "s")) == [2]


def test_scores_on_test_clips_have_no_part_in_it(tmp_path):
    builder = Builder(name="s")
    for seed, test in enumerate([0.1, 0.9, 0.5]):
        run_id = builder.add("gce", GCE(name="gce"), seed, validation=[0.7, 0.6, 0.8][seed], test=test)
        weights_path(location(tmp_path), run_id).write(b"")
    builder.write(tmp_path)
    assert seeds(select(location(tmp_path), "s")) == [0]


def test_a_seed_names_the_run(storage):
    assert seeds(select(storage, "s", seed=1)) == [1]


def test_an_ensemble_has_all_runs_of_the_choice(storage):
    assert seeds(select(storage, "s", ensemble=True)) == [0, 1, 2, 3]


def test_runs_without_weights_are_counted_and_left_out(storage):
    (record,) = select(storage, "s", seed=2).records
    weights_path(storage, record.run_id).unlink()
    selection = select(storage, "s", ensemble=True)
    assert (seeds(selection), selection.kept, selection.of) == ([0, 1, 3], 3, 4)


def refused(storage, **options):
    with pytest.raises(UsageError) as error:
        select(storage, "s", **options)
    return str(error.value)


def test_a_seed_that_the_choice_lacks_is_refused_with_those_that_it_has(storage):
    assert (
        refused(storage, seed=7) == "s: the choice, gce on all, has no complete run with seed 7; its seeds: 0, 1, 2, 3"
    )


def test_a_seed_whose_weights_are_gone_is_refused_with_those_that_are_kept(storage):
    weights_path(storage, select(storage, "s", seed=0).records[0].run_id).unlink()
    assert refused(storage, seed=0).startswith(
        "s: the choice, gce on all, has no kept weights of seed 0; those of these seeds are: 1, 2, 3; "
    )


def test_a_choice_without_weights_is_refused_with_the_remedy(storage):
    for record in select(storage, "s", ensemble=True).records:
        weights_path(storage, record.run_id).unlink()
    assert refused(storage) == (
        "s: the choice, gce on all, has no kept weights; gce-study run FILE --retrain-choice trains its runs again"
    )


def test_a_choice_that_is_not_confirmed_yet_is_refused_with_the_next_step(tmp_path):
    builder = Builder(name="s", method={"name": "settle"})
    for seed in range(2):
        builder.add("gce", GCE(name="gce"), seed, validation=0.8, stage="explore")
    builder.write(tmp_path)
    assert refused(location(tmp_path)) == (
        "s: the choice, gce on all, is not confirmed yet, and exploring runs leave no weights; "
        "continue with: gce-study run FILE"
    )


def test_an_ensemble_of_one_is_refused(storage):
    for record in select(storage, "s", ensemble=True).records[1:]:
        weights_path(storage, record.run_id).unlink()
    assert refused(storage, ensemble=True).endswith("has the kept weights of one run; an ensemble needs two or more")


def test_a_study_without_a_complete_run_is_refused(tmp_path):
    builder = Builder(name="s")
    builder.add("gce", GCE(name="gce"), 0, status="failed", error="no memory")
    builder.write(tmp_path)
    assert refused(location(tmp_path)) == "s: no run is complete, so the study has chosen nothing yet"


def test_an_unknown_study_is_refused_with_those_that_exist(storage):
    with pytest.raises(UnknownStudyError, match=r"its studies: s;"):
        select(storage, "t")
