"""Studies: define one in Python, check it, run it. The names are imported when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study.api.studies import Study, check, run
    from study.errors import SpecError

__all__ = ["SpecError", "Study", "check", "run"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import a public name when it is first used: the command line imports parts of this package."""
    if name in __all__:
        from study import errors  # noqa: PLC0415 -- see above
        from study.api import studies  # noqa: PLC0415

        return getattr(errors if name == "SpecError" else studies, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
