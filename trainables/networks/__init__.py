"""Networks: ``from trainables.networks import CNN``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.networks.cnn import CNN as CNN

__all__ = ["CNN"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a network on first use, so that importing the package does not import torch."""
    if name != "CNN":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from trainables.networks.cnn import CNN  # noqa: PLC0415 -- as the docstring explains

    return CNN
