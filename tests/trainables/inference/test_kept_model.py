"""A kept model predicts what its run predicted."""

from pathlib import Path

import numpy as np
import pytest
import torch

from trainables.audio.decoding import read_mono
from trainables.inference.kept_model import NoSoundError, kept_model
from trainables.networks.catalogue import EmbeddingHead


@pytest.fixture(scope="module")
def paths(manifest):
    return [Path(manifest.root) / clip.path for clip in manifest.clips if clip.split == "test"]


def test_it_predicts_the_test_clips_as_the_run_did(model, runs, paths):
    evaluation = runs[0].evaluation
    predicted = np.stack([model.predict(path).to_numpy()[0] for path in paths])
    assert predicted.argmax(axis=1).tolist() == evaluation.test.predictions
    np.testing.assert_allclose(predicted, evaluation.outputs.probabilities, rtol=2**-11, atol=1e-6)  # of float16


def test_the_probabilities_of_a_sound_sum_to_one(model, paths):
    wave = read_mono(paths[0], model.sample_rate)
    probabilities = model(wave)
    assert probabilities.dtype == np.float32
    assert probabilities.sum() == pytest.approx(1, abs=1e-6)


def test_a_waveform_and_its_file_have_the_same_probabilities(model, paths):
    wave = read_mono(paths[0], model.sample_rate)
    assert model.predict(paths[0]).to_numpy()[0].tolist() == model(wave).tolist()


def test_an_ensemble_has_the_geometric_mean_of_its_networks_normalised(ensemble, runs, manifest, paths):
    wave = read_mono(paths[0], ensemble.sample_rate)
    alone = [kept_model([run.run], [run.weights], manifest.classes)(wave) for run in runs]
    product = np.sqrt(alone[0] * alone[1])
    assert ensemble(wave) == pytest.approx(product / product.sum(), abs=1e-6)


def test_a_prediction_names_its_windows_and_classes(model, paths):
    table = model.predict(paths[0], window=0.5)
    assert table.index.names == ["start_s", "end_s"]
    assert list(table.columns) == list(model.classes)
    assert table.index[0] == (0.0, 0.5)


def test_a_window_of_a_file_is_predicted_like_a_file_of_its_own(model, paths):
    wave = read_mono(paths[0], model.sample_rate)
    windows = list(model.windows(paths[0], window=0.5, hop=0.25))
    second = wave[round(0.25 * model.sample_rate) : round(0.75 * model.sample_rate)]
    assert windows[1].probabilities.tolist() == model(second).tolist()


def test_a_network_on_embeddings_is_refused_in_one_message(runs, manifest):
    run, weights, _ = runs[0]
    configuration = run.configuration.model_copy(update={"network": EmbeddingHead()})
    with pytest.raises(NoSoundError, match=r"^the network head receives embeddings, not sounds: "):
        kept_model([run.model_copy(update={"configuration": configuration})], [weights], manifest.classes)


def test_making_a_model_leaves_the_random_numbers_of_the_process_as_they_were(runs, manifest):
    run, weights, _ = runs[0]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    kept_model([run], [weights], manifest.classes)
    assert torch.rand(1) == expected
