"""An ONNX graph has the probabilities of the model that it was made from."""

import json

import numpy as np
import pytest
import torch

from plugin_files import LINEAR, plugin_sources
from trainables.config import Configuration, Run
from trainables.feature_settings import FEATURES, Features
from trainables.inference.kept_model import TrainedNetwork, kept_model
from trainables.inference.onnx_graph import ExportError, largest_difference, missing_packages, to_onnx
from trainables.losses.catalogue import CCE
from trainables.networks.catalogue import BaselineCNN, VGGLike
from trainables.outputs.weights import Weights
from trainables.plugins.loading import load, use

pytestmark = pytest.mark.slow  # an export takes seconds

onnxruntime = pytest.importorskip("onnxruntime")

# A transform whose length is no power of two, and patches shorter than a window.
UNUSUAL = Features(sample_rate=8_000, n_fft=300, window=250, hop=25, mels=8, patch_frames=4, patch_hop=3)


def untrained(network, features):
    """Return a model with random weights: running statistics and standardisation too are not those of its start."""
    run = Run(configuration=Configuration(loss=CCE(name="cce"), network=network), seed=0, dataset="", features=features)
    module = network.make(features.shape, 5)
    generator = torch.Generator().manual_seed(0)
    state = {
        name: tensor + 0.1 * torch.rand(tensor.shape, generator=generator) if tensor.is_floating_point() else tensor
        for name, tensor in module.state_dict().items()
    }
    mean, sd = (torch.rand(features.mels, generator=generator) + 0.5 for _ in range(2))
    return kept_model([run], [Weights(state, mean, sd)], list("abcde"), torch.device("cpu"))


NOT_EXPORTABLE = [
    (
        "self.hidden(patches.flatten(1)) * (2 if patches.mean() > 0 else 1)",
        r"^PyTorch cannot export the network: my_losses\.py:21: GuardOnDataDependentSymNode: Could not guard [^\n]*$",
    ),
    (
        "__import__('torch').stack([self.hidden(patch.flatten()) for patch in patches])",
        r"^ONNX Runtime cannot run the graph: InvalidArgument: [^\n]* SequenceAt [^\n]*$",
    ),
]


@pytest.fixture(scope="module")
def graph(ensemble):
    return to_onnx(ensemble).data


def test_the_graph_of_an_ensemble_differs_from_it_by_less_than_a_ten_thousandth(graph, ensemble):
    assert largest_difference(graph, ensemble) < 1e-4


@pytest.mark.parametrize(("network", "features"), [(BaselineCNN(), FEATURES), (VGGLike(), UNUSUAL)])
def test_networks_with_usual_and_unusual_features_differ_by_less_than_a_ten_thousandth(network, features):
    model = untrained(network, features)
    assert to_onnx(model).difference < 1e-4


@pytest.fixture
def plugin():
    """What returns a network that a plugin of one file defines."""

    def network(definition):
        use([loaded := load(plugin_sources(definition))])
        return next(iter(loaded.networks.values()))(name="mine.linear")

    yield network
    use([])


def test_the_network_of_a_plugin_is_exported_too(plugin):
    assert to_onnx(untrained(plugin(LINEAR), UNUSUAL)).difference < 1e-4


@pytest.mark.parametrize(("operations", "reason"), NOT_EXPORTABLE)
def test_a_network_that_cannot_be_exported_is_one_line_that_states_why(plugin, operations, reason):
    definition = LINEAR.replace("self.hidden(patches.flatten(1)).relu()", operations)
    with pytest.raises(ExportError, match=reason):
        to_onnx(untrained(plugin(definition), UNUSUAL))


def test_the_graph_takes_sounds_of_any_length(graph, ensemble):
    session = onnxruntime.InferenceSession(graph)
    for samples in (2, 1000, 44_100, 123_457, 500_000):
        sound = np.random.default_rng(samples).uniform(-1, 1, samples).astype(np.float32)
        (probabilities,) = session.run(None, {"samples": sound[None]})
        assert np.abs(probabilities - ensemble(sound)).max() < 1e-4


def test_the_graph_names_the_classes_and_the_rate(graph, ensemble):
    metadata = onnxruntime.InferenceSession(graph).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["classes"]) == list(ensemble.classes)
    assert metadata["sample_rate"] == "44100"


def test_a_graph_with_other_probabilities_is_refused(model, monkeypatch):
    exact = TrainedNetwork.log_probabilities
    shifted = torch.zeros(len(model.classes))
    shifted[0] = 0.01
    monkeypatch.setattr(TrainedNetwork, "log_probabilities", lambda self, frames: exact(self, frames) + shifted)
    with pytest.raises(ExportError, match=r"differ from PyTorch's by up to 0\.00\d+; allowed: 0\.0001$"):
        to_onnx(model)


def test_packages_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxscript" else name)
    assert missing_packages() == ["onnxscript"]
