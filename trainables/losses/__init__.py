"""Noise-robust losses, as plain functions: ``from trainables.losses import gce, adaptive_q``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.losses.robust import cce as cce
    from trainables.losses.robust import gce as gce
    from trainables.losses.robust import mae as mae
    from trainables.losses.robust import masking_threshold as masking_threshold
    from trainables.losses.robust import soft_bootstrapping as soft_bootstrapping
    from trainables.losses.robust import truncated_gce as truncated_gce
    from trainables.losses.soft_nearest_neighbour import adaptive_q as adaptive_q
    from trainables.losses.soft_nearest_neighbour import snn as snn

__all__ = ["adaptive_q", "cce", "gce", "mae", "masking_threshold", "snn", "soft_bootstrapping", "truncated_gce"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a loss on first use, so that importing the package does not import torch."""
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module = "soft_nearest_neighbour" if name in {"adaptive_q", "snn"} else "robust"
    return getattr(import_module(f"{__name__}.{module}"), name)
