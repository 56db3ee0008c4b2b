"""The training step of each built-in network beside that of ``cnn``: batches of 64 of noise, 20 classes, CPU time.

``python benchmarks/networks.py`` prints the table alone. A step includes the distances of ``adaptive_gce``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))  # which Python leaves out in a worker's environment
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from measuring import Figure, machine, table

from study.cluster.ray_environment import WORKERS
from study.planning.speed import measure as time_step
from trainables.networks.catalogue import BaselineCNN, EmbeddingHead, VGGLike

ROUNDS = 7
BATCH, CLASSES = 64, 20
PATCH, EMBEDDING = (1, 100, 96), (1024,)
NETWORKS = {
    "cnn": (BaselineCNN(), PATCH),
    "vgg": (VGGLike(), PATCH),
    "head, 256 hidden units on 1024 dimensions": (EmbeddingHead(), EMBEDDING),
    "head, linear on 1024 dimensions": (EmbeddingHead(hidden=0), EMBEDDING),
}
Times = dict[str, tuple[float, float]]  # milliseconds to train on a batch, and to score one


def measure() -> list[Figure]:
    """Return the milliseconds that a step of each network takes."""
    command = [sys.executable, __file__, "times"]
    # The memory settings of a worker apply from the start of a process.
    done = subprocess.run(command, env=os.environ | WORKERS, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- ours
    times: Times = json.loads(done.stdout)
    of_cnn = times["cnn"][0]
    return [
        Figure(
            f"a training step of {name}",
            train,
            "ms",
            note=f"{train / of_cnn:.2g} times that of cnn; {score:.2g} ms to score a batch; "
            f"{network.weights(shape, CLASSES):,} weights",
        )
        for (name, (network, shape)), (train, score) in zip(NETWORKS.items(), times.values(), strict=True)
    ]


def alternate() -> Times:
    """Time the networks in turn on one thread; return medians of CPU time, which other load hardly affects."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in NETWORKS}
    for number in range(ROUNDS):
        for name in list(NETWORKS)[:: 1 if number % 2 == 0 else -1]:
            taken[name].append(time_step(*NETWORKS[name], BATCH, CLASSES, "fp32", time.process_time))
    return {name: _medians(times) for name, times in taken.items()}


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    train, score = (1000 * BATCH * median(column) for column in zip(*times, strict=True))
    return train, score


if __name__ == "__main__":
    sys.stdout.write(json.dumps(alternate()) if sys.argv[1:] == ["times"] else f"{machine()}\n\n{table(measure())}\n")
