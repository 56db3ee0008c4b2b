"""Losses that leave out samples: when they begin, which samples they leave out, and what remains."""

import json
import math

import pytest
import torch

from trainables.config import Configuration, Run
from trainables.losses.base import Batch, Memory, TrainingSet
from trainables.losses.memory.sample_selection import discard_largest
from trainables.losses.memory.settings import ConstantTruncatedGCE, Pruning, ScheduledGCE, TruncatedGCE
from trainables.losses.robust import gce, truncated_gce


class Fixed:
    """Predictions that are the same throughout."""

    def __init__(self, running=None, best=None):
        self._running, self._best = running, best

    def running(self):
        return self._running

    def best(self):
        return self._best


def log_p_of(probabilities):
    """Return log-probabilities of two classes: p of class 0, and the rest."""
    p = torch.tensor(probabilities, dtype=torch.float64)
    return torch.stack([p, 1 - p], dim=1).log()


def training_set(targets, clips=None, classes=2):
    targets = torch.tensor(targets)
    clips = torch.arange(len(targets)) if clips is None else torch.tensor(clips)
    return TrainingSet(targets=targets, verified=targets >= 0, clips=clips, classes=classes)


def batch_of(index, epoch=1):
    patches = torch.as_tensor(index)
    return Batch(patches, patches, patches >= 0, patches, epoch)


