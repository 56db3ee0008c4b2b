"""Refuse parameters of losses outside their range, in one wording."""

from __future__ import annotations


def check_above(name: str, value: float, bound: float) -> None:
    """Raise a ValueError unless value > bound."""
    if not value > bound:
        msg = f"{name} is {value}; allowed: a number above {bound}"
        raise ValueError(msg)


def check_at_least(name: str, value: float, bound: float) -> None:
    """Raise a ValueError unless value >= bound."""
    if not value >= bound:
        msg = f"{name} is {value}; allowed: a number of at least {bound}"
        raise ValueError(msg)
