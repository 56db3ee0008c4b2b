"""The networks of a study in its paragraph on methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.text.methods.bibliography import WORKS
from analysis.text.methods.networks import NETWORKS
from trainables.losses.catalogue import CCE
from trainables.networks.catalogue import NETWORKS as MODELS
from trainables.networks.catalogue import BaselineCNN, EmbeddingHead, VGGLike
from trainables.networks.registry import UnknownNetwork
from trainables.plans import EmbeddingSummary

if TYPE_CHECKING:
    from factories import Builder
    from trainables.networks.base import Network

LOSS = CCE(name="cce")
YAMNET = EmbeddingSummary(digest="d", model="YAMNet", dims=1024, windows=9, hop_s=0.48, window_s=0.96)


def methods(study: Builder, *networks: tuple[str, Network], embeddings: EmbeddingSummary | None = None) -> list[str]:
    """Return the methods of a study with a run for each arm and network."""
    study.classes = [f"class {i}" for i in range(20)]
    study.embeddings = embeddings
    for arm, network in networks:
        varied = {"network.hidden": network.hidden} if isinstance(network, EmbeddingHead) else None
        study.add(arm, LOSS, 0, network=network, varied=varied)
    told = study.report().methods
    return [told.text, *told.works]


def test_every_built_in_network_has_a_name_in_words_and_a_work_that_is_listed() -> None:
    assert set(NETWORKS) == {model.model_fields["name"].default for model in MODELS}
    assert {work for _, work in NETWORKS.values() if work} <= set(WORKS)


def test_the_network_of_the_baseline_is_named_with_the_protocol_and_its_weights(study: Builder) -> None:
    (text, *_) = methods(study, ("a", BaselineCNN()), ("b", BaselineCNN()))
    assert "Features, network and training protocol are those of the baseline by Fonseca et al., 2019: " in text
    assert "a network of three convolutional layers with 531,624 weights, Adam at a learning rate of 0.001" in text
    assert "Networks compared" not in text


def test_another_network_for_all_runs_is_named_with_its_weights_and_its_work(study: Builder) -> None:
    text, *works = methods(study, ("a", VGGLike()), ("b", VGGLike()))
    assert "Features and training protocol are those of the baseline by Fonseca et al., 2019: " in text
    assert (
        "The network was the VGG-like network of FSD50K's baselines (Fonseca et al., 2022) with 220,436 weights."
        in text
    )
    assert "three convolutional layers" not in text
    assert WORKS["fonseca_fsd50k"].reference() in works


def test_networks_that_are_compared_are_listed_with_the_arms_that_train_them(study: Builder) -> None:
    (text, *_) = methods(study, ("a", BaselineCNN()), ("b", VGGLike()), ("c", VGGLike()))
    assert (
        "Networks compared: the network of three convolutional layers of the FSDnoisy18k baseline (Fonseca et al., "
        "2019) with 531,624 weights [a]; the VGG-like network of FSD50K's baselines (Fonseca et al., 2022) with "
        "220,436 weights [b, c]."
    ) in text


def test_initial_weights_are_equal_where_networks_are(study: Builder) -> None:
    (text, *_) = methods(study, ("a", BaselineCNN()), ("b", BaselineCNN()))
    assert "a seed gives every configuration the same initial weights and order of clips." in text
    (text, *_) = methods(study, ("c", VGGLike()))
    assert (
        "a seed gives every configuration the same order of clips, and equal networks the same initial weights." in text
    )


def test_a_network_of_a_plugin_is_named_with_its_parameters(study: Builder) -> None:
    network = UnknownNetwork.model_validate({"name": "mine.resnet", "depth": 18})
    (text, *_) = methods(study, ("a", network))
    assert "The network was mine.resnet from a plugin with depth = 18." in text


def test_a_study_on_embeddings_alone_names_them_and_no_log_mel_features(study: Builder) -> None:
    heads = [("a", EmbeddingHead(hidden=64)), ("a", EmbeddingHead(hidden=256))]
    (text, *_) = methods(study, *heads, embeddings=YAMNET)
    assert "The training protocol is that of the baseline by Fonseca et al., 2019: Adam" in text
    assert "Embeddings are those of YAMNet: 1,024 dimensions for windows of 0.96 s every 0.48 s." in text
    assert (
        "The network was a classifier on embeddings with hidden in {64, 256}, dropout = 0.1, 66,900 to 267,540 weights."
        in text
    )
    assert "log-mel" not in text


def test_arms_whose_networks_have_other_parameters_are_listed_each_with_its_own(study: Builder) -> None:
    heads = [("a", EmbeddingHead(hidden=0)), ("b", EmbeddingHead(hidden=64)), ("c", EmbeddingHead(hidden=64))]
    (text, *_) = methods(study, *heads, embeddings=YAMNET)
    assert (
        "Networks compared: a classifier on embeddings with hidden = 0, dropout = 0.1, 20,500 weights [a]; a "
        "classifier on embeddings with hidden = 64, dropout = 0.1, 66,900 weights [b, c]."
    ) in text
