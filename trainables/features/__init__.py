"""Features of sounds: ``from trainables.features import log_mel``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.features.logmel import log_mel as log_mel

__all__ = ["log_mel"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a feature on first use, so that importing the package does not import scipy."""
    if name != "log_mel":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from trainables.features.logmel import log_mel  # noqa: PLC0415 -- as the docstring explains

    return log_mel
