"""Each optimiser's steps against torch's own optimiser with the settings written out."""

import pytest
import torch

from trainables.config import Training
from trainables.training.optimiser import make_optimiser

DEFAULTS = {
    "adam": lambda weights: torch.optim.Adam(weights, lr=1e-3, eps=1e-7),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=1e-3, momentum=0.9),
}


def weights_after(make, steps=5):
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64))
    optimiser = make([weight])
    for _ in range(steps):
        optimiser.zero_grad()
        (weight**4).sum().backward()
        optimiser.step()
    return weight.detach().tolist()


def ours(**settings):
    return weights_after(lambda weights: make_optimiser(weights, Training(**settings)))


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_optimiser_without_further_settings_steps_as_torchs_does(name):
    assert ours(optimizer=name) == pytest.approx(weights_after(DEFAULTS[name]), rel=1e-12)


def test_adamw_decays_weights_apart_from_the_gradient_as_torchs_does():
    theirs = weights_after(lambda weights: torch.optim.AdamW(weights, lr=0.1, eps=1e-7, weight_decay=0.3))
    assert ours(optimizer="adamw", learning_rate=0.1, weight_decay=0.3) == pytest.approx(theirs, rel=1e-12)
    assert theirs != pytest.approx(ours(optimizer="adam", learning_rate=0.1, weight_decay=0.3), rel=1e-3)


def test_sgd_has_momentum_and_weight_decay_as_torchs_has():
    theirs = weights_after(lambda weights: torch.optim.SGD(weights, lr=0.01, momentum=0.5, weight_decay=0.3))
    assert ours(optimizer="sgd", learning_rate=0.01, momentum=0.5, weight_decay=0.3) == pytest.approx(theirs, rel=1e-12)


def test_adamw_without_weight_decay_is_adam_bit_for_bit():
    assert ours(optimizer="adamw") == ours(optimizer="adam")
