"""Check that a loss or a network of a plugin does what training needs of it.

``gce-study check`` calls these functions for what a study uses, and so can your own tests:
``check_loss(Focal(name="mine.focal"))``.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from trainables.losses.base import Batch, Memory, TrainingSet
from trainables.losses.checking import checked_losses, made_function
from trainables.losses.registry import known_losses
from trainables.networks.building import build, checked_outputs
from trainables.networks.registry import known_networks
from trainables.plugins.forms import place_of_class
from trainables.plugins.importing import described, place_of
from trainables.plugins.installed import all_installed
from trainables.plugins.loading import load, use
from trainables.plugins.sources import PluginError, Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from trainables.losses.base import Loss, LossFunction
    from trainables.networks.base import Network

SIZE = 16  # patches in a batch
EXTREME = 200.0  # logits this far apart: in float32, one probability is 1 and the others are 0
TOLERANCE = 1e-4  # between float32 and float64, and between orders of a batch
CPU = torch.device("cpu")


def check_loss(loss: Loss, classes: int = 5) -> None:
    """Check a loss with given parameters.

    Its values must have shape (B,), be finite and have finite gradients, also where a probability is 0 or 1; follow
    their patches when the batch is reordered; agree in float32 and float64; be the same each time; and, if it keeps
    state, continue from a saved state as if uninterrupted.

    Args:
        loss: the loss.
        classes: number of classes K >= 2.

    Raises:
        AssertionError: the loss does something else; the message states what.

    """
    logits, targets = _logits(classes), torch.arange(SIZE) % classes
    losses, gradient = _evaluate(loss, logits, targets)
    _demand(bool(gradient.any()), f"{loss.name}: the gradient is 0 for every logit")
    _equal(_evaluate(loss, logits, targets), (losses, gradient), f"{loss.name}: a second call returns other values", 0)
    order = torch.randperm(SIZE, generator=torch.Generator().manual_seed(1))
    reordered = _evaluate(loss, logits[order], targets[order], order)
    _equal(reordered, (losses[order], gradient[order]), f"{loss.name}: the values depend on the order of the batch")
    if not isinstance(_made(loss), Memory):  # whose state is float32
        double = _evaluate(loss, logits.double(), targets)
        _equal(double, (losses, gradient), f"{loss.name}: float32 and float64 differ")
    for name, extreme in _extreme(classes, targets).items():
        values = _evaluate(loss, extreme, targets)
        for what, numbers in zip(("a value", "a gradient"), values, strict=True):
            _demand(bool(numbers.isfinite().all()), f"{loss.name}: {what} is not finite where {name}")
    _check_memory(loss, classes)


def check_network(network: Network, shape: tuple[int, ...] = (1, 100, 96), classes: int = 5) -> None:
    """Check a network with given parameters.

    It must return logits (B, K), not probabilities, and features (B, F), finite; follow ``torch.manual_seed``; in
    evaluation mode, score each patch independently of the others; and have a gradient for every weight.

    Args:
        network: the network.
        shape: of one input.
        classes: number of classes K >= 2.

    Raises:
        AssertionError: the network does something else; the message states what.

    """
    name = network.name
    patches = torch.randn(4, *shape, generator=torch.Generator().manual_seed(0))
    model, same, other = (build(network, shape, classes, seed, CPU) for seed in (0, 0, 1))
    trained = any(parameter.requires_grad for parameter in model.parameters())
    _demand(trained, f"network {name}: no weight to train")
    weights, again, others = (torch.cat([p.flatten() for p in of.parameters()]) for of in (model, same, other))
    _demand(bool(weights.equal(again)), f"network {name}: the same seed makes other weights")
    _demand(not weights.equal(others), f"network {name}: another seed makes the same weights")
    logits, _ = outputs = _outputs(model, name, patches, classes)
    _equal(_outputs(same, name, patches, classes), outputs, f"network {name}: the same seed returns other values", 0)
    probabilities = bool((logits >= 0).all()) and torch.allclose(logits.float().sum(1), torch.ones(len(logits)))
    _demand(not probabilities, f"network {name} returned probabilities; expected: logits, without a softmax")
    functional.cross_entropy(logits.float(), torch.arange(len(patches)) % classes).backward()  # type: ignore[no-untyped-call]
    for weight, parameter in model.named_parameters():
        if parameter.requires_grad:
            _demand(parameter.grad is not None, f"network {name}: the logits do not depend on {weight}")
            finite = parameter.grad is not None and bool(parameter.grad.isfinite().all())
            _demand(finite, f"network {name}: the gradient of {weight} is not finite")
    model.eval()
    together = _outputs(model, name, patches, classes)
    alone = [_outputs(model, name, patches[i : i + 1], classes) for i in range(len(patches))]
    apart = (torch.cat([of[0] for of in alone]), torch.cat([of[1] for of in alone]))
    _equal(
        together, apart, f"network {name}: in evaluation mode, the values of a patch depend on the others in its batch"
    )


def check_described(task: dict[str, Any]) -> None:
    """Check the losses and networks that JSON data describe; called in a separate process.

    Args:
        task: ``plugins``, the sources; ``losses`` and ``networks``, the settings; ``shape`` of a patch; ``dims`` of an
            embedding.

    Raises:
        PluginError: one does not do what it has to; the message begins with the file and line of its class.

    """
    names = [settings["name"] for settings in (*task["losses"], *task["networks"])]
    files = [load(Sources.model_validate(sources)) for sources in task["plugins"]]
    use([*files, *all_installed(names, files)])
    for settings in task["losses"]:
        loss = known_losses()[settings["name"]].model_validate(settings)
        with _at(type(loss)):
            check_loss(loss)
    for settings in task["networks"]:
        network = known_networks()[settings["name"]].model_validate(settings)
        with _at(type(network)):
            check_network(network, (task["dims"],) if network.input == "embeddings" else tuple(task["shape"]))


@contextmanager
def _at(model: type) -> Iterator[None]:
    """Raise a PluginError that names the place of a class in place of an error that names no line of the plugin."""
    try:
        yield
    except Exception as error:
        if place_of(error):
            raise
        msg = f"{place_of_class(model)}: {error if isinstance(error, AssertionError) else described(error)}"
        raise PluginError(msg) from None


@contextmanager
def _asserted() -> Iterator[None]:
    """Raise an AssertionError in place of the errors of the checks of what losses and networks make and return."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise AssertionError(str(error)) from None


