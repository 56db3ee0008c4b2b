"""Studies: define one in Python, check it, run it, use its model. The names are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study.api.models import load_model
    from study.api.studies import Study, check, run
    from study.errors import SpecError

__all__ = ["SpecError", "Study", "check", "load_model", "run"]

_MODULES = {"SpecError": "study.errors", "load_model": "study.api.models"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a public name when it is first used: the command line imports parts of this package."""
    if name in __all__:
        return getattr(import_module(_MODULES.get(name, "study.api.studies")), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
