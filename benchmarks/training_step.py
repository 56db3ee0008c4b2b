"""The training step beside plain PyTorch, what an epoch spends around its steps, and how far from the machine's peak.

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
BATCH, STEPS = 64, 20  # of the contenders' epoch
SIDE = 2048  # of the matrices whose product is the machine's peak
ALIKE = 1e-4


class Contender:
    """A process that trains an epoch whenever it is told to."""

    def __init__(self, name: str, folder: Path, threads: int = 1) -> None:
        """Start it; ours get the environment of the processes that train."""
        command = [sys.executable, Path(__file__).with_name("training_contender.py"), name, folder, str(threads)]
        environment = os.environ | (WORKERS if name in OURS else {})
        self.losses: list[float] = []
        self._process = subprocess.Popen(  # noqa: S603 -- our own
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )

    def begin(self) -> None:
        """Let it train an epoch."""
        assert self._process.stdin is not None  # noqa: S101 -- a pipe
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end(self) -> Timing:
        """Wait for the epoch; return its seconds."""
        assert self._process.stdout is not None  # noqa: S101 -- a pipe
        said = json.loads(self._process.stdout.readline())
        self.losses += said["losses"]
        return Timing(said["wall"], said["cpu"])

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@contextmanager
def contenders(folder: Path, *names: str, threads: int = 1) -> Iterator[list[Contender]]:
    """Start contenders on a data set that is made once, and end them."""
    data(folder)
    with ExitStack() as stack:
        started = [Contender(name, folder, threads) for name in names]
        for each in started:
            stack.callback(each.close)
        yield started


def in_turn(rounds: int, started: list[Contender]) -> list[Timing]:
    """Let each train an epoch in turn, after one that is not counted; return the medians."""
    taken: list[list[Timing]] = [[] for _ in started]
    for number in range(-1, rounds):
        for each, times in list(zip(started, taken, strict=True))[:: 1 if number % 2 else -1]:
            each.begin()
            times.append(each.end())
            if number < 0:
                times.clear()
    return [Timing(median(t.wall for t in times), median(t.cpu for t in times)) for times in taken if times]


def measure() -> list[Figure]:
    """Return the ratios to plain PyTorch, the share of the peak, and what is around the steps."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contenders(folder, "plain", "loader", *OURS) as started:
            plain, loader, steps, epoch, bare = in_turn(ROUNDS, started)
            first, ours = _mean(started[0].losses[:STEPS]), started[2].losses[0]
        with contenders(folder, "plain", threads=2) as (other,):
            in_turn(0, [other])
            off, yardstick = (abs(1 - mean / first) for mean in (ours, _mean(other.losses)))
    ms = {n: 1000 * t.wall / (STEPS * BATCH) for n, t in (("plain", plain), ("steps", steps))}
    flops, peak = _flops(), _peak()
    reached = flops / (ms["steps"] / 1000) / peak
    return [
        Figure(
            "a training step, times faster than plain PyTorch",
            plain.cpu / steps.cpu,
            "x",
            1.9,
            note=f"{ms['steps']:.2f} and {ms['plain']:.2f} ms a patch; CPU seconds, medians of {ROUNDS}",
        ),
        Figure(
            "the same with a DataLoader of two workers",
            loader.cpu / steps.cpu,
            "x",
            1.9,
            note=f"by wall time, with both cores to itself, {loader.wall / steps.wall:.2f} x",
        ),
        Figure(
            f"the mean loss of the first {STEPS} steps in float32, relative difference to plain PyTorch's",
            off,
            "",
            ALIKE,
            "less",
            f"equal weights, order and dropout; plain PyTorch with two threads differs from itself by {yardstick:.1g}, "
            "and in float64 a test holds the two to 1e-5",
        ),
        Figure(
            "share of the peak of a matrix product",
            100 * reached,
            "%",
            45,
            note=f"{flops / 1e6:.0f} MFLOP a patch; the product of {SIDE} x {SIDE} runs at {peak / 1e9:.0f} GFLOP/s; "
            "half of the step is normalisation, ReLU and pooling, which move memory",
        ),
        Figure(
            "an epoch's time around its steps and its validation",
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
    """Count the floating-point operations of a patch, forwards and backwards."""
    model = CNN()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(BATCH, 1, FRAMES, MELS)).sum().backward()
    return float(counter.get_total_flops()) / BATCH


def _peak() -> float:
    """Return the operations a second of a large matrix product in float32."""
    a = torch.randn(SIDE, SIDE)
    taken = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        a @ a
        taken.append(time.perf_counter() - began)
    return 2 * SIDE**3 / median(taken[1:])
