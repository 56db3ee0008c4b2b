"""Whether runs that share a machine slow each other down."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from measuring import Figure
from training_step import contenders

if TYPE_CHECKING:
    from training_step import Contender

ROUNDS = 5


def measure() -> list[Figure]:
    """Return the throughput of two runs on two cores, with one thread each and with two threads each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contenders(folder, "epoch", "epoch") as single, contenders(folder, "epoch", "epoch", threads=2) as double:
            alone, both, crowded = [], [], []
            for number in range(-1, ROUNDS):
                alone.append(_at_once(single[:1]))
                both.append(_at_once(single))
                crowded.append(_at_once(double))
                if number < 0:  # a warm-up
                    alone, both, crowded = [], [], []
    one, two, four = (median(times) for times in (alone, both, crowded))
    return [
        Figure(
            "two runs on two cores, times the epochs of one alone",
            2 * one / two,
            "x",
            1.9,
            note=f"one thread each; an epoch takes {one:.2f} s alone and {two:.2f} s beside another",
        ),
        Figure(
            "two runs of two threads each on two cores, times the epochs of two of one thread",
            two / four,
            "x",
            note="more threads than cores: those that wait sleep",
        ),
    ]


def _at_once(runs: list[Contender]) -> float:
    """Train an epoch of each run simultaneously; return the seconds of the slowest."""
    for run in runs:
        run.begin()
    return max(run.end().wall for run in runs)
