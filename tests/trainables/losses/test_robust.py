"""Losses and their gradients against vectors made with mpmath and the baseline's formulas, in float64 to 1e-10."""

import dataclasses
import json
import math

import pytest
import torch
from torch.nn import functional

from trainables.losses import catalogue
from trainables.losses.base import Batch
from trainables.losses.robust import (
    cce,
    gce,
    mae,
    masking_threshold,
    soft_bootstrapping,
    truncated_gce,
)

TOLERANCE = 1e-10


def vectors(golden, name):
    return json.loads((golden / f"{name}.json").read_text())


def double(values):
    return torch.tensor(values, dtype=torch.float64)


def worst(actual, expected):
    return (actual.detach() - double(expected)).abs().max().item()


@pytest.mark.parametrize("section", ["random", "extreme"])
def test_gce_and_its_gradient_equal_the_golden_vectors(golden, section):
    data = vectors(golden, "gce")[section]
    targets = torch.tensor(data["target"])
    for case in data["cases"]:
        logits = double(data["logits"]).requires_grad_()
        q = double(case["q"]) if isinstance(case["q"], list) else case["q"]
        losses = gce(logits, targets, q)
        losses.sum().backward()
        assert worst(losses, case["loss"]) <= TOLERANCE, case["q"]
        assert worst(logits.grad, case["grad_of_sum_wrt_logits"]) <= TOLERANCE, case["q"]


def test_truncated_gce_equals_the_golden_vectors(golden):
    data = vectors(golden, "gce")["truncated"]
    for case in data["cases"]:
        losses = truncated_gce(double(data["logits"]), torch.tensor(data["target"]), case["q"], case["k"])
        assert worst(losses, case["loss"]) <= TOLERANCE


def test_bootstrapping_and_its_gradient_equal_the_golden_vectors(golden):
    data = vectors(golden, "bootstrapping")
    for case in data["cases"]:
        logits = double(data["logits"]).requires_grad_()
        losses = soft_bootstrapping(logits, torch.tensor(data["target"]), case["beta"])
        losses.sum().backward()
        assert worst(losses, case["loss"]) <= TOLERANCE
        assert worst(logits.grad, case["grad_of_sum_wrt_logits"]) <= TOLERANCE


@pytest.mark.parametrize("rule", ["max", "outlier"])
@pytest.mark.parametrize("origin", [False, True])
def test_masking_equals_the_golden_vectors(golden, rule, origin):
    data = vectors(golden, "masking")
    case = data[("max_06" if rule == "max" else "outlier_19") + ("_origin" if origin else "")]
    made = (
        catalogue.LossMaskingOrigin(name="loss_masking_origin", rule=rule)
        if origin
        else catalogue.LossMasking(name="loss_masking", rule=rule)
    )
    logits = double(data["logits"])
    batch = Batch(logits, logits, torch.tensor(data["noisy"]) == 0, torch.arange(len(logits)), 1)
    losses = made.make()(logits, torch.tensor(data["target"]), batch)
    assert worst(losses, case["masked"]) <= TOLERANCE
    assert abs(losses.mean().item() - case["mean_over_batch"]) <= TOLERANCE
    assert masking_threshold(double(data["losses"]), rule).item() == pytest.approx(case["threshold"], abs=TOLERANCE)


def test_masking_keeps_a_loss_that_equals_its_threshold(golden):
    for edge in vectors(golden, "masking")["edge"].values():
        for name, case in edge.items():
            if isinstance(case, dict):
                losses = double(edge.get("losses", [0.0] * 64))
                kept = losses <= masking_threshold(losses, name.split("_")[0])
                assert int(kept.sum()) == case["n_kept"], name


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 5 * torch.randn(64, 20, generator=generator)
    targets = torch.randint(0, 20, (64,), generator=generator)
    inputs = torch.randn(64, 1, 10, 9, generator=generator)
    features = torch.randn(64, 8, generator=generator)
    return logits, targets, Batch(inputs, features, torch.arange(64) % 3 == 0, torch.arange(64), 1)


@pytest.mark.parametrize("q", [0.0, torch.tensor(0.0), torch.zeros(64)])
def test_q_zero_is_cross_entropy_bit_for_bit(batch, q):
    logits, targets, _ = batch
    assert torch.equal(gce(logits, targets, q), functional.cross_entropy(logits, targets, reduction="none"))


TINY = [1e-20, 1e-29, 1e-31, 1e-37, 1e-38, 1e-39, 1e-45, 1e-300, 5e-324]


