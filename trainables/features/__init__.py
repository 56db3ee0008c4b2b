"""Features of sounds: ``from trainables.features import log_mel``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.features.logmel import log_mel as log_mel

_MODULE_OF = {"log_mel": "logmel"}
__all__ = ["log_mel"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import when first used: the modules beside it need less."""
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
