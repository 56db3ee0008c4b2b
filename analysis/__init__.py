"""From records to answers; ``load_study`` is the way in. Needs neither torch nor ray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.study import load_study

__all__ = ["load_study"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- PEP 562
    """Import ``load_study`` when it is first used: the command line imports parts of this package and no pandas."""
    if name in __all__:
        from analysis.study import load_study  # noqa: PLC0415 -- see above

        return load_study
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