def gradient(losses, logits):
    return torch.autograd.grad(losses.sum(), logits)[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("q", TINY)
@pytest.mark.parametrize("kind", [float, torch.tensor, lambda q: torch.full((64,), q, dtype=torch.float64)])
def test_gce_and_its_gradient_are_those_of_cross_entropy_for_every_tiny_q(batch, q, kind, dtype):
    logits, targets, _ = batch
    logits = (8 * logits).to(dtype).requires_grad_()  # cross-entropies from 0 to more than 100
    losses, limit = gce(logits, targets, kind(q)), cce(logits, targets)
    torch.testing.assert_close(losses, limit, rtol=3e-7, atol=0)
    torch.testing.assert_close(gradient(losses, logits), gradient(limit, logits), rtol=3e-7, atol=0)


@pytest.mark.parametrize("q", TINY)
def test_a_truncated_gce_of_tiny_q_is_cross_entropy_cut_at_minus_log_k(batch, q):
    logits, targets, _ = batch
    logits = logits.clone().requires_grad_()
    losses = truncated_gce(logits, targets, q, 0.3)
    torch.testing.assert_close(losses, cce(logits, targets).clamp_max(-math.log(0.3)), rtol=3e-7, atol=0)
    assert gradient(losses, logits).isfinite().all()


@pytest.mark.parametrize("name", ["gce", "gce_origin"])
@pytest.mark.parametrize("q", TINY)
def test_losses_of_a_study_with_a_tiny_q_are_cross_entropy(batch, name, q):
    logits, targets, extra = batch
    made = {"gce": catalogue.GCE, "gce_origin": catalogue.GCEOrigin}[name](name=name, q=q)
    torch.testing.assert_close(made.make()(logits, targets, extra), cce(logits, targets), rtol=3e-7, atol=0)


def test_adaptive_gce_whose_q_is_tiny_for_some_samples_has_finite_gradients(batch):
    logits, targets, _ = batch
    logits = logits.clone().requires_grad_()
    q = torch.logspace(-60, 0, 64, dtype=torch.float64)
    losses = gce(logits, targets, q)
    exact = -torch.expm1(-q * cce(logits.double(), targets)) / q
    torch.testing.assert_close(losses.double(), exact, rtol=1e-5, atol=1e-6)
    assert gradient(losses, logits).isfinite().all()


def test_q_one_is_mae(batch):
    logits, targets, _ = batch
    probability = logits.double().softmax(1)[torch.arange(64), targets]
    assert (mae(logits.double(), targets) - (1 - probability)).abs().max() < 1e-15
    assert torch.equal(gce(logits, targets, 1.0), mae(logits, targets))


def test_gce_is_accurate_in_float32_for_tiny_q_where_the_plain_formula_is_not(batch):
    logits, targets, _ = batch
    q = 1e-6
    probability = logits.softmax(1)[torch.arange(64), targets]
    plain = (1 - probability**q) / q
    exact = gce(logits.double(), targets, q)
    assert ((gce(logits, targets, q) - exact) / exact).abs().max() < 1e-5
    assert ((plain - exact) / exact).abs().max() > 1e-2


def test_truncated_gce_is_right_for_a_tiny_q():
    """At q -> 0 it is cross-entropy held at -log k."""
    losses = truncated_gce(double([[0.0, 9.0], [9.0, 0.0]]), torch.tensor([0, 0]), 1e-17, 0.5)
    assert losses.tolist() == pytest.approx([0.6931471805599453, 0.00012340218972], abs=1e-12)


def test_gradients_stay_finite_at_a_probability_of_1e_30():
    for q in (0.0, 1e-12, 0.3, 0.7, 1.0):
        logits = torch.tensor([[0.0, 69.1]], requires_grad=True)
        gce(logits, torch.tensor([0]), q).sum().backward()
        assert bool(logits.grad.isfinite().all()), q


@pytest.mark.parametrize("q", [-0.1, 1.1, float("nan")])
def test_q_outside_the_unit_interval_is_refused(batch, q):
    logits, targets, _ = batch
    with pytest.raises(ValueError, match=r"allowed: a number in \[0, 1\]"):
        gce(logits, targets, q)


def test_the_adaptive_loss_leaves_its_q_for_the_curve(batch):
    logits, targets, context = batch
    losses = catalogue.AdaptiveGCE(name="adaptive_gce", temperature=100.0).make()(logits, targets, context)
    assert torch.equal(losses, gce(logits, targets, context.scores["q"]))


def test_distances_on_penultimate_features_differ_from_those_on_the_input(batch):
    q = {}
    for distances in ("input", "penultimate"):
        catalogue.AdaptiveGCE(name="adaptive_gce", temperature=10.0, distances=distances).make()(*batch)
        q[distances] = batch[2].scores["q"].item()
    assert q["input"] != q["penultimate"]


def test_a_relative_temperature_stands_in_place_of_the_temperature_in_a_runs_identity():
    relative = catalogue.AdaptiveGCE(name="adaptive_gce", relative_temperature=0.1)
    assert "temperature" not in relative.model_dump()
    assert catalogue.AdaptiveGCE.model_validate(relative.model_dump()) == relative


def test_a_loss_without_a_relative_temperature_is_dumped_as_before():
    dumped = catalogue.AdaptiveGCE(name="adaptive_gce").model_dump()
    assert dumped == {"name": "adaptive_gce", "temperature": 1000.0, "reading": "mean", "distances": "input"}


def test_distances_between_embeddings_are_those_of_the_batchs_embeddings(batch):
    logits, targets, of = batch
    embeddings = torch.randn(64, 5, generator=torch.Generator().manual_seed(1))
    losses = {}
    for distances, x in (("embedding", {"embeddings": embeddings}), ("input", {"inputs": embeddings})):
        loss = catalogue.AdaptiveGCE(name="adaptive_gce", temperature=3.0, distances=distances).make()
        losses[distances] = loss(logits, targets, dataclasses.replace(of, **x))
    assert torch.equal(losses["embedding"], losses["input"])


def test_distances_between_embeddings_that_are_not_there_are_an_error(batch):
    loss = catalogue.AdaptiveGCE(name="adaptive_gce", distances="embedding").make()
    with pytest.raises(ValueError, match="between embeddings, but the batch has none"):
        loss(*batch)
