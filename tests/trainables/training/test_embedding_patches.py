"""Runs on embeddings: windows as inputs, and the embedding of a patch of frames."""

import numpy as np
import pytest
import torch

from trainables.config import Configuration, Run, Training
from trainables.feature_settings import FEATURES, Features
from trainables.features.embeddings.files import Timing
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.networks.catalogue import EmbeddingHead
from trainables.training.embedding_patches import Windows, overlap
from trainables.training.run_data import RunDataSource
from trainables.training.run_training import RunTraining

CPU = torch.device("cpu")
YAMNET = Timing(hop_s=0.48, window_s=0.975, model="yamnet")
DIMS = 5


@pytest.fixture
def windows(manifest):
    """Four windows a clip, whose embeddings tell the classes apart."""
    rng, places, rows = np.random.default_rng(0), {}, []
    for clip in manifest.clips:
        places[clip.path] = (sum(map(len, rows)), 4)
        centre = manifest.classes.index(clip.label)
        rows.append(rng.normal(size=(4, DIMS)) + 3 * np.eye(len(manifest.classes), DIMS)[centre])
    return Windows(torch.tensor(np.concatenate(rows), dtype=torch.float32), places, YAMNET)


def run_of(manifest, loss, network=None, **training):
    protocol = Training(**{"epochs": 3, "batch_size": 16, **training})
    keys = {"loss": loss, "training": protocol} | ({"network": network} if network else {})
    return Run(configuration=Configuration(**keys), seed=0, dataset=manifest.fingerprint, embeddings="e" * 20)


def head_data(manifest, windows, loss=None):
    """Return the data of a run of a classifier on embeddings, of a source without frames."""
    run = run_of(manifest, loss or CCE(name="cce"), EmbeddingHead())
    return run, RunDataSource(manifest, None, FEATURES, CPU, windows).run_data(run)


@pytest.mark.parametrize(
    ("start", "windows", "expected"),
    [
        (0, 9, (0, 5)),  # 0 to 2 s: windows that begin at 0, 0.48, 0.96, 1.44 and 1.92 s
        (50, 9, (1, 6)),  # 1 to 3 s: the window from 0.48 s ends at 1.455 s; that from 2.88 s is the last
        (100, 9, (3, 6)),
        (0, 1, (0, 1)),
        (200, 5, (4, 1)),  # 4 to 6 s: all five windows end before; the last one stands for it
    ],
)
def test_a_patchs_windows_are_those_that_overlap_it_in_time(start, windows, expected):
    assert overlap(start, windows, YAMNET, FEATURES) == expected


def test_a_window_that_ends_where_a_patch_begins_does_not_overlap_it():
    timing = Timing(hop_s=0.5, window_s=0.5, model="m")
    assert overlap(50, 20, timing, FEATURES) == (2, 4)  # 1 to 3 s


def test_the_overlap_follows_from_the_settings_of_the_features():
    features = Features(patch_frames=50, patch_hop=25)
    assert overlap(25, 20, Timing(hop_s=0.5, window_s=0.5, model="m"), features) == (1, 2)  # 0.5 to 1.5 s


def test_a_patchs_embedding_is_the_standardised_mean_of_its_windows(manifest, store, features, windows):
    run = run_of(manifest, AdaptiveGCE(name="adaptive_gce", distances="embedding"))
    data = RunDataSource(manifest, store, features, CPU, windows).run_data(run)
    train = sorted(set(data.train.clips.tolist()))
    assert len(data.embeddings.first) == len(data.train)
    assert len(train) == len(data.train.clip_labels)
    patches = torch.arange(len(data.train))
    for patch, embedding in zip(patches.tolist(), data.embeddings.gather(patches), strict=True):
        first, count = int(data.embeddings.first[patch]), int(data.embeddings.counts[patch])
        of_windows = data.embeddings.windows
        expected = (windows.rows[first : first + count].mean(dim=0) - of_windows.mean) / of_windows.sd
        assert torch.allclose(embedding, expected, atol=1e-5)


def test_each_patchs_windows_are_of_its_own_clip(manifest, store, features, windows):
    run = run_of(manifest, AdaptiveGCE(name="adaptive_gce", distances="embedding"))
    data = RunDataSource(manifest, store, features, CPU, windows).run_data(run)
    label_of_row = {
        row: manifest.classes.index(clip.label)
        for clip in manifest.clips
        for row in range(windows.places[clip.path][0], sum(windows.places[clip.path]))
    }
    assert [label_of_row[int(row)] for row in data.embeddings.first] == data.train.labels.tolist()


def test_a_heads_inputs_are_windows_standardised_over_the_training_clips(manifest, windows):
    _, data = head_data(manifest, windows)
    inputs = data.patches.gather(data.train.starts)
    assert data.patches.shape == (DIMS,)
    assert len(inputs) == 4 * len(data.train.clip_labels)
    assert inputs.mean(dim=0).abs().max() < 1e-5
    assert torch.allclose(inputs.std(dim=0, correction=0), torch.ones(DIMS), atol=1e-5)


def test_a_heads_training_validation_and_test_windows_are_of_different_clips(manifest, windows):
    _, data = head_data(manifest, windows)
    rows = [set(index.starts.tolist()) for index in (data.train, data.validation, data.test)]
    assert sum(map(len, rows)) == len(set.union(*rows)) == len(windows.rows)


def test_a_head_learns_from_embeddings_that_tell_the_classes_apart(manifest, windows):
    run, data = head_data(manifest, windows)
    training = RunTraining(run, data, CPU)
    for _ in range(3):
        training.train_epoch()
    assert training.evaluate().test.accuracy > 0.9


@pytest.mark.parametrize("distances", ["input", "embedding"])
@pytest.mark.slow
def test_for_a_head_distances_between_inputs_and_between_embeddings_are_the_same(manifest, windows, distances):
    loss = AdaptiveGCE(name="adaptive_gce", relative_temperature=0.1, distances=distances)
    curves = []
    for of_inputs in (loss, loss.model_copy(update={"distances": "input"})):
        run, data = head_data(manifest, windows, of_inputs)
        curves.append(RunTraining(run, data, CPU).train_epoch().q_mean)
    assert curves[0] == curves[1]


@pytest.mark.slow
def test_a_cnn_with_distances_between_embeddings_records_their_q(manifest, store, features, windows):
    q = []
    for settings in ({"distances": "embedding"}, {}):
        run = run_of(manifest, AdaptiveGCE(name="adaptive_gce", relative_temperature=0.1, **settings))
        data = RunDataSource(manifest, store, features, CPU, windows).run_data(run)
        q.append(RunTraining(run, data, CPU).train_epoch().q_mean)
    assert 0 < q[0] < q[1] < 1  # these embeddings tell the classes apart better than the patches do


def test_a_run_on_embeddings_without_any_is_an_error(manifest, store, features):
    run = run_of(manifest, CCE(name="cce"), EmbeddingHead())
    with pytest.raises(LookupError, match="uses embeddings, but none were stored"):
        RunDataSource(manifest, store, features, CPU).run_data(run)


def test_a_run_on_frames_without_any_is_an_error(manifest, windows):
    with pytest.raises(LookupError, match="receives frames, but only embeddings were stored"):
        RunDataSource(manifest, None, FEATURES, CPU, windows).run_data(run_of(manifest, CCE(name="cce")))
