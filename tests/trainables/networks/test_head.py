"""The classifier on embeddings: linear or with one hidden layer."""

import torch
from torch import nn

from trainables.networks.head import Head

EMBEDDINGS = torch.randn(5, 12, generator=torch.Generator().manual_seed(0))


def test_with_a_hidden_layer_its_features_are_the_hidden_activations():
    model = Head(12, 3, hidden=8, seed=0).eval()
    logits, features = model(EMBEDDINGS)
    assert (logits.shape, features.shape) == ((5, 3), (5, 8))
    assert torch.equal(features, torch.relu(model.hidden[0](EMBEDDINGS)))


def test_without_a_hidden_layer_it_is_linear_and_its_features_are_the_embeddings():
    model = Head(12, 3, hidden=0, seed=0).eval()
    logits, features = model(EMBEDDINGS)
    layer = model.output[1]
    assert torch.equal(features, EMBEDDINGS)
    assert torch.allclose(logits, EMBEDDINGS @ layer.weight.T + layer.bias, atol=1e-6)


def test_dropout_applies_to_the_inputs_of_the_output_layer_in_training_alone():
    model = Head(12, 3, hidden=0, dropout=0.5, seed=0)
    model.output[1] = nn.Identity()
    torch.manual_seed(0)
    dropped, features = model.train()(torch.ones(400, 12))
    assert 0.45 < (dropped == 0).double().mean() < 0.55
    assert torch.equal(features, torch.ones(400, 12))
    assert torch.equal(model.eval()(EMBEDDINGS)[0], EMBEDDINGS)


def test_the_seed_decides_the_weights_and_repeats():
    one, again, other = (Head(12, 3, seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[k], again[k]) for k in one)
    assert not torch.equal(one["hidden.0.weight"], other["hidden.0.weight"])