def double(values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("number", [0, 1])
def test_truncated_gce_and_its_gradient_equal_the_golden_traces(golden, number):
    trace = json.loads((golden / "truncated_gce.json").read_text())["traces"][number]
    q, k, start, every = (trace[name] for name in ("q", "k", "start", "every"))
    loss = TruncatedGCE(name="truncated_gce", q=q, k=k, start=start, every=every).make()
    targets = torch.tensor(trace["target"])
    loss.start(training_set(trace["target"], classes=5))
    for epoch in trace["epochs"]:
        best = epoch["best_model_logits"]
        loss.begin_epoch(epoch["epoch"] + 1, Fixed(best=best and double(best).log_softmax(dim=1)))
        assert loss.weights.int().tolist() == epoch["weights"]
        logits = double(epoch["logits"]).requires_grad_()
        losses = loss(logits, targets, batch_of(range(len(targets)), epoch["epoch"] + 1))
        losses.sum().backward()
        torch.testing.assert_close(losses.detach(), double(epoch["loss_eq9_form"]), rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(logits.grad, double(epoch["grad_of_sum_wrt_logits"]), rtol=1e-9, atol=1e-12)


def test_the_two_forms_of_the_golden_losses_differ_by_a_constant(golden):
    """So the form that is never negative has the same gradient as that of eq. 12."""
    for case in json.loads((golden / "truncated_gce.json").read_text())["cases"]:
        q, k = case["params"]["q"], case["params"]["k"]
        difference = double(case["loss_eq9_form"]) - double(case["loss"])
        assert (difference - (1 - k**q) / q).abs().max() < 1e-12


def test_truncated_gce_is_plain_gce_before_its_first_renewal():
    loss = TruncatedGCE(name="truncated_gce", start=3, every=1).make()
    loss.start(training_set([0, 0]))
    logits, targets = double([[-9.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 0])
    for epoch in (1, 2):
        loss.begin_epoch(epoch, Fixed(best=log_p_of([1e-4, 0.9])))
        assert torch.equal(loss(logits, targets, batch_of([0, 1], epoch)), gce(logits, targets, 0.7))
    loss.begin_epoch(3, Fixed(best=log_p_of([1e-4, 0.9])))
    assert loss(logits, targets, batch_of([0, 1], 3))[0].item() == pytest.approx((1 - 0.5**0.7) / 0.7)


@pytest.mark.parametrize(("weights_from", "expected"), [("best", [True, False]), ("running", [False, True])])
def test_weights_follow_from_the_best_or_the_running_network(weights_from, expected):
    loss = TruncatedGCE(name="truncated_gce", start=1, every=1, weights_from=weights_from).make()
    loss.start(training_set([0, 0]))
    loss.begin_epoch(1, Fixed(running=log_p_of([0.2, 0.8]), best=log_p_of([0.8, 0.2])))
    assert loss.weights.tolist() == expected
    assert loss.needs_best == (weights_from == "best")


def test_a_sample_that_was_left_out_can_come_back():
    loss = TruncatedGCE(name="truncated_gce", start=1, every=1, weights_from="running").make()
    loss.start(training_set([0, 0]))
    for epoch, p in ((1, [0.2, 0.8]), (2, [0.8, 0.2])):
        loss.begin_epoch(epoch, Fixed(running=log_p_of(p)))
        assert loss.weights.tolist() == [value > 0.5 for value in p]


def test_scheduled_gce_has_its_first_q_during_the_warm_up_and_discards_afterwards():
    loss = ScheduledGCE(name="scheduled_gce", warm_up=2).make()
    logits = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    targets = torch.arange(64) % 5
    for epoch in (1, 2):
        assert torch.equal(loss(logits, targets, batch_of(range(64), epoch)), gce(logits, targets, 0.7))
    later = loss(logits, targets, batch_of(range(64), 3))
    assert torch.equal(later, discard_largest(gce(logits, targets, 0.5), "max", 0.93))
    assert (later == 0).any()


def test_rule_max_discards_losses_above_a_share_of_the_largest_and_keeps_the_mean_of_the_rest():
    losses = discard_largest(double([1.0, 9.2, 9.4, 10.0]), "max", 0.93)
    assert (losses > 0).tolist() == [True, True, False, False]
    assert losses.mean().item() == pytest.approx((1.0 + 9.2) / 2)


def test_rule_quantile_discards_five_of_64_losses_at_93_percent():
    """As the authors choose it: the lower of two neighbours is the 59th of 64."""
    values = torch.randperm(64, generator=torch.Generator().manual_seed(0)).double() + 1
    losses = discard_largest(values, "quantile", 0.93)
    assert sorted(values[losses == 0].tolist()) == [60, 61, 62, 63, 64]
    assert losses.mean().item() == pytest.approx(sum(range(1, 60)) / 59)


def test_a_batch_of_equal_losses_gives_finite_losses_and_gradients():
    logits = torch.zeros(4, 5, requires_grad=True)
    losses = discard_largest(gce(logits, torch.zeros(4, dtype=torch.int64), 0.5), "max", 0.93)
    losses.sum().backward()
    assert bool(losses.isfinite().all())
    assert bool(logits.grad.isfinite().all())


def test_no_gradient_flows_through_the_scale_of_the_kept_losses():
    values = double([1.0, 2.0, 10.0]).requires_grad_()
    discard_largest(values, "max", 0.5).mean().backward()
    torch.testing.assert_close(values.grad, double([0.5, 0.5, 0.0]))


def test_pruning_leaves_out_the_clips_with_the_largest_mean_loss_after_the_warm_up():
    loss = Pruning(name="pruning", warm_up=2, discard=0.25).make()
    p = [0.9, 0.9, 0.1, 0.8, 0.4, 0.3, 0.7]  # the loss of clip 1 is that of its patches' mean
    clips = [0, 0, 1, 1, 2, 2, 3]
    loss.start(training_set([0] * 7, clips))
    for epoch in (1, 2):
        loss.begin_epoch(epoch, Fixed(running=log_p_of(p)))
        assert loss.kept is None
    loss.begin_epoch(3, Fixed(running=log_p_of(p)))
    means = [sum((1 - x**0.7) / 0.7 for x, c in zip(p, clips, strict=True) if c == clip) for clip in range(3)]
    assert max(means) == means[2]
    assert loss.kept.tolist() == [clip != 2 for clip in clips]
    loss.begin_epoch(4, Fixed(running=log_p_of([0.1] * 7)))
    assert loss.kept.tolist() == [clip != 2 for clip in clips]


@pytest.mark.parametrize("discard", [0.05, 0.1, 0.5, 0.9])
def test_pruning_leaves_out_the_stated_share_of_the_clips(discard):
    loss = Pruning(name="pruning", warm_up=1, discard=discard).make()
    loss.start(training_set([0] * 1000))
    loss.begin_epoch(2, Fixed(running=log_p_of(torch.linspace(0.001, 0.999, 1000).tolist())))
    assert (~loss.kept).sum().item() == 1000 * discard


def test_the_loss_of_pruning_is_gce():
    logits, targets = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    loss = Pruning(name="pruning", q=0.6).make()
    loss.start(training_set([0] * 4))
    assert torch.equal(loss(logits, targets, batch_of(range(4))), gce(logits, targets, 0.6))


@pytest.mark.parametrize("made", [TruncatedGCE(name="truncated_gce"), Pruning(name="pruning")])
def test_state_survives_a_round_trip(made):
    loss, other = made.make(), made.make()
    assert isinstance(loss, Memory)
    for either in (loss, other):
        either.start(training_set([0] * 4))
    predictions = Fixed(*[log_p_of([0.1, 0.2, 0.8, 0.9])] * 2)
    loss.begin_epoch(20, predictions)
    loss.begin_epoch(21, predictions)
    other.load_state_dict(loss.state_dict())
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in loss.state_dict().items())
    assert loss.state_dict()


def test_the_ceiling_of_truncated_gce_is_its_value_at_k():
    for q in (1e-40, 0.3, 1.0):
        loss = TruncatedGCE(name="truncated_gce", q=q, k=0.3, start=1, every=1, weights_from="running").make()
        loss.start(training_set([0]))
        loss.begin_epoch(1, Fixed(running=log_p_of([0.1])))
        ceiling = loss(double([[0.0, 9.0]]), torch.tensor([0]), batch_of([0])).item()
        assert ceiling == pytest.approx(-math.log(0.3) if q < 1e-30 else (1 - 0.3**q) / q)


def test_a_run_of_the_first_versions_truncated_gce_keeps_its_run_id_and_its_loss():
    loss = {"name": "truncated_gce", "q": 0.7, "k": 0.5}
    stored = {"configuration": {"loss": loss}, "seed": 0, "dataset": "0" * 20}
    for run in (Run.model_validate(stored), Run.model_validate_json(json.dumps(stored))):
        assert run.run_id == "9d1ac998c8f0e4d0977b"
        assert run.model_dump()["configuration"]["loss"] == loss
        assert Run.model_validate(run.model_dump()).run_id == run.run_id
    logits, targets = double([[-9.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 0])
    made = ConstantTruncatedGCE(name="truncated_gce").make()
    assert torch.equal(made(logits, targets, batch_of([0, 1])), truncated_gce(logits, targets, 0.7, 0.5))


def test_a_run_of_truncated_gce_has_another_run_id_than_one_of_the_first_version():
    configuration = Configuration(loss=TruncatedGCE(name="truncated_gce"))
    run = Run(configuration=configuration, seed=0, dataset="0" * 20)
    assert set(run.model_dump()["configuration"]["loss"]) == {"name", "q", "k", "start", "every", "weights_from"}
    assert type(Run.model_validate(run.model_dump()).configuration.loss) is TruncatedGCE
    assert run.run_id != "9d1ac998c8f0e4d0977b"
