"""A trainable whose runs train nothing: only their epochs are synthetic.

The environment variable ``NOOP_EPOCHS`` sets the number of epochs of a run; the default is 1.
"""

from __future__ import annotations

import os
from typing import Any

import torch

from trainables.records import Epoch, Test
from trainables.runs.execution import RunExecution, machine_facts
from trainables.trainable import RunTrainable

EPOCHS = int(os.environ.get("NOOP_EPOCHS", "1"))


class _NoTraining:
    """The interface that ``RunExecution`` needs of a training."""

    def __init__(self) -> None:
        self.curve: list[Epoch] = []
        self.images, self.train_s = 1, 1.0

    @property
    def finished(self) -> bool:
        return len(self.curve) >= EPOCHS

    def train_epoch(self) -> Epoch:
        self.curve.append(
            Epoch(
                epoch=len(self.curve) + 1,
                train_loss=1.0,
                validation_loss=1.0,
                validation_accuracy=0.5,
                validation_clip_accuracy=0.5,
                verified_accuracy=0.5,
                learning_rate=1e-3,
                q_mean=None,
                q_sd=None,
            )
        )
        return self.curve[-1]

    def state(self) -> dict[str, Any]:
        return {"curve": [point.model_dump() for point in self.curve], "images": 1, "train_s": 1.0}

    def test(self) -> Test:
        return Test(accuracy=0.5, predictions=[0] * 200)


class _NoExecution(RunExecution):
    def _new(self) -> Any:  # noqa: ANN401 -- not a RunTraining
        return _NoTraining()


class NoOpTrainable(RunTrainable):
    """Executes runs as ``RunTrainable`` does, without data and training."""

    def _begin(self) -> RunExecution:
        facts = machine_facts(torch.device("cpu")) | self.task.facts
        self.execution = _NoExecution(self.task.run, None, self.storage, facts, self.task.rungs)  # type: ignore[arg-type]
        return self.execution
