"""The learning rate of each epoch and the end of a run, by one of two schedules that are stepped once an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.training.plateau_schedule import PlateauSchedule

if TYPE_CHECKING:
    from trainables.config import Training


@dataclass
class CosineSchedule:
    """Cosine annealing from the initial learning rate to 0 (Loshchilov and Hutter 2017, eq. 5, without restarts).

    Epoch e of E, from 1, has the learning rate ``initial * (1 + cos(pi * (e - 1) / E)) / 2``, as torch's
    ``CosineAnnealingLR`` with ``T_max`` = E. It never stops a run: low learning rates come last, so early stopping
    would leave out the part that raises the accuracy most.

    Attributes:
        initial: learning rate of the first epoch.
        epochs: E.
        trained: number of epochs trained.

    """

    initial: float
    epochs: int
    trained: int = 0
    stopped: bool = False

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next epoch."""
        return self.initial * (1 + math.cos(math.pi * self.trained / self.epochs)) / 2

    def step(self, accuracy: float) -> None:  # noqa: ARG002 -- as PlateauSchedule has it
        """Count an epoch; its validation accuracy changes nothing."""
        self.trained += 1


def make_schedule(training: Training) -> PlateauSchedule | CosineSchedule:
    """Return the schedule of a training protocol, at the first epoch."""
    if training.schedule == "cosine":
        return CosineSchedule(training.learning_rate, training.epochs)
    return PlateauSchedule(
        training.learning_rate, training.halve_after, training.halve_gain, training.stop_after, training.stop_gain
    )
