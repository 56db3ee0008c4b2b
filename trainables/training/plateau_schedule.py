"""Halving of the learning rate and early stopping on validation accuracy, as in two callbacks of Keras."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class PlateauSchedule:
    """The counters of ReduceLROnPlateau and EarlyStopping in Keras 2.1.5, stepped once an epoch.

    Attributes:
        learning_rate: of the next epoch.
        halve_after: epochs without a gain above ``halve_gain`` before the learning rate is halved.
        halve_gain: in accuracy.
        stop_after: epochs without a gain above ``stop_gain`` before the run stops.
        stop_gain: in accuracy.
        stopped: whether the run has stopped.

    """

    learning_rate: float
    halve_after: int
    halve_gain: float
    stop_after: int
    stop_gain: float
    stopped: bool = False
    halve_best: float = -math.inf
    halve_wait: int = 0
    stop_best: float = -math.inf
    stop_wait: int = 0

    def step(self, accuracy: float) -> None:
        """Update the counters with an epoch's validation accuracy, in [0, 1]."""
        if accuracy > self.halve_best + self.halve_gain:
            self.halve_best, self.halve_wait = accuracy, 0
        else:
            if self.halve_wait >= self.halve_after:
                self.learning_rate, self.halve_wait = self.learning_rate / 2, 0
            # Keras 2.1.5 counts the epoch of a halving, so the next halving is due after halve_after epochs.
            self.halve_wait += 1
        if accuracy - self.stop_gain > self.stop_best:
            self.stop_best, self.stop_wait = accuracy, 0
        else:
            self.stop_wait += 1
            self.stopped = self.stop_wait >= self.stop_after