def _logits(classes: int) -> torch.Tensor:
    return 2 * torch.randn(SIZE, classes, generator=torch.Generator().manual_seed(0))


def _extreme(classes: int, targets: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return logits (B, K) at the ends: the label has all of the probability, or none."""
    one_hot = functional.one_hot(targets, classes).float()
    return {
        "the probability of the label is 1": EXTREME * one_hot,
        "the probability of the label is 0": -EXTREME * one_hot,
        "another class has all of the probability": EXTREME * one_hot.roll(1, dims=1),
        "all classes are equally probable": torch.zeros(SIZE, classes),
    }


class _Predictions:
    """Predictions of all patches that differ from epoch to epoch."""

    def __init__(self, classes: int, epoch: int) -> None:
        self._log_p = (epoch * _logits(classes)).log_softmax(1)

    def running(self) -> torch.Tensor:
        return self._log_p

    def best(self) -> torch.Tensor:
        return self._log_p


def _made(loss: Loss) -> LossFunction:
    with _asserted():
        return made_function(loss)


def _start(loss: Loss, targets: torch.Tensor, classes: int) -> LossFunction:
    torch.manual_seed(0)
    function = _made(loss)
    if isinstance(function, Memory):
        patches = torch.arange(SIZE)
        function.start(TrainingSet(targets, _verified(patches), patches // 2, classes))
    return function


def _verified(patches: torch.Tensor) -> torch.Tensor:
    return patches % 2 == 0


def _call(  # noqa: PLR0913, PLR0917 -- what a training passes to a loss
    loss: Loss,
    function: LossFunction,
    logits: torch.Tensor,
    targets: torch.Tensor,
    patches: torch.Tensor,
    epoch: int = 1,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the losses (B,) and the gradient of their sum by the logits (B, K)."""
    logits = logits.clone().requires_grad_()
    inputs = torch.randn(SIZE, 1, 20, 16, generator=torch.Generator().manual_seed(2))[patches]
    embeddings = torch.randn(SIZE, 24, generator=torch.Generator().manual_seed(3))[patches]
    batch = Batch(inputs, inputs.flatten(1), _verified(patches), patches, epoch, embeddings)
    if isinstance(function, Memory):
        function.begin_epoch(epoch, _Predictions(logits.shape[1], epoch))
    returned = function(logits, targets, batch)
    with _asserted():
        losses = checked_losses(returned, loss.name, SIZE)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    return losses.detach(), gradient


def _evaluate(
    loss: Loss, logits: torch.Tensor, targets: torch.Tensor, order: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    patches = torch.arange(SIZE) if order is None else order
    in_order = targets if order is None else targets[order.argsort()]
    function = _start(loss, in_order, logits.shape[1])
    return _call(loss, function, logits, targets, patches)


def _check_memory(loss: Loss, classes: int) -> None:
    """Check that a loss that keeps state continues from a saved one as if uninterrupted."""
    targets, patches = torch.arange(SIZE) % classes, torch.arange(SIZE)
    function = _start(loss, targets, classes)
    if not isinstance(function, Memory):
        return
    for epoch in (1, 2):
        _call(loss, function, _logits(classes), targets, patches, epoch)
    file = io.BytesIO()
    torch.save(function.state_dict(), file)
    restored = _start(loss, targets, classes)
    file.seek(0)
    assert isinstance(restored, Memory)  # noqa: S101 -- for mypy: made as ``function`` was
    restored.load_state_dict(torch.load(file, weights_only=True))
    ahead, resumed = (_call(loss, of, _logits(classes), targets, patches, 3) for of in (function, restored))
    _equal(resumed, ahead, f"{loss.name}: training that is resumed from the saved state continues differently", 0)


def _outputs(model: nn.Module, name: str, patches: torch.Tensor, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    returned = model(patches)
    with _asserted():
        logits, features = checked_outputs(returned, name, len(patches), classes)
    for what, numbers in (("a logit", logits), ("a feature", features)):
        _demand(bool(numbers.isfinite().all()), f"network {name}: {what} is not finite")
    return logits, features


def _equal(
    actual: tuple[torch.Tensor, torch.Tensor],
    expected: tuple[torch.Tensor, torch.Tensor],
    problem: str,
    tolerance: float = TOLERANCE,
) -> None:
    for one, other in zip(actual, expected, strict=True):
        close = torch.allclose(one.double(), other.double(), rtol=tolerance, atol=tolerance, equal_nan=True)
        _demand(close, f"{problem}: by {(one - other).abs().max().item():.3g}")


def _demand(condition: bool, problem: str) -> None:  # noqa: FBT001 -- as an assertion
    if not condition:
        raise AssertionError(problem)
