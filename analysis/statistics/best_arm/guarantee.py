"""The probability at which a ``settle`` study may stop exploring, for each kind of guarantee.

A posterior probability is right on average over the truths that the prior expects. It is no promise for one truth: a
rule that looks after every run stops early on lucky runs, and where the second best is just outside the tolerance, far
more than 5 % of the studies that stop at 0.95 stop on a wrong choice. The ``frequency`` guarantee therefore demands
more start seeds and a higher probability at each look, such that at most a share of 1 - confidence of all studies
settle on a wrong choice.

``LEVELS`` holds the levels for which that is true in the least favourable cases of ``benchmarks/guarantee_levels.py``.
The levels between are interpolated: log(1 - level) is linear in log(number of configurations) and in
log(1 - confidence).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from trainables.settings import Settle

ROUNDING = 1e-9  # a probability of exactly the level suffices
VALUES = (2, 3, 5, 9)  # configurations
LEVELS = {
    0.8: (0.957, 0.9725, 0.977, 0.9875),
    0.9: (0.9875, 0.995, 0.996, 0.9985),
    0.95: (0.9955, 0.999, 0.999, 0.9995),
}


class Goal(NamedTuple):
    """What exploring must reach before it may stop.

    Attributes:
        within: tolerance, in points of accuracy.
        probability: posterior probability that the choice is within the tolerance of the best.
        small_regret_suffices: whether exploring also stops, unsettled, when more runs would hardly gain anything.

    """

    within: float
    probability: float
    small_regret_suffices: bool = True

    @classmethod
    def of(cls, method: Settle, configurations: int) -> Goal:
        """Return the goal of a study with these settings and this number of configurations to choose from."""
        if method.guarantee == "posterior":
            return cls(method.within, method.confidence)
        level = calibrated_level(method.confidence, configurations)
        return cls(method.within, level, small_regret_suffices=False)


def calibrated_level(confidence: float, configurations: int) -> float:
    """Return the level at which at most 1 - confidence of all studies settle on a wrong choice.

    Outside the table, which ends at ``MAX_GUARANTEED_CONFIDENCE`` and ``MAX_GUARANTEED_CONFIGURATIONS``, the nearest
    entry holds, so a confidence below the lowest one gets more than it asks for.
    """
    of_confidence = [
        np.interp(np.log(configurations), np.log(VALUES), np.log1p(-np.array(levels))) for levels in LEVELS.values()
    ]
    # Negated, because interp wants ascending positions.
    error = np.interp(-np.log1p(-confidence), [-np.log1p(-asked) for asked in LEVELS], of_confidence)
    return float(-np.expm1(error)) - ROUNDING
