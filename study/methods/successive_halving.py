"""Asynchronous successive halving (Li et al. 2020): at each rung, a score is compared with those that arrived before.

The rule is that of Ray Tune 2.60's ``ASHAScheduler`` with one bracket and mode ``max``.
"""

from __future__ import annotations

import math

import numpy as np


def rung_epochs(grace_period: int, reduction_factor: float, max_epochs: int) -> tuple[int, ...]:
    """Return the epochs of the rungs: grace_period * reduction_factor^k, rounded up, below ``max_epochs``.

    Args:
        grace_period: epochs of the first rung, from 1.
        reduction_factor: ratio of a rung to the one before, above 1.
        max_epochs: epochs after which every run has finished, from 1.

    """
    epochs: list[int] = []
    while (epoch := math.ceil(grace_period * reduction_factor ** len(epochs))) < max_epochs:
        epochs.append(epoch)
    return tuple(epochs)


class Rungs:
    """The scores at each rung. The state depends on the scores alone, not on the order in which they arrived.

    Attributes:
        epochs: the rungs' epochs, ascending.
        scores: for each rung's epoch, configuration number -> score; higher is better.

    """

    def __init__(self, grace_period: int, reduction_factor: float, max_epochs: int) -> None:
        """Create empty rungs; the arguments are those of ``rung_epochs``."""
        self.epochs = rung_epochs(grace_period, reduction_factor, max_epochs)
        self.scores: dict[int, dict[int, float]] = {epoch: {} for epoch in self.epochs}
        self._share_cut = 1 - 1 / reduction_factor

    def put(self, epoch: int, configuration: int, score: float | None) -> None:
        """Set a configuration's score at a rung; None or NaN removes it, as it cannot enter a cutoff."""
        if score is None or math.isnan(score):
            self.scores[epoch].pop(configuration, None)
        else:
            self.scores[epoch][configuration] = score

    def cutoff(self, epoch: int, configuration: int) -> float | None:
        """Return the score needed to pass a rung, given the other configurations there; None without others."""
        others = [score for number, score in self.scores[epoch].items() if number != configuration]
        return float(np.nanpercentile(others, self._share_cut * 100)) if others else None

    def passes(self, epoch: int, configuration: int, score: float | None) -> bool:
        """Return whether a configuration with this score passes; without a score (None, NaN) it does, as in Ray."""
        cutoff = self.cutoff(epoch, configuration)
        return cutoff is None or score is None or not score < cutoff
