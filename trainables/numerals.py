"""How numbers and times are written in texts, tables and figures: the one place for signs, spaces and separators.

Minus is U+2212, thousands have a comma, a space is before the percent sign, and a number that rounds to zero has no
sign. Pages join a number and its percent sign (``unbroken``). Files for programs (CSV, JSON) hold numbers as Python
writes them, and times in ISO 8601.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Literal

MINUS = "\u2212"
Sign = Literal["", "+"]
_UNBROKEN = re.compile(r"(?<=\d) (?=[%±])|(?<=±) (?=\d)|(?<=\w) (?=[=<>] \S)|(?<=\w [=<>]) (?=\S)")


def fixed(value: float, digits: int = 1, sign: Sign = "") -> str:
    """Write a number with a fixed number of decimals: ``75.3``, ``\u22120.4``, ``1,234.5``.

    Args:
        value: any number.
        digits: decimals, at least 0.
        sign: "+" to sign positive numbers too, as of differences; zero has no sign.

    """
    text = f"{value:{sign}z,.{digits}f}"
    if sign and float(text.replace(",", "")) == 0:
        text = text.removeprefix("+")
    return text.replace("-", MINUS)


def hundredfold(share: float, digits: int = 1, sign: Sign = "") -> str:
    """Write a fraction in percent without its sign, or a difference of fractions in points: ``75.3``; see ``fixed``."""
    return fixed(100 * share, digits, sign)


def percent(share: float, digits: int | None = None) -> str:
    """Write a fraction in percent: ``95 %``.

    Args:
        share: the fraction.
        digits: decimals; as many as it needs when None.

    """
    number = compact(100 * share) if digits is None else hundredfold(share, digits)
    return f"{number} %"


def compact(value: float) -> str:
    """Write a number with up to six significant digits and no trailing zeros: ``0.05``, ``\u22123``, ``1e\u221205``."""
    return f"{value:g}".replace("-", MINUS)


def fractional_power(value: float) -> float | None:
    """Return the exponent of a value between powers of ten, by eighths: 2.5 of 316.2278; None of any other.

    None as well of a value from 0.01 to 100, and of one that is shorter as digits.
    """
    if not 0 < value < math.inf:
        return None
    exponent = round(8 * math.log10(value)) / 8
    is_long = abs(exponent) > 2 and len(f"{value!r}") > len(f"10^{exponent:g}")  # noqa: PLR2004 -- 100
    return exponent if is_long and exponent % 1 and math.isclose(value, 10**exponent, rel_tol=1e-6) else None


def whole(count: int) -> str:
    """Write a count: ``12``, ``10,000``."""
    return f"{count:,}".replace("-", MINUS)


def ends(low: float, high: float, digits: int = 1, sign: Sign = "") -> str:
    """Write two ends: ``96.8 to 100.0``, ``\u22124.0 to +1.2``; see ``fixed``."""
    return f"{fixed(low, digits, sign)} to {fixed(high, digits, sign)}"


def unbroken(text: str) -> str:
    """Return a text with no-break spaces within ``95 %``, ``1.4 ± 0.2``, ``T = 1000`` and ``p < 0.05``."""
    return _UNBROKEN.sub("\u00a0", text)


def minute(time: str) -> str:
    """Write a time in ISO 8601 as ``2026-11-28 10:15 UTC``; return any other text as it is."""
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{at if at.tzinfo is None else at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
