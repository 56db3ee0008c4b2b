"""The checks of what a loss makes and of what that returns."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from trainables.losses.base import Loss, LossFunction

EXPECTED = "expected: a function of logits, targets and batch"


def made_function(loss: Loss) -> LossFunction:
    """Return the function that the settings of a loss make, if it can be called as training calls it.

    Raises:
        TypeError: it is no function, or takes other arguments than logits, targets and batch.

    """
    function = loss.make()
    if isinstance(function, type) or not callable(function):
        kind = "the" if isinstance(function, type) else "an object of"
        name = function.__name__ if isinstance(function, type) else type(function).__name__
        msg = f"loss {loss.name}: make returned {'None' if function is None else f'{kind} class {name}'}; {EXPECTED}"
        raise TypeError(msg)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # one of C states none
        return function
    try:
        signature.bind(None, None, None)
    except TypeError:
        msg = f"loss {loss.name}: make returned a function of {signature}; {EXPECTED}"
        raise TypeError(msg) from None
    return function


def checked_losses(losses: object, name: str, size: int) -> torch.Tensor:
    """Return what a loss returned, if it is one value per patch, computed from the logits.

    The values themselves are not read, because that would wait for the GPU.

    Args:
        losses: what the loss returned.
        name: of the loss.
        size: number of patches B.

    Raises:
        TypeError: it is no floating-point tensor.
        ValueError: its shape is not (B,), or it has no gradient: the run would train by weight decay alone.

    """
    expected = f"expected: a value per patch, shape ({size},)"
    if not (isinstance(losses, torch.Tensor) and losses.is_floating_point()):
        kind = f"a tensor of {losses.dtype}" if isinstance(losses, torch.Tensor) else f"a {type(losses).__name__}"
        msg = f"loss {name} returned {'None' if losses is None else kind}; {expected}"
        raise TypeError(msg)
    if losses.shape != (size,):
        msg = f"loss {name} returned a tensor of shape {tuple(losses.shape)}; {expected}"
        raise ValueError(msg)
    if not losses.requires_grad:
        msg = f"loss {name} returned values that do not depend on the logits"
        raise ValueError(msg)
    return losses
