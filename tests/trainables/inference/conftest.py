"""One run that is really trained, and the model of its weights."""

from typing import NamedTuple

import pytest
import torch

from trainables.config import Configuration, Run, Training
from trainables.inference.kept_model import kept_model
from trainables.losses.catalogue import CCE
from trainables.outputs.weights import Weights
from trainables.training.run_training import Evaluation, RunTraining


class Trained(NamedTuple):
    """A trained run, its weights, and what it predicted."""

    run: Run
    weights: Weights
    evaluation: Evaluation


def trained(manifest, loader, features, seed):
    configuration = Configuration(loss=CCE(name="cce"), training=Training(epochs=1, batch_size=16))
    run = Run(configuration=configuration, seed=seed, dataset=manifest.fingerprint, features=features)
    training = RunTraining(run, loader.run_data(run), torch.device("cpu"))
    while not training.finished:
        training.train_epoch()
    patches = training.data.patches
    weights = Weights(training.model.state_dict(), patches.mean, patches.sd)
    return Trained(run, weights, training.evaluate())


@pytest.fixture(scope="session")
def runs(manifest, loader, features):
    return [trained(manifest, loader, features, seed) for seed in (0, 1)]


@pytest.fixture(scope="session")
def model(runs, manifest):
    run, weights, _ = runs[0]
    return kept_model([run], [weights], manifest.classes, torch.device("cpu"))


@pytest.fixture(scope="session")
def ensemble(runs, manifest):
    return kept_model([run.run for run in runs], [run.weights for run in runs], manifest.classes, torch.device("cpu"))
