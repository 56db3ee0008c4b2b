"""The contract of losses and networks: built-in ones keep it, and each way to break it is named."""

import pytest

from plugin_files import FOCAL, LINEAR, plugin_sources
from study.testing import check_loss, check_network
from trainables.losses.catalogue import GCE, AdaptiveGCE, LossMasking
from trainables.networks.catalogue import BaselineCNN
from trainables.plugins.loading import load

RESULT = "return -((1 - log_p.exp()) ** self.gamma) * log_p"
MEMORY = """\
from trainables.losses import Memory


class Running(Memory):
    state = ("mean",)

    def start(self, data):
        self.mean = data.targets.new_zeros(len(data.targets)).float()

    def begin_epoch(self, epoch, predictions):
        self.mean = self.mean + predictions.running().mean()

    def __call__(self, logits, targets, batch):
        log_p = logits.log_softmax(1).gather(1, targets[:, None]).squeeze(1)
        self.mean[batch.patches] = 0.9 * self.mean[batch.patches] + 0.1 * log_p.detach()
        return -log_p * (1 - self.mean[batch.patches])


class Remembering(Loss):
    name: Literal["mine.remembering"]

    def make(self):
        return Running()
"""


def loss(text, name="mine.focal"):
    return load(plugin_sources(text)).losses[name](name=name)


def network(text):
    return load(plugin_sources(text)).networks["mine.linear"](name="mine.linear")


@pytest.mark.parametrize(
    "made",
    [GCE(name="gce"), AdaptiveGCE(name="adaptive_gce"), LossMasking(name="loss_masking", rule="outlier")],
    ids=lambda made: made.name,
)
def test_a_built_in_loss_keeps_the_contract(made):
    check_loss(made)


def test_a_plugins_loss_keeps_the_contract():
    check_loss(loss(FOCAL))


def test_a_loss_with_memory_keeps_the_contract():
    check_loss(loss(MEMORY, "mine.remembering"))


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ("return None", "loss mine.focal returned None; expected: a value per patch, shape (16,)"),
        ("return targets", "loss mine.focal returned a tensor of torch.int64; expected: a value per patch"),
        ("return log_p.mean()", "loss mine.focal returned a tensor of shape (); expected: a value per patch"),
        ("return logits", "loss mine.focal returned a tensor of shape (16, 5); expected: a value per patch"),
        ("return log_p.detach()", "loss mine.focal returned values that do not depend on the logits"),
        ("return 0 * log_p", "mine.focal: the gradient is 0 for every logit"),
        (
            "return -logits.softmax(1).gather(1, targets[:, None]).squeeze(1).log()",
            "mine.focal: a value is not finite where the probability of the label is 0",
        ),
        (
            "return -(log_p.exp() + 1e-30).sqrt().clamp(max=1) + 0 * (log_p.exp() ** -0.5).clamp(max=1e9)",
            "mine.focal: a gradient is not finite where the probability of the label is 0",
        ),
        ("return log_p * log_p[0].exp()", "mine.focal: the values depend on the order of the batch: by "),
        (
            "return log_p * (1 + batch.inputs.new_empty(1).normal_(generator=STATE))",
            "mine.focal: a second call returns",
        ),
        ("return (log_p * 1e4).float().double().sin().to(log_p.dtype)", "mine.focal: float32 and float64 differ: by "),
    ],
)
def test_what_breaks_the_contract_of_a_loss_is_named(result, problem):
    text = FOCAL.replace(RESULT, result)
    assert text != FOCAL
    if "STATE" in result:
        text = f"import torch\n\nSTATE = torch.Generator()\n\n{text}"
    with pytest.raises(AssertionError) as error:
        check_loss(loss(text))
    assert str(error.value).startswith(problem)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ("return None", "make returned None; expected: a function of logits, targets and batch"),
        ("return Loss", "make returned the class Loss; expected: a function of logits, targets and batch"),
        ("return 3", "make returned an object of class int; expected: a function of logits, targets and batch"),
        (
            "return lambda logits, targets: logits",
            "make returned a function of (logits, targets); expected: a function of logits, targets and batch",
        ),
    ],
)
def test_a_loss_that_makes_no_function_of_logits_targets_and_batch_is_named(made, problem):
    with pytest.raises(AssertionError) as error:
        check_loss(loss(FOCAL.replace("return focal", made)))
    assert str(error.value) == f"loss mine.focal: {problem}"


def test_a_loss_that_loses_its_state_is_named():
    with pytest.raises(AssertionError, match="training that is resumed from the saved state continues differently"):
        check_loss(loss(MEMORY.replace('("mean",)', "()"), "mine.remembering"))


@pytest.mark.slow
def test_a_built_in_network_keeps_the_contract():
    check_network(BaselineCNN())


def test_a_plugins_network_keeps_the_contract():
    check_network(network(LINEAR), (1, 10, 4))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "return self.output(features), features",
            "return self.output(features)",
            "network mine.linear returned a float32",
        ),
        (
            "return self.output(features), features",
            "return self.output(features)[:, :2], features",
            "network mine.linear returned logits of shape (4, 2); expected: a pair of logits (4, 5)",
        ),
        (
            "return self.output(features), features",
            "return self.output(features) / 0, features",
            "network mine.linear: a logit is not finite",
        ),
        (
            "return Module(Size(shape).numel(), self.features)",
            "return Module(Size(shape).numel(), self.features).requires_grad_(False)",
            "network mine.linear: no weight to train",
        ),
        (
            "return self.output(features), features",
            "return self.output(features).softmax(1), features",
            "network mine.linear returned probabilities; expected: logits, without a softmax",
        ),
        (
            "return self.output(features), features",
            "return self.output(features.detach()), features",
            "network mine.linear: the logits do not depend on hidden.weight",
        ),
        (
            "features = self.hidden",
            "patches = patches - patches.mean(0) if len(patches) > 1 else patches; features = self.hidden",
            "network mine.linear: in evaluation mode, the values of a patch depend on the others in its batch: by ",
        ),
        (
            "return Module(",
            "from torch import manual_seed\n        manual_seed(0)\n        return Module(",
            "network mine.linear: another seed makes the same weights",
        ),
        (
            "return Module(",
            "from torch import seed\n        seed()\n        return Module(",
            "network mine.linear: the same seed makes other weights",
        ),
    ],
)
def test_what_breaks_the_contract_of_a_network_is_named(old, new, problem):
    assert old in LINEAR
    with pytest.raises(AssertionError) as error:
        check_network(network(LINEAR.replace(old, new)), (1, 10, 4))
    assert str(error.value).startswith(problem)
