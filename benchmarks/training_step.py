"""The training step compared with plain PyTorch and with the machine's peak, and the overhead of an epoch.

Every contender trains the same network with the same loss on the same patches, with one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch
from measuring import Figure, Timing
from torch.utils.flop_counter import FlopCounterMode
from training_contender import data

from study.cluster.ray_environment import WORKERS
from trainables.networks.cnn import CNN, FRAMES, MELS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 7
OURS = ("steps", "epoch", "bare")
BATCH, STEPS = 64, 20  # of an epoch
SIDE = 2048  # of the matrices whose product defines the peak
MAX_DIFFERENCE = 1e-4  # relative, between mean losses


class Contender:
    """A process that trains an epoch on request."""

    def __init__(self, name: str, folder: Path, threads: int = 1) -> None:
        """Start the process; ours gets the environment of a worker."""
        command = [sys.executable, Path(__file__).with_name("training_contender.py"), name, folder, str(threads)]
        environment = os.environ | (WORKERS if name in OURS else {})
        self.losses: list[float] = []
        self._process = subprocess.Popen(  # noqa: S603 -- our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )

    def begin(self) -> None:
        """Start an epoch."""
        assert self._process.stdin is not None  # noqa: S101 -- a pipe
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end(self) -> Timing:
        """Wait for the epoch to end; return its duration."""
        assert self._process.stdout is not None  # noqa: S101 -- a pipe
        output = json.loads(self._process.stdout.readline())
        self.losses += output["losses"]
        return Timing(output["wall"], output["cpu"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@contextmanager
def contenders(folder: Path, *names: str, threads: int = 1) -> Iterator[list[Contender]]:
    """Start contenders on a shared data set, and end them on exit."""
    data(folder)
    with ExitStack() as stack:
        started = [Contender(name, folder, threads) for name in names]
        for contender in started:
            stack.callback(contender.close)
        yield started


def in_turn(rounds: int, started: list[Contender]) -> list[Timing]:
    """Train an epoch of each contender in turn, after a warm-up; return the medians."""
    taken: list[list[Timing]] = [[] for _ in started]
    for number in range(-1, rounds):
        for contender, times in list(zip(started, taken, strict=True))[:: 1 if number % 2 else -1]:
            contender.begin()
            times.append(contender.end())
            if number < 0:
                times.clear()
    return [Timing(median(t.wall for t in times), median(t.cpu for t in times)) for times in taken if times]


def measure() -> list[Figure]:
    """Return the speed relative to plain PyTorch, the share of the peak, and the overhead around the steps."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contenders(folder, "plain", "loader", *OURS) as started:
            plain, loader, steps, epoch, bare = in_turn(ROUNDS, started)
            first, ours = _mean(started[0].losses[:STEPS]), started[2].losses[0]
        with contenders(folder, "plain", threads=2) as (other,):
            in_turn(0, [other])
            difference, reference = (abs(1 - mean / first) for mean in (ours, _mean(other.losses)))
    ms = {n: 1000 * t.wall / (STEPS * BATCH) for n, t in (("plain", plain), ("steps", steps))}
    flops, peak = _flops(), _peak()
    reached = flops / (ms["steps"] / 1000) / peak
    return [
        Figure(
            "a training step, times faster than plain PyTorch",
            plain.cpu / steps.cpu,
            "x",
            1.9,
            note=f"{ms['steps']:.2f} and {ms['plain']:.2f} ms per patch; CPU seconds, medians of {ROUNDS}",
        ),
        Figure(
            "the same with a DataLoader of two workers",
            loader.cpu / steps.cpu,
            "x",
            1.9,
            note=f"by wall time, with both cores, {loader.wall / steps.wall:.2f} x",
        ),
        Figure(
            f"the mean loss of the first {STEPS} steps in float32, relative difference to plain PyTorch's",
            difference,
            "",
            MAX_DIFFERENCE,
            "less",
            f"same weights, order and dropout; plain PyTorch with two threads differs from itself by {reference:.1g}, "
            "and a test bounds the difference in float64 by 1e-5",
        ),
        Figure(
            "share of the peak of a matrix product",
            100 * reached,
            "%",
            45,
            note=f"{flops / 1e6:.0f} MFLOP per patch; the product of {SIDE} x {SIDE} runs at {peak / 1e9:.0f} GFLOP/s; "
            "half of the step is normalisation, ReLU and pooling, which move memory",
        ),
        Figure(
            "share of an epoch's time that is neither training step nor validation",
            100 * (1 - bare.cpu / epoch.cpu),
            "%",
            3,
            "less",
            f"neighbours, gathering, metrics, checkpoint, log: of {epoch.cpu:.1f} CPU seconds for {STEPS} steps",
        ),
    ]


def _mean(losses: list[float]) -> float:
    return sum(losses) / len(losses)


def _flops() -> float:
    """Return the floating-point operations per patch, forward and backward."""
    model = CNN()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(BATCH, 1, FRAMES, MELS))[0].sum().backward()
    return float(counter.get_total_flops()) / BATCH


def _peak() -> float:
    """Return the operations per second of a large matrix product in float32."""
    a = torch.randn(SIDE, SIDE)
    taken = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        a @ a
        taken.append(time.perf_counter() - start)
    return 2 * SIDE**3 / median(taken[1:])
