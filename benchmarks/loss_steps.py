"""The training step with each built-in loss beside that with ``cce``: ``cnn``, batches of 64, 20 classes, one thread.

``python benchmarks/loss_steps.py`` prints the table alone. All losses train the same network on the same noise in turn,
so other load of the machine affects all equally. What a loss prepares for training or for an epoch is not included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

sys.path.insert(0, str(Path(__file__).resolve().parent))  # which Python leaves out in a worker's environment
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from measuring import Figure, alternating, machine, table

from study.cluster.ray_environment import WORKERS
from trainables.losses.base import Batch, KnownLabels, Memory, TrainingSet
from trainables.losses.catalogue import CCE, LOSSES
from trainables.networks.cnn import CNN
from trainables.networks.penalty import l2_penalty

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.losses.base import Loss

ROUNDS = 9
STEPS = 2  # of a round
BATCH, CLASSES, SHAPE = 64, 20, (1, 100, 96)
L2 = 1e-3
Times = dict[str, tuple[float, float]]  # CPU milliseconds of a step, and of the loss alone, forwards and backwards


def measure() -> list[Figure]:
    """Return the time of a step with each loss, relative to ``cce``."""
    command = [sys.executable, __file__, "times"]
    # The memory settings of a worker apply from the start of a process.
    done = subprocess.run(command, env=os.environ | WORKERS, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- ours
    times: Times = json.loads(done.stdout)
    of_cce = times["cce"][0]
    return [
        Figure(
            f"a training step with {name}, times that with cce",
            step / of_cce,
            "x",
            note=f"{step:.1f} ms; the loss and its gradient alone {alone:.2g} ms; CPU time, medians of {ROUNDS}",
        )
        for name, (step, alone) in times.items()
    ]


def alternate() -> Times:
    """Time the losses in turn."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = CNN(CLASSES).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(model.parameters(), fused=True)
    targets = torch.arange(BATCH) % CLASSES
    inputs = torch.randn(BATCH, *SHAPE).contiguous(memory_format=torch.channels_last)
    verified = torch.arange(BATCH) % 3 == 0

    def contenders(settings: Loss) -> tuple[Callable[[], None], Callable[[], None]]:
        loss = settings.make()
        if isinstance(loss, Memory):
            clips = torch.arange(BATCH)
            loss.start(TrainingSet(targets, verified, clips, CLASSES, _labels()))

        def of(logits: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
            batch = Batch(inputs, features.detach(), verified, torch.arange(BATCH), epoch=1)
            return loss(logits, targets, batch).mean()

        def step() -> None:
            for _ in range(STEPS):
                logits, features = model(inputs)
                optimiser.zero_grad(set_to_none=True)
                (of(logits.float(), features) + L2 * l2_penalty(model)).backward()
                optimiser.step()

        def alone() -> None:
            for _ in range(10 * STEPS):
                of(torch.randn(BATCH, CLASSES, requires_grad=True), inputs.flatten(1)[:, :64]).backward()

        return step, alone

    made = {settings.name: contenders(settings) for settings in map(_at_defaults, dict.fromkeys((CCE, *LOSSES)))}
    whole = alternating(ROUNDS, {name: step for name, (step, _) in made.items()})
    alone = alternating(ROUNDS, {name: loss for name, (_, loss) in made.items()})
    return {name: (1000 * whole[name].cpu / STEPS, 100 * alone[name].cpu / STEPS) for name in made}


def _at_defaults(loss: type[Loss]) -> Loss:
    return loss(name=get_args(loss.model_fields["name"].annotation)[0])


def _labels() -> KnownLabels:
    """Return labels of which one in ten is that of the next class."""
    rows = tuple(tuple(9 * (i == j) + ((i + 1) % CLASSES == j) for j in range(CLASSES)) for i in range(CLASSES))
    names = tuple(f"{k:02d}" for k in range(CLASSES))
    return KnownLabels(names, verified=(1,) * CLASSES, unverified=(10,) * CLASSES, transitions=rows)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(alternate()) if sys.argv[1:] == ["times"] else f"{machine()}\n\n{table(measure())}\n")
