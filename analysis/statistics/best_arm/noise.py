"""The seed noise of K values: how much of it is common to all values of a seed, and whether the values' own differ.

Run s of value i is y_is = theta_i + b_s + e_is, with b_s ~ N(0, r s^2) and e_is ~ N(0, (1 - r) s^2 w_i). r is the share
of the noise that a seed gives to all values alike (the intraclass correlation), w_i the value's own variance relative
to the others'. Here s^2 is the unit: everything is in seed variances unless it is in points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats
    from analysis.statistics.best_arm.scores import Scores

ICCS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.93)  # r
ICC_PRIOR = (0.4, 0.12, 0.12, 0.12, 0.12, 0.12)
VARIANCE_DF = 6.0  # degrees of freedom of the scatter of the w_i, if they differ; above 2
P_UNEVEN = 0.3  # prior probability that the w_i differ
GUESS_WEIGHT = 0.5  # degrees of freedom that the prior guess of s^2 counts for
GUESS_SHARE = 0.2  # the guess, as a share of the variance of all scores together
BLIND_GUESS = 1.0  # points^2: the guess if the scores have no spread to take it from
BLIND_WEIGHT = 2.0  # degrees of freedom that the guess counts for if no value has two runs, or there is no spread
NEGLIGIBLE_LOG = 12.0  # a point of the grid that the runs within the values make so much less likely is dropped


class Guess(NamedTuple):
    """The prior of s^2: scaled inverse chi-square."""

    variance: float  # points^2
    df: float

    @classmethod
    def of(cls, scores: Scores) -> Guess:
        """Return the prior guess, which scales with the scores.

        It is their whole variance if no value has two runs, which could tell seeds from values, and a fixed one if
        they have no spread.
        """
        if not scores.variance > 0:
            return cls(BLIND_GUESS, BLIND_WEIGHT)
        if scores.runs == len(scores.seen):
            return cls(scores.variance, BLIND_WEIGHT)
        return cls(GUESS_SHARE * scores.variance, GUESS_WEIGHT)


class Noise(NamedTuple):
    """A grid of G settings of the seed noise, with what the runs within the values tell of each.

    Attributes:
        log: (G,), logarithm of prior times likelihood of the differences within the values, with s integrated out.
        icc: (G,), r.
        relative: (G, K), w_i.
        estimate: (G, o), least-squares estimates of the o observed values' means, in points minus the centre.
        covariance: (G, o, o), of those estimates, in seed variances.
        squares: (G,), sum of squared residuals in points^2, plus the prior's.
        df: degrees of freedom of ``squares``, the prior's included.

    """

    log: Floats
    icc: Floats
    relative: Floats
    estimate: Floats
    covariance: Floats
    squares: Floats
    df: float

    def information(self, runs: Floats) -> tuple[Floats, Floats]:
        """Return the precision (G, K, K) that runs (K, S) give to the values' means, and the seeds' shrinkage (G, S).

        The seeds' effects are integrated out. Their variance given the means is shrinkage times (1 - r).
        """
        return _information(self.icc, self.relative, runs)


def _information(icc: Floats, relative: Floats, runs: Floats) -> tuple[Floats, Floats]:
    own = runs / relative[:, :, None]
    shrinkage = icc[:, None] / (icc[:, None] * own.sum(axis=1) + 1 - icc[:, None])
    precision = -(own * shrinkage[:, None]) @ own.swapaxes(1, 2)
    diagonal = np.arange(len(runs))
    precision[:, diagonal, diagonal] += own.sum(axis=2)
    return precision / (1 - icc)[:, None, None], shrinkage


def noises(scores: Scores) -> Noise:
    """Return the grid of seed noise, without the points that the runs within the values rule out."""
    seen, guess = scores.seen, Guess.of(scores)
    used = np.flatnonzero(scores.scored.any(axis=0))
    y, runs = scores.score[seen][:, used], scores.scored[seen][:, used]
    icc = np.array(ICCS)
    fitted = _Fit.of(y, runs, icc, np.ones((len(icc), len(seen))))
    df = scores.runs - len(seen) + guess.df
    even = np.log(ICC_PRIOR) + fitted.log_within(df, guess)
    relative, log_odds = _uneven(fitted, runs, guess)
    log = np.concatenate([even + np.log1p(-P_UNEVEN), even + np.log(P_UNEVEN) + log_odds])
    kept = np.flatnonzero(log > log.max() - NEGLIGIBLE_LOG)
    icc = np.tile(icc, 2)[kept]
    every = np.ones((len(log), len(scores.score)))
    every[len(ICCS) :, seen] = relative
    final = _Fit.of(y, runs, icc, every[kept][:, seen])
    squares = final.squares + guess.df * guess.variance
    return Noise(log[kept], icc, every[kept], final.estimate, final.covariance, squares, df)


class _Fit(NamedTuple):
    """Generalised least squares of the values' means, for G settings of the noise."""

    icc: Floats
    estimate: Floats  # (G, o)
    covariance: Floats  # (G, o, o)
    shrinkage: Floats  # (G, S)
    squares: Floats  # (G,), weighted sum of squared residuals
    own: Floats  # (G, o, S), residuals less the estimated effects of the seeds
    log_det: Floats  # (G,), of the covariance of the scores, less that of the estimates

    @classmethod
    def of(cls, y: Floats, runs: Floats, icc: Floats, relative: Floats) -> _Fit:
        """Fit scores (o, S) with given variances (G, o) of the values."""
        precision, shrinkage = _information(icc, relative, runs)
        covariance = np.asarray(np.linalg.inv(precision), dtype=np.float64)
        weighted = y / relative[:, :, None]
        rest = 1 - icc
        by_seed = shrinkage * weighted.sum(axis=1)
        right = (weighted.sum(axis=2) - ((runs / relative[:, :, None]) @ by_seed[:, :, None])[:, :, 0]) / rest[:, None]
        estimate = (covariance @ right[:, :, None])[:, :, 0]
        residual = (y - estimate[:, :, None]) * runs
        effect = shrinkage * (residual / relative[:, :, None]).sum(axis=1)
        own = (residual - effect[:, None]) * runs
        squares = (residual * own / relative[:, :, None]).sum(axis=(1, 2)) / rest
        log_det = (
            runs.sum() * np.log(rest)
            + (runs.sum(axis=1) * np.log(relative)).sum(axis=1)
            + np.log1p((icc / rest)[:, None] * (runs / relative[:, :, None]).sum(axis=1)).sum(axis=1)
            + np.linalg.slogdet(precision)[1]
        )
        return cls(icc, estimate, covariance, shrinkage, squares, own, log_det)

    def log_within(self, df: float, guess: Guess) -> Floats:
        """Return the log likelihood (G,) of the differences within the values, with means and s integrated out."""
        return np.asarray(-0.5 * self.log_det - 0.5 * df * np.log(self.squares + guess.df * guess.variance))


