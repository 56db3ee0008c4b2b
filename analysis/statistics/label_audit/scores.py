"""How suspicious each training clip's label is: margins of many runs on one scale, averaged, with intervals over seeds.

Margins of different runs cannot be averaged directly: losses lead to logits of different sizes, and the margin of a
held-out clip is not a mean over epochs. So within each run they are replaced by normal scores (van der Waerden): the
quantile of the standard normal distribution at the clip's rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from analysis.statistics.intervals import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analysis.statistics.arrays import Floats
    from trainables.outputs.arrays import Floats as Margins

MAX_STEPS = 50  # of Newton's method for the inverse trigamma function, which needs about 5


@dataclass(frozen=True)
class ClipScores:
    """How suspicious each of N labels is.

    Attributes:
        score: in [0, 1], 1 is the most suspicious: the clip is on average as suspicious as the one at this quantile of
            a run. NaN for a clip that no run measured. Shape (N,).
        low, high: ends of the interval over seeds; NaN without a second seed that differs. Shape (N,).

    """

    score: Floats
    low: Floats
    high: Floats


def normal_scores(values: Floats) -> Floats:
    """Replace values by normal scores: Phi^-1((rank - 1/2) / n) of the n finite ones; NaN stays NaN, ties are equal.

    Args:
        values: shape (N,).

    """
    scores = np.full(values.shape, np.nan)
    known = np.isfinite(values)
    if known.any():
        scores[known] = special.ndtri((stats.rankdata(values[known]) - 0.5) / known.sum())
    return scores


def run_scores(margins: Margins, trained: NDArray[np.bool_]) -> Floats:
    """Return normal scores of one run, high where the margin is low: among clips trained on, and among those held out.

    Args:
        margins: of one run; NaN outside its subset. Shape (N,).
        trained: whether the run trained on the clip. Shape (N,).

    """
    scores = np.full(margins.shape, np.nan)
    for part in (trained, ~trained):
        scores[part] = normal_scores(-margins[part].astype(np.float64))
    return scores


def mean_known(arrays: Iterable[Floats]) -> Floats:
    """Return the mean over arrays of equal shape, place by place, without NaN; NaN where all are NaN.

    Raises:
        ValueError: there is no array.

    """
    stacked = np.stack(list(arrays))
    known = np.isfinite(stacked)
    count = known.sum(axis=0)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def seed_scores(runs: Iterable[Floats]) -> Floats:
    """Average the scores of one seed's runs, one for each configuration, and bring every seed to the same scale.

    Args:
        runs: the ``run_scores`` of each run; not empty.

    Returns:
        Normal scores; NaN of clips that no run of the seed saw. Shape (N,).

    """
    return normal_scores(mean_known(runs))


def clip_scores(by_seed: Floats, level: float = LEVEL) -> ClipScores:
    """Average the scores over seeds, with intervals.

    A clip's own spread over three seeds is hardly known, so the intervals rest on moderated variances: each clip's
    variance is drawn towards what all clips have in common, as far as the clips' variances are alike (Smyth 2004,
    limma, https://doi.org/10.2202/1544-6115.1027). The ends are mapped to ranks as the score is.

    Args:
        by_seed: normal scores, NaN where a seed has none. Shape (seeds, N).
        level: of the intervals, in (0, 1).

    """
    known = np.isfinite(by_seed)
    seeds = known.sum(axis=0)
    mean = mean_known(by_seed)
    squares = np.where(known, (by_seed - mean) ** 2, 0.0).sum(axis=0)
    variance, freedom = moderated_variances(squares, np.maximum(seeds - 1, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        half = special.stdtrit(freedom, (1 + level) / 2) * np.sqrt(variance / seeds)
    return ClipScores(*(np.asarray(special.ndtr(ends)) for ends in (mean, mean - half, mean + half)))


def moderated_variances(squares: Floats, freedom: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Shrink the variances of many units towards a common value, by empirical Bayes.

    The prior is s0^2 with d0 degrees of freedom, fitted to the moments of the logarithms of the units' variances (Smyth
    2004, section 6.2). A unit's variance becomes (d0 s0^2 + d s^2) / (d0 + d), with d0 + d degrees of freedom.

    Args:
        squares: the units' sums of squares about their means. Shape (N,).
        freedom: their degrees of freedom d; 0 of a single value. Shape (N,).

    Returns:
        The variances and their degrees of freedom; NaN if no unit has spread. Shape (N,) both.

    """
    usable = (freedom > 0) & (squares > 0)
    if not usable.any():
        return np.full(squares.shape, np.nan), np.full(squares.shape, np.nan)
    degrees = freedom[usable]
    logs = np.log(squares[usable] / degrees) - special.digamma(degrees / 2) + np.log(degrees / 2)
    beyond_chance = 0.0
    if len(logs) > 1:
        beyond_chance = float(logs.var(ddof=1) - special.polygamma(1, degrees / 2).mean())
    if beyond_chance > 0:
        prior = 2 * inverse_trigamma(beyond_chance)
        common = float(np.exp(logs.mean() + special.digamma(prior / 2) - np.log(prior / 2)))
    else:  # the variances differ by chance alone: all clips have one
        prior, common = float(squares.shape[0] * (freedom.max() + 1)), float(np.exp(logs.mean()))
    total = np.asarray(prior + freedom, dtype=np.float64)
    return (prior * common + squares) / total, total


def inverse_trigamma(value: float) -> float:
    """Return x with trigamma(x) = value > 0, by Newton's method on 1 / trigamma (Smyth 2004, appendix)."""
    x = 0.5 + 1 / value
    for _ in range(MAX_STEPS):
        trigamma = float(special.polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(special.polygamma(2, x))
        x += step
        if abs(step) < 1e-8 * x:
            break
    return x
