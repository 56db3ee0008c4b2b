"""Networks: ``from trainables.networks import CNN, VGG, Head``, and ``Network``, the base of your own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.networks.base import Network as Network
    from trainables.networks.cnn import CNN as CNN
    from trainables.networks.head import Head as Head
    from trainables.networks.vgg import VGG as VGG

_MODULE = {"CNN": "cnn", "VGG": "vgg", "Head": "head", "Network": "base"}

__all__ = ["CNN", "VGG", "Head", "Network"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a network on first use, so that importing the package does not import torch."""
    if name not in _MODULE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
