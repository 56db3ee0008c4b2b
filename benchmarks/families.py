"""The simulated families of truths and seeds: how true accuracies and the scatter of seeds may look.

The three of ``SHIPPED`` have nine values of T at half decades from 1e2 to 1e6 and seeds with an sd of 0.9 points; they
were fixed before any method was evaluated on them. The others question what a method assumes: that values have an
order, that seeds scatter evenly and normally, that no run collapses, that seeds are independent, that the validation
clips stand for all clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from simulation import Floats, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.config import Split

SEED_SD = 0.9  # points
WITHIN = 0.3  # points
LEVEL = 75.3  # points: the best accuracy that the paper reports
CHANCE = 5.0  # points: accuracy of a collapsed run; 20 classes
DROPS = (6.0, 4.6, 3.2, 2.0, 1.1, 0.3, 0.0, 0.5, 1.4)  # points below the best, at T = 1e2, 10^2.5, ... 1e6
POSITIONS = np.linspace(2, 6, 9)  # log10 T
ROUGHNESS = 0.4  # points: sd of the deviations of the rough family
ARMS = (0.0, 0.5, 1.2, 4.7, 6.0)  # points below the best; the last three are gaps that the paper reports
UNEVEN = (4.0, 3.0, 2.0, 1.2, 0.9, 0.9, 0.9, 0.9, 0.9)  # points: sd of the seeds at each value


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


def any_shipped(rng: np.random.Generator) -> Floats:
    """Return the true accuracies (9,), in points, of one of the three shipped families at random."""
    return (smooth, unimodal, rough)[int(rng.integers(3))](rng)


def two_peaks(rng: np.random.Generator) -> Floats:
    """Return the true accuracies (9,), in points: peaks at 10^2.5 and 10^5.5, 0.6 points apart, either the higher."""
    heights = rng.permutation([5.0, 4.4])
    peaks = np.exp(-0.5 * ((POSITIONS[:, None] - np.array([2.5, 5.5])) / 0.6) ** 2) @ heights
    return np.asarray(LEVEL + peaks - peaks.max())


def cliff(rng: np.random.Generator) -> Floats:
    """Return the true accuracies (9,), in points: a plateau that ends in a fall of 5 points at a random place."""
    return LEVEL - 5.0 * (np.arange(len(POSITIONS)) < rng.integers(1, 8))


def shuffled(drops: tuple[float, ...], rng: np.random.Generator) -> Floats:
    """Return true accuracies these points below the best, in random order."""
    return LEVEL - rng.permutation(np.array(drops))


def gaps(count: int, widest: float, rng: np.random.Generator) -> Floats:
    """Return the true accuracies of a best arm and ``count`` others, uniformly up to ``widest`` points below it."""
    return shuffled((0.0, *rng.uniform(0, widest, count)), rng)


def uneven_at_best(truth: Floats) -> Floats:
    """Return the sd of the seeds of each value: 0.4 points at the worst, 2 at the best, linear in accuracy."""
    return np.asarray(0.4 + 1.6 * (truth - truth.min()) / np.ptp(truth))


# Of 266 clips, as FSDnoisy18k has verified ones: a difference of two values that varies over clips with variance 0.03,
# as it does between losses, varies with a standard deviation of 1.06 points over draws of the clips.
CLIP_LUCK = 100 * (0.03 / 2 / 266) ** 0.5


@dataclass(frozen=True)
class Family:
    """A distribution of worlds.

    Attributes:
        truth: draws the true accuracies (K,), in points.
        sd: of the seeds, in points; or returns that of each value (K,), given the true accuracies.
        ordered: whether the values have an order.
        shared: the share of the seeds' variance that all values have in common (the intraclass correlation).
        collapses: the share of runs that end at chance, whatever their value.
        freedom: degrees of freedom of Student's t, scaled to the sd; None for normal seeds.
        clips: the luck of the validation clips: the sd, in points, that another draw of clips gives to each value.
        split: whether all seeds share the clips, and so their luck, or each has its own.

    """

    truth: Callable[[np.random.Generator], Floats]
    sd: float | Callable[[Floats], Floats] = SEED_SD
    ordered: bool = True
    shared: float = 0.0
    collapses: float = 0.0
    freedom: float | None = None
    clips: float = 0.0
    split: Split = "fixed"


SHIPPED = {"smooth": Family(smooth), "unimodal": Family(unimodal), "rough": Family(rough)}
FAMILIES: dict[str, Family] = {
    **SHIPPED,
    "unordered": Family(partial(shuffled, DROPS), ordered=False),
    "arms5": Family(partial(shuffled, ARMS), ordered=False),
    "two_arms": Family(partial(gaps, 1, 1.2), ordered=False),
    "three_arms": Family(partial(gaps, 2, 1.5), ordered=False),
    "needle": Family(partial(shuffled, (0.0, *[0.6] * 8)), ordered=False),
    "two_peaks": Family(two_peaks),
    "cliff": Family(cliff),
    "flat": Family(lambda _: np.full(9, LEVEL)),
    "het_lowT": Family(unimodal, sd=lambda _: np.array(UNEVEN)),
    "het_best": Family(unimodal, sd=uneven_at_best),
    "heavy_tails": Family(unimodal, freedom=3.0),
    "collapse5": Family(unimodal, collapses=0.05),
    "wide": Family(unimodal, sd=3.0),
    "narrow": Family(unimodal, sd=0.3),
    "seed_effect_0.3": Family(any_shipped, shared=0.3),
    "seed_effect_0.5": Family(any_shipped, shared=0.5),
    "seed_effect_0.8": Family(any_shipped, shared=0.8),
    "seed_effect_0": Family(any_shipped),
    "clips_fixed": Family(unimodal, clips=CLIP_LUCK),
    "clips_per_seed": Family(unimodal, clips=CLIP_LUCK, split="per_seed"),
}


def world(name: str, seed: int, number: int) -> World:
    """Return a simulated world of a family; equal arguments return equal worlds."""
    family = FAMILIES[name]
    entropy = (seed, list(FAMILIES).index(name), number)
    truth = family.truth(np.random.default_rng(entropy))
    sds = family.sd(truth) if callable(family.sd) else np.full(len(truth), family.sd)
    axis = 10.0 ** (POSITIONS if len(truth) == len(POSITIONS) else np.arange(2.0, 2 + len(truth)))

    def scatter(index: int, run_seed: int, rng: np.random.Generator) -> float:
        own = _deviate(family, rng)
        if family.shared:
            common = _deviate(family, np.random.default_rng([*entropy, 1, run_seed]))
            own = np.sqrt(family.shared) * common + np.sqrt(1 - family.shared) * own
        if family.clips:
            split = run_seed if family.split == "per_seed" else -1
            luck = np.random.default_rng([*entropy, 2, 1 + split, index]).standard_normal()
            return float(sds[index] * own + family.clips * luck)
        if family.collapses and rng.random() < family.collapses:
            return float(CHANCE - truth[index])
        return float(sds[index] * own)

    return World(axis, truth, scatter, entropy, ordered=family.ordered)


def _deviate(family: Family, rng: np.random.Generator) -> float:
    """Return a deviation with mean 0 and variance 1."""
    if family.freedom is None:
        return float(rng.standard_normal())
    return float(rng.standard_t(family.freedom) * np.sqrt(1 - 2 / family.freedom))
