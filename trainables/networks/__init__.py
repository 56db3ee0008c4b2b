"""Networks: ``from trainables.networks import CNN``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.networks.cnn import CNN as CNN

_MODULE_OF = {"CNN": "cnn"}
__all__ = ["CNN"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a network when it is first used, for it needs torch."""
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
