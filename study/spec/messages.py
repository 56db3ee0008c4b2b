"""Values, keys and file names as messages show them: on one line of bounded length."""

from __future__ import annotations

import difflib
import json
import math
from typing import TYPE_CHECKING, Any

from trainables.characters import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 80  # characters of a shown value or key


def shortened(text: str) -> str:
    """Return a text of at most 80 characters; three dots end one that was cut."""
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 3] + "..."


def shown(value: Any) -> str:  # noqa: ANN401 -- any value of a YAML or JSON file
    """Return a value as a person would write it in YAML on one line, at most 80 characters."""
    return shortened(_flow(value))


def _flow(value: Any) -> str:  # noqa: ANN401 -- any value of a YAML or JSON file
    if isinstance(value, dict):
        return "{" + ", ".join(f"{plain(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    if isinstance(value, str):
        return repr(value[: MAX_LENGTH + 1])  # the quotes distinguish text from a number
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and value.bit_length() > 4 * MAX_LENGTH:
        return "a number of more than 80 digits"  # Python refuses to print very long ones
    return json.dumps(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e16 else repr(value)  # noqa: PLR2004 -- as repr does


def key_path(path: Iterable[str | int]) -> str:
    """Return the path of a value, such as ``arms[0].loss.q``; empty for the whole file."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{plain(part) or repr(part)}" for part in path)
    return shortened(text.removeprefix("."))


def closest(word: object, allowed: Iterable[str]) -> str:
    """Return `` (did you mean X?)`` for the allowed word nearest to a mistyped one, or nothing when none is near."""
    if not isinstance(word, str):
        return ""
    by_letters = {name.lower(): name for name in allowed}
    matches = difflib.get_close_matches(word[:MAX_LENGTH].lower(), by_letters, n=1, cutoff=0.6)
    return f" (did you mean {by_letters[matches[0]]}?)" if matches else ""
