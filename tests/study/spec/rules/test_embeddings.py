"""Study files with embeddings: which keys need which."""

import pytest
from pydantic import ValidationError

from study.spec.candidates import candidates
from study.spec.differences import differences, dump
from study.spec.study import StudySpec
from trainables.feature_settings import FEATURES

ON_EMBEDDINGS = {"name": "adaptive_gce", "distances": "embedding"}
HEAD = {"name": "head"}


def study(*losses, **keys):
    arms = [{"name": f"arm{i}", "loss": loss} for i, loss in enumerate(losses or [{"name": "cce"}])]
    return StudySpec.model_validate(
        {"name": "s", "dataset": {"kind": "csv", "path": "x.csv"}, "seeds": 1, "arms": arms} | keys
    )


def refusals(*losses, **keys):
    """Return the path and the text of each refusal."""
    with pytest.raises(ValidationError) as refused:
        study(*losses, **keys)
    context = refused.value.errors()[0]["ctx"]
    return {(*context["at"],): context["allowed"]} | {(*at,): text for at, text in context["more"]}


@pytest.mark.parametrize("distances", ["embedding", {"values": ["input", "embedding"]}])
def test_distances_between_embeddings_need_embeddings(distances):
    problems = refusals(ON_EMBEDDINGS | {"distances": distances})
    assert problems == {
        (
            "arms",
            0,
            "loss",
            "distances",
        ): "input or penultimate; for embedding, features.embeddings must name the embeddings of the clips"
    }


def test_a_network_on_embeddings_needs_embeddings():
    (problem,) = refusals(network=HEAD).items()
    assert problem == (
        ("network", "name"),
        "a network on log-mel frames; for one on embeddings, features.embeddings must name the embeddings of the clips",
    )


def test_an_arms_network_on_embeddings_is_named_at_the_arm():
    arm = {"name": "a", "loss": {"name": "cce"}, "network": HEAD}
    assert list(refusals(arms=[arm])) == [("arms", 0, "network", "name")]


def test_a_path_of_embeddings_is_made_absolute():
    assert study(features={"embeddings": "e.npz"}).features.embeddings.startswith("/")


@pytest.mark.parametrize(
    ("losses", "network", "frames", "embeddings"),
    [
        ([{"name": "cce"}], None, True, False),
        ([{"name": "cce"}, ON_EMBEDDINGS], None, True, True),
        ([{"name": "cce"}], HEAD, False, True),
    ],
)
def test_a_study_knows_what_its_runs_use(losses, network, frames, embeddings):
    spec = study(*losses, features={"embeddings": "e.npz"}, **({"network": network} if network else {}))
    assert (spec.uses_frames, spec.uses_embeddings) == (frames, embeddings)


@pytest.mark.parametrize("temperature", [10.0, {"values": [10.0, 20.0]}])
def test_a_temperature_beside_a_relative_one_is_refused(temperature):
    problems = refusals({"name": "adaptive_gce", "temperature": temperature, "relative_temperature": 0.1})
    assert problems == {
        ("arms", 0, "loss", "temperature"): "no temperature beside relative_temperature, which replaces it"
    }


def test_a_relative_temperature_may_be_left_open():
    spec = study({"name": "adaptive_gce", "relative_temperature": {"values": [0.03, 0.1]}})
    assert [c.varied for c in candidates(spec)] == [{"relative_temperature": 0.03}, {"relative_temperature": 0.1}]


@pytest.mark.parametrize("mask", ["time_mask", "frequency_mask"])
def test_masks_are_refused_for_a_network_on_embeddings(mask):
    problems = refusals(network=HEAD, features={"embeddings": "e.npz"}, training={mask: 2})
    assert "which have no such axis" in problems["training", mask]


def runs_of(spec, digest="e" * 20):
    identified = spec.model_copy(update={"features": spec.features.identified(digest, None)})
    return [candidate.planned(0, "d").run for candidate in candidates(identified)]


def test_only_runs_that_use_embeddings_have_their_digest():
    runs = runs_of(study({"name": "cce"}, ON_EMBEDDINGS, features={"embeddings": "e.npz"}))
    assert [run.embeddings for run in runs] == [None, "e" * 20]


def test_embeddings_beside_them_leave_the_run_ids_of_other_runs_as_they_are():
    losses = [{"name": "cce"}, {"name": "adaptive_gce"}]
    without, beside = (runs_of(study(*losses, features=f)) for f in ({}, {"embeddings": "e.npz"}))
    assert [run.run_id for run in without] == [run.run_id for run in beside]


def test_other_embeddings_make_other_runs():
    spec = study(features={"embeddings": "e.npz"}, network=HEAD)
    one, other, again = (runs_of(spec, digit * 20)[0].run_id for digit in "efe")
    assert one != other
    assert one == again


def test_settings_of_frames_are_no_part_of_a_run_on_embeddings():
    features = {"embeddings": "e.npz", "mels": 64}
    on_embeddings, on_frames = (
        runs_of(study(features=features, **keys))[0].features for keys in ({"network": HEAD}, {})
    )
    assert on_embeddings == FEATURES
    assert on_frames.mels == 64


def test_a_study_is_the_same_wherever_its_embeddings_lie():
    one, other = (dump(study(features={"embeddings": path}, network=HEAD)) for path in ("a.npz", "b"))
    assert differences(one, other) == []


def test_the_dump_of_a_study_without_embeddings_has_no_such_key():
    assert "embeddings" not in dump(study())["features"]