def _uneven(fit: _Fit, runs: Floats, guess: Guess) -> tuple[Floats, Floats]:
    """Return each value's relative variance (G, o) if they differ, and the log odds (G,) that they do.

    The w_i then scatter around 1 as inverse chi-squares of VARIANCE_DF degrees of freedom. Each is estimated by its
    posterior mean, given the value's residuals.
    """
    rest = 1 - fit.icc[:, None]
    smoothed = fit.covariance @ runs  # what each seed's runs tell of the means
    explained = smoothed * -2 * fit.shrinkage[:, None] + np.einsum("gii->gi", fit.covariance)[:, :, None]
    explained += ((runs * smoothed).sum(axis=1) * fit.shrinkage**2)[:, None]
    freedom = ((1 - fit.shrinkage[:, None] - explained / rest[:, :, None]) * runs).sum(axis=2)
    squares = (fit.own**2).sum(axis=2) / rest
    common = (squares.sum(axis=1) + guess.df * guess.variance) / (freedom.sum(axis=1) + guess.df)
    share = squares / common[:, None]  # chi-square with each value's degrees of freedom, if all share one variance
    centre = VARIANCE_DF - 2  # makes the mean of the w_i 1
    log = (
        special.gammaln((VARIANCE_DF + freedom) / 2)
        - special.gammaln(VARIANCE_DF / 2)
        + VARIANCE_DF / 2 * np.log(centre / 2)
        - (VARIANCE_DF + freedom) / 2 * np.log((centre + share) / 2)
        + share / 2
    ).sum(axis=1)
    return (centre + share) / (VARIANCE_DF + freedom - 2), log
