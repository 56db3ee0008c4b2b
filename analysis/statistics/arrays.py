"""Array types of the statistics, and the residuals of a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def two_way_residuals(table: Floats) -> Floats:
    """Return what a complete table of shape (K, S) has beside the effects of its rows and columns; shape (K, S)."""
    return np.asarray(table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean())
