"""The values of a parameter, in words of the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainables.naming import number, symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.settings import OpenRange

MAX_LISTED = 12  # values written out; of more, only the ends


def values_in_words(name: str, values: Sequence[Any], space: OpenRange | None) -> str:
    """Write a parameter's values: ``q = 0.7``, ``T in {100, 1000}``; empty if it has none.

    Args:
        name: of the parameter.
        values: those of the configurations, which may repeat; None stands for none.
        space: the range that it was left open over, if any.

    """
    sign = symbol(name)
    distinct = [value for value in dict.fromkeys(values) if value is not None]
    if space is not None:
        return f"{sign} in [{number(space.min)}, {number(space.max)}] ({space.scale} scale)"
    if not distinct:
        return ""
    if len(distinct) == 1:
        return f"{sign} = {number(distinct[0])}"
    if len(distinct) > MAX_LISTED:
        return f"{sign} at {len(distinct)} values from {number(min(distinct))} to {number(max(distinct))}"
    return f"{sign} in {{{', '.join(map(number, distinct))}}}"
