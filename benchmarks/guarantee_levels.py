"""The levels of ``guarantee: frequency``: how sure settle must be at each look, so that few studies settle wrongly.

    python benchmarks/guarantee_levels.py --studies 1000 --values 5 --ratios 3

The least favourable truths have their second best just outside the tolerance. In one, half of the other values are
there and half are far behind; in the other, all are there. Each study starts with the 5 seeds that the guarantee
demands, and is played once, exactly as the engine calls ``settle``, up to the highest level; what a lower level would
have done is read from its looks. For each confidence, the level printed is the lowest at which, and above which, at
most 1 - confidence of the studies settle on a wrong choice.

1,000 studies of 5 values take about an hour. ``analysis/statistics/best_arm/guarantee.py`` has the strictest level of
all ratios of the seeds' sd to the tolerance.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before importing numpy; threads do not speed up 9 x 9 matrices

import argparse
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from contenders import candidates
from families import LEVEL, WITHIN
from simulation import DATASET, Floats, World, record

from study.methods.method import Signal
from study.methods.settle import Settle
from trainables.settings import MIN_GUARANTEED_SEEDS
from trainables.settings import Settle as Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONFIDENCES = (0.8, 0.9, 0.95)
VALUES = (2, 3, 5, 9)
RATIOS = (1.0, 1.5, 3.0, 10.0)  # sd of the seeds, in tolerances
OUTSIDE = 1.001  # tolerances: a value this far behind the best is a wrong choice, if barely
FAR = 4.0  # how far a value behind all others is, in tolerances or sds of the seeds, whichever is more
HIGHEST = 0.9995  # level; 2 of the 4,000 draws behind a probability


class Look(NamedTuple):
    """What a study would choose after some runs."""

    probability: float
    wrong: bool


def half_near(values: int, sd: float) -> list[float]:
    """Return points behind the best: half of the other values just outside the tolerance, half far behind."""
    near = values // 2
    return [0.0, *[OUTSIDE * WITHIN] * near, *[FAR * max(sd, WITHIN)] * (values - 1 - near)]


def all_near(values: int, sd: float) -> list[float]:  # noqa: ARG001 -- as half_near has it
    """Return points behind the best: all other values just outside the tolerance."""
    return [0.0, *[OUTSIDE * WITHIN] * (values - 1)]


TRUTHS: dict[str, Callable[[int, float], list[float]]] = {"half near": half_near, "all near": all_near}


def world(truth: str, values: int, ratio: float, entropy: tuple[int, ...]) -> World:
    """Return a world of unordered values with normal, even, independent seeds."""
    sd = ratio * WITHIN
    drops: Floats = np.random.default_rng(entropy).permutation(np.array(TRUTHS[truth](values, sd)))
    axis = np.logspace(2, 6, values)
    return World(axis, LEVEL - drops, lambda _, __, rng: float(rng.normal(0, sd)), entropy, ordered=False)


def looks(simulated: World, number: int) -> list[Look]:
    """Play a study up to the highest level or the cap; return what it would choose at each look."""
    settings = Settings(name="settle", seed=number, within=WITHIN, confidence=HIGHEST, start_seeds=MIN_GUARANTEED_SEEDS)
    arms = candidates(simulated)
    method = Settle(arms, [], settings, DATASET)
    best = float(simulated.truth.max())
    wrong = {arm.configuration: best - mean > WITHIN for arm, mean in zip(arms, simulated.truth, strict=True)}
    taken: list[Look] = []
    trained = 0
    while True:
        planned = method.ask()
        if isinstance(planned, Signal) or planned.stage == "confirm":
            return taken
        method.tell(record(planned, simulated.score(planned)))
        trained += 1
        leader, probability = method.leader, method.confidence()
        if trained >= settings.first_runs(len(arms)) and leader is not None and probability is not None:
            taken.append(Look(probability, wrong[leader.configuration]))


def settled_wrongly(studies: Sequence[Sequence[Look]], level: float) -> float:
    """Return the share of studies whose first look at this level or above has a wrong choice."""
    first = [next((look.wrong for look in study if look.probability >= level), False) for study in studies]
    return float(np.mean(first))


def needed(studies: Sequence[Sequence[Look]], confidence: float) -> float:
    """Return the lowest level at which, and above which, at most 1 - confidence of the studies settle wrongly."""
    level = HIGHEST
    for candidate in np.arange(HIGHEST, 0.5, -1 / 4000):
        if settled_wrongly(studies, float(candidate)) > round(1 - confidence, 9):
            break
        level = float(candidate)
    return level


def main() -> None:
    """Play the studies and print the levels."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--studies", type=int, default=1000, help="studies of each truth")
    parser.add_argument("--values", type=int, nargs="*", default=VALUES, help="numbers of values")
    parser.add_argument("--ratios", type=float, nargs="*", default=RATIOS, help="sds of the seeds, in tolerances")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"| values | sd / within | truth | {' | '.join(f'level for {c:g}' for c in CONFIDENCES)} |")
    print("| --- " * (3 + len(CONFIDENCES)) + "|")
    for values in options.values:
        for ratio in options.ratios:
            for index, truth in enumerate(TRUTHS if values > VALUES[0] else list(TRUTHS)[:1]):
                entropy = (options.seed, values, round(10 * ratio), index)
                played = [looks(world(truth, values, ratio, (*entropy, n)), n) for n in range(options.studies)]
                levels = " | ".join(f"{needed(played, confidence):.4f}" for confidence in CONFIDENCES)
                print(f"| {values} | {ratio:g} | {truth} | {levels} |", flush=True)


if __name__ == "__main__":
    main()
