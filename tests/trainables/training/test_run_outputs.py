"""The outputs of a run: which clips have which values, and that they are those of its training and final weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainables.datasets.subsets import split_validation, subset
from trainables.training.margins import margins
from trainables.training.run_training import RunTraining

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def run(make_run):
    return make_run(epochs=1, subset="clean", batch_size=4)


@pytest.fixture
def training(run, loader):
    training = RunTraining(run, loader.run_data(run), torch.device("cpu"))
    training.train_epoch()
    return training


def test_the_clips_of_a_subset_have_values_and_others_have_none(training, run, manifest):
    outputs, protocol = training.evaluate().outputs, run.configuration.training
    clips = [i for i, clip in enumerate(manifest.clips) if clip.split == "train"]
    trained, held_out = split_validation(manifest, subset(manifest, "clean"), protocol.validation, protocol.split_seed)
    assert len(outputs.margins) == len(outputs.epochs) == len(outputs.suggested) == len(clips)
    expected = {
        clips.index(i): value for i, value in zip(trained, training.margins.means().margins.tolist(), strict=True)
    }
    for place in range(len(clips)):
        if clips[place] in held_out:
            assert np.isfinite(outputs.margins[place])
            assert outputs.epochs[place] == 0
        elif place in expected:
            np.testing.assert_equal(outputs.margins[place], np.float32(expected[place]))
        else:
            assert np.isnan(outputs.margins[place])
            assert outputs.epochs[place] == outputs.suggested[place] == 0
    assert 0 < len(expected) < len(clips) - len(held_out)


def test_held_out_clips_are_measured_by_the_final_weights(training):
    index, places = training.data.validation, training.data.places
    log_p = training._log_probabilities(index).double()
    of_patches, outputs = margins(log_p, index.labels).numpy(), training.evaluate().outputs
    for clip, place in enumerate(places.validation):
        patches = index.clips.numpy() == clip
        assert outputs.margins[place] == pytest.approx(of_patches[patches].mean(), rel=1e-5)
        assert outputs.suggested[place] == log_p.numpy()[patches].mean(axis=0).argmax()


def test_probabilities_are_those_that_the_predictions_follow(training):
    evaluation, index = training.evaluate(), training.data.test
    p = training._log_probabilities(index).double().exp().numpy()
    means = np.stack([np.exp(np.log(p[index.clips.numpy() == clip]).mean(axis=0)) for clip in range(12)])
    np.testing.assert_allclose(
        evaluation.outputs.probabilities, means / means.sum(axis=1, keepdims=True), rtol=1e-3, atol=1e-7
    )
    assert evaluation.outputs.probabilities.argmax(axis=1).tolist() == evaluation.test.predictions
