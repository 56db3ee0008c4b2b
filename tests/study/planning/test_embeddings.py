"""A study's embeddings are read, stored, published and part of its plan."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_files import arrays, as_file, as_folder, csv_study
from study.errors import SpecError
from study.ledger.registry import refuse_changed_study, register
from study.planning.data import identified, make_plan, read_data
from study.planning.embeddings import read_embeddings
from study.planning.frames import store_data
from study.spec.reading import read_spec
from trainables.feature_settings import FEATURES
from trainables.storage.location import location
from trainables.training.run_data import open_run_data

HEAD = {"name": "head"}
CCE = {"name": "cce", "loss": {"name": "cce"}}
ON_EMBEDDINGS = {"name": "adaptive", "loss": {"name": "adaptive_gce", "distances": "embedding"}}


@pytest.fixture
def spec_of(tmp_path):
    """Return a function that writes a study with embeddings and reads it."""
    folder = Path(tmp_path)

    def spec(write=as_file, values=0.0, storage=None, **keys):
        data = csv_study(folder, arms=[CCE])
        of_clips = {clip: array + values for clip, array in arrays(data).items()}
        path = write(folder / ("e.npz" if write is as_file else "e"), of_clips)
        csv_study(folder, features={"embeddings": str(path)}, storage=str(storage or folder / "storage"), **keys)
        return read_spec(folder / "study.yaml")

    return spec


def stores(spec):
    return {path.name for path in Path(spec.storage, "features").iterdir()}


def test_no_frames_are_computed_if_no_network_receives_any(spec_of):
    spec = spec_of(arms=[CCE], network=HEAD)
    _, embeddings = store_data(spec)
    assert stores(spec) == {embeddings.digest}


@pytest.mark.slow
def test_frames_and_embeddings_are_stored_if_runs_use_both(spec_of):
    spec = spec_of(arms=[ON_EMBEDDINGS])
    _, embeddings = store_data(spec)
    assert embeddings.digest in stores(spec)
    assert len(stores(spec)) == 2


def test_embeddings_that_no_run_uses_are_not_read(spec_of):
    spec = spec_of(arms=[CCE])
    Path(spec.features.embeddings).write_bytes(b"no embeddings")
    assert read_embeddings(spec, read_data(spec)) is None


@pytest.mark.parametrize("place", ["folder", pytest.param("object store", marks=pytest.mark.slow)])
def test_a_worker_opens_what_was_published(spec_of, place, request):
    bucket = request.getfixturevalue("bucket") if place == "object store" else None
    spec = spec_of(arms=[CCE], network=HEAD, storage=bucket)
    manifest, embeddings = store_data(spec)
    source = open_run_data(location(spec.storage), manifest.fingerprint, None, embeddings.digest, torch.device("cpu"))
    first, count = source.windows.places["a/3.wav"]
    with np.load(spec.features.embeddings) as stored:
        assert np.array_equal(source.windows.rows[first : first + count].numpy(), stored["a/3.wav"])
    assert source.windows.timing == embeddings.timing
    assert source.frames is None


@pytest.mark.slow
def test_a_worker_opens_frames_beside_embeddings(spec_of):
    spec = spec_of(arms=[ON_EMBEDDINGS])
    manifest, embeddings = store_data(spec)
    place, device = location(spec.storage), torch.device("cpu")
    source = open_run_data(place, manifest.fingerprint, FEATURES, embeddings.digest, device)
    assert source.frames.shape[1] == 96
    assert len(source.windows.rows) == embeddings.total


def planned(spec):
    """Return the plan of a study."""
    manifest, embeddings = store_data(spec)
    return make_plan(identified(spec, manifest, embeddings), manifest, embeddings=embeddings)


def test_the_plan_states_the_embeddings(spec_of):
    plan = planned(spec_of(arms=[CCE], network=HEAD))
    assert plan.dataset.embeddings.model_dump(exclude={"digest"}) == {
        "model": "toy",
        "dims": 3,
        "windows": 72,
        "hop_s": 0.1,
        "window_s": 0.2,
    }
    assert {p.run.embeddings for p in plan.runs} == {plan.dataset.embeddings.digest}


def test_the_plan_of_a_study_without_embeddings_does_not_mention_them(spec_of):
    spec = spec_of(arms=[CCE])
    plan = make_plan(spec, read_data(spec))
    assert "embeddings" not in plan.dataset.model_dump_json()
    assert "frames" not in json.loads(plan.dataset.model_dump_json())


def test_other_embeddings_under_the_same_study_name_are_refused(spec_of):
    spec = spec_of(arms=[CCE], network=HEAD)
    plan, storage = planned(spec), location(spec.storage)
    register(storage, plan)
    other = planned(spec_of(arms=[CCE], network=HEAD, values=1.0))
    with pytest.raises(SpecError) as refused:
        refuse_changed_study(storage, "small", other.spec, other.dataset)
    digests = [of.dataset.embeddings.digest for of in (plan, other)]
    assert f"digest of the embeddings: {' -> '.join(digests)}" in refused.value.problems


def test_the_same_embeddings_in_another_form_are_the_same_study(spec_of):
    plan = planned(spec_of(arms=[CCE], network=HEAD))
    again = planned(spec_of(as_folder, arms=[CCE], network=HEAD))
    assert [p.run.run_id for p in plan.runs] == [p.run.run_id for p in again.runs]


def test_reading_stores_nothing(spec_of):
    spec = spec_of(arms=[CCE], network=HEAD)
    manifest, _ = store_data(spec)
    elsewhere = spec.model_copy(update={"storage": f"{spec.storage}-2"})
    assert read_embeddings(elsewhere, manifest).dims == 3
    assert not Path(elsewhere.storage).exists()
