"""The simulated families of truths: nine values of T at half decades from 1e2 to 1e6, seeds with an sd of 0.9 points.

They were fixed before any method was evaluated on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from simulation import Floats, World

if TYPE_CHECKING:
    from collections.abc import Callable

SEED_SD = 0.9  # points
WITHIN = 0.3  # points
LEVEL = 75.3  # points: the best accuracy that the paper reports
DROPS = (6.0, 4.6, 3.2, 2.0, 1.1, 0.3, 0.0, 0.5, 1.4)  # points below the best, at T = 1e2, 10^2.5, ... 1e6
POSITIONS = np.linspace(2, 6, 9)  # log10 T
ROUGHNESS = 0.4  # points: sd of the deviations of the rough family


def smooth(rng: np.random.Generator) -> Floats:  # noqa: ARG001 -- not random
    """Return the true accuracies (9,), in points: the shape of the paper's Figure 3."""
    return LEVEL - np.array(DROPS)


def unimodal(rng: np.random.Generator) -> Floats:
    """Return the true accuracies (9,), in points: a single peak at a random position, with a random width on each side.

    log10 T of the peak is uniform over the range and its height uniform in 3 to 8 points; each side is half a Gaussian
    with a width uniform in 0.8 to 2.5 decades.
    """
    peak, depth = rng.uniform(2, 6), rng.uniform(3, 8)
    width = np.where(peak > POSITIONS, rng.uniform(0.8, 2.5), rng.uniform(0.8, 2.5))
    return np.asarray(LEVEL - depth * (1 - np.exp(-0.5 * ((POSITIONS - peak) / width) ** 2)))


def rough(rng: np.random.Generator) -> Floats:
    """Return the true accuracies (9,), in points: the smooth family plus independent normal deviations."""
    return smooth(rng) + rng.normal(0, ROUGHNESS, len(POSITIONS))


FAMILIES: dict[str, Callable[[np.random.Generator], Floats]] = {"smooth": smooth, "unimodal": unimodal, "rough": rough}


def world(family: str, seed: int, number: int) -> World:
    """Return a simulated world; equal arguments return equal worlds."""
    names = list(FAMILIES)
    entropy = (seed, names.index(family), number)
    truth = FAMILIES[family](np.random.default_rng(entropy))
    return World(10.0**POSITIONS, truth, lambda _, rng: float(rng.normal(0, SEED_SD)), entropy)
