"""The check of what a loss returns."""

from __future__ import annotations

import torch


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
