"""When the learning rate is halved and when a run stops: Keras's two callbacks, on validation accuracy."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass
class PlateauSchedule:
    """Counters of Keras 2.1.5's ReduceLROnPlateau and EarlyStopping, stepped once an epoch.

    Attributes:
        learning_rate: to be used in the next epoch.
        halve_after, halve_gain: epochs without a gain of more than so much before the rate is halved.
        stop_after, stop_gain: epochs without a gain of more than so much before the run stops.
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
        """Take in one epoch's validation accuracy, in [0, 1]."""
        if accuracy > self.halve_best + self.halve_gain:
            self.halve_best, self.halve_wait = accuracy, 0
        else:
            if self.halve_wait >= self.halve_after:
                self.learning_rate, self.halve_wait = self.learning_rate / 2, 0
            # Keras 2.1.5 counts on in the epoch of a halving, so that the next one comes a full patience later.
            self.halve_wait += 1
        if accuracy - self.stop_gain > self.stop_best:
            self.stop_best, self.stop_wait = accuracy, 0
        else:
            self.stop_wait += 1
            self.stopped = self.stop_wait >= self.stop_after

    def state(self) -> dict[str, Any]:
        """Return the counters as plain numbers."""
        return asdict(self)

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """Rebuild from ``state()``."""
        return cls(**state)
