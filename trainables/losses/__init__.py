"""Noise-robust losses: plain functions, ``from trainables.losses import gce``, and ``Loss``, the base of your own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.losses.asymmetric import agce as agce
    from trainables.losses.asymmetric import aul as aul
    from trainables.losses.base import Batch as Batch
    from trainables.losses.base import Loss as Loss
    from trainables.losses.base import LossFunction as LossFunction
    from trainables.losses.base import Memory as Memory
    from trainables.losses.base import Predictions as Predictions
    from trainables.losses.base import TrainingSet as TrainingSet
    from trainables.losses.correction import forward_correction as forward_correction
    from trainables.losses.cross_entropies import focal as focal
    from trainables.losses.cross_entropies import label_smoothing as label_smoothing
    from trainables.losses.cross_entropies import sce as sce
    from trainables.losses.interpolated import js as js
    from trainables.losses.interpolated import taylor_ce as taylor_ce
    from trainables.losses.normalised import anl as anl
    from trainables.losses.normalised import nce as nce
    from trainables.losses.normalised import nce_agce as nce_agce
    from trainables.losses.normalised import nce_aul as nce_aul
    from trainables.losses.normalised import nce_mae as nce_mae
    from trainables.losses.normalised import nce_rce as nce_rce
    from trainables.losses.robust import cce as cce
    from trainables.losses.robust import gce as gce
    from trainables.losses.robust import mae as mae
    from trainables.losses.robust import masking_threshold as masking_threshold
    from trainables.losses.robust import soft_bootstrapping as soft_bootstrapping
    from trainables.losses.robust import truncated_gce as truncated_gce
    from trainables.losses.soft_nearest_neighbour import adaptive_q as adaptive_q
    from trainables.losses.soft_nearest_neighbour import snn as snn

_MODULES = {
    "asymmetric": ("agce", "aul"),
    "base": ("Batch", "Loss", "LossFunction", "Memory", "Predictions", "TrainingSet"),
    "correction": ("forward_correction",),
    "cross_entropies": ("focal", "label_smoothing", "sce"),
    "interpolated": ("js", "taylor_ce"),
    "normalised": ("anl", "nce", "nce_agce", "nce_aul", "nce_mae", "nce_rce"),
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
    "agce",
    "anl",
    "aul",
    "cce",
    "focal",
    "forward_correction",
    "gce",
    "js",
    "label_smoothing",
    "mae",
    "masking_threshold",
    "nce",
    "nce_agce",
    "nce_aul",
    "nce_mae",
    "nce_rce",
    "sce",
    "snn",
    "soft_bootstrapping",
    "taylor_ce",
    "truncated_gce",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a loss on first use, so that importing the package does not import torch."""
    if name not in _MODULE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
