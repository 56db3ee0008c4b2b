"""Transition matrices of label noise: row i holds the probabilities that a sample of class i is labelled 0, 1, ..."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SUM_TOLERANCE = 1e-3  # how far a row's sum may be from 1, as files hold rounded numbers


def transition_problem(rows: Sequence[Sequence[float]], classes: Sequence[str] = ()) -> str:
    """Return what keeps numbers from being a transition matrix, or "".

    Args:
        rows: the numbers, by true class and given label.
        classes: names of the classes for the message; by default their indices.

    """
    names = classes or [str(k) for k in range(len(rows))]
    for i, row in enumerate(rows):
        if len(row) != len(rows):
            return f"row {names[i]} has {len(row)} numbers; allowed: {len(rows)}, one for each class"
        for j, entry in enumerate(row):
            if not 0 <= entry <= 1:
                return f"row {names[i]}, column {names[j]} is {entry}; allowed: a probability in [0, 1]"
        if abs(math.fsum(row) - 1) > SUM_TOLERANCE:
            return f"row {names[i]} sums to {math.fsum(row):g}; allowed: 1, within {SUM_TOLERANCE}"
    for j in range(len(rows)):
        if not any(row[j] for row in rows):
            return f"column {names[j]} is zero; allowed: a class that labels it, or its loss would be infinite"
    return ""
