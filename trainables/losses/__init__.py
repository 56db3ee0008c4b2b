"""Noise-robust losses: plain functions, ``from trainables.losses import gce``, and ``Loss``, the base of your own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.losses.base import Batch as Batch
    from trainables.losses.base import Loss as Loss
    from trainables.losses.base import LossFunction as LossFunction
    from trainables.losses.base import Memory as Memory
    from trainables.losses.base import Predictions as Predictions
    from trainables.losses.base import TrainingSet as TrainingSet
    from trainables.losses.robust import cce as cce
    from trainables.losses.robust import gce as gce
    from trainables.losses.robust import mae as mae
    from trainables.losses.robust import masking_threshold as masking_threshold
    from trainables.losses.robust import soft_bootstrapping as soft_bootstrapping
    from trainables.losses.robust import truncated_gce as truncated_gce
    from trainables.losses.soft_nearest_neighbour import adaptive_q as adaptive_q
    from trainables.losses.soft_nearest_neighbour import snn as snn

_MODULES = {
    "base": ("Batch", "Loss", "LossFunction", "Memory", "Predictions", "TrainingSet"),
    "robust": ("cce", "gce", "mae", "masking_threshold", "soft_bootstrapping", "truncated_gce"),
    "soft_nearest_neighbour": ("adaptive_q", "snn"),
}
_MODULE = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Batch",
    "Loss",
    "LossFunction",
    "Memory",
    "Predictions",
    "TrainingSet",
    "adaptive_q",
    "cce",
    "gce",
    "mae",
    "masking_threshold",
    "snn",
    "soft_bootstrapping",
    "truncated_gce",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a loss on first use, so that importing the package does not import torch."""
    if name not in _MODULE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
