"""How often intervals over folds and seeds cover the truth: that of these data, and that of other data of their kind.

    python benchmarks/folds.py --seed 7

Draws small data sets, cross-validates two learners of equal accuracy on each, with real folds that share training data,
and prints tables in Markdown: for each way to compute an interval, how often the one of a learner's accuracy covers the
truth, and how often the one of the learners' difference excludes zero although the learners are equal.
Takes about 5 minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats

LEVEL = 0.95
MANY = 100  # seeds whose mean over folds counts as the truth of these data
DIMS = 10  # of the inputs of each learner
HIDDEN = 16  # random features, whose weights are what a seed draws
APART = 0.35  # distance of the classes' means from zero, in standard deviations


class Design(NamedTuple):
    """A cross-validation: clips, folds and seeds."""

    clips: int
    folds: int
    seeds: int


DESIGNS = tuple(Design(400, folds, seeds) for folds in (3, 5, 10) for seeds in (1, 2, 3, 5))


class Spread(NamedTuple):
    """Standard error and degrees of freedom of a mean."""

    error: float
    df: int


def of_seeds(values: Floats) -> Spread | None:
    """Take the mean over folds as one value for each seed; values of shape (folds, seeds)."""
    return _plain(values.mean(axis=0))


def of_folds(values: Floats) -> Spread | None:
    """Take the mean over seeds as one value for each fold."""
    return _plain(values.mean(axis=1))


def of_blocks(values: Floats) -> Spread | None:
    """Take every fold and seed as a value of its own."""
    return _plain(values.ravel())


def within_folds(values: Floats) -> Spread | None:
    """Pool the variances over seeds within folds, with folds * (seeds - 1) degrees of freedom."""
    folds, seeds = values.shape
    if seeds == 1:
        return None
    return Spread(math.sqrt(float(values.var(axis=1, ddof=1).mean()) / values.size), folds * (seeds - 1))


def corrected(values: Floats) -> Spread | None:
    """Correct for the training data that folds share (Nadeau and Bengio 2003; Bouckaert and Frank 2004)."""
    folds = len(values)
    plain = of_blocks(values)
    return plain and Spread(plain.error * math.sqrt(1 + values.size / (folds - 1)), plain.df)


WAYS = {
    "seeds": of_seeds,
    "folds": of_folds,
    "folds x seeds": of_blocks,
    "within folds": within_folds,
    "corrected": corrected,
}


def _plain(values: Floats) -> Spread | None:
    if values.size == 1:
        return None
    return Spread(float(values.std(ddof=1)) / math.sqrt(values.size), values.size - 1)


def half_width(spread: Spread) -> float:
    """Return half the width of a t-interval."""
    return spread.error * float(stats.t.ppf((1 + LEVEL) / 2, spread.df))


def draw(clips: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return inputs of shape (2, clips, DIMS), one set for each learner, and labels -1 and 1 of shape (clips,)."""
    labels = np.where(np.arange(clips) % 2, 1.0, -1.0)
    shift = APART / math.sqrt(DIMS) * 2 * labels[:, None]
    return rng.standard_normal((2, clips, DIMS)) + shift, labels


def accuracy(train: tuple[Floats, Floats], test: tuple[Floats, Floats], weights: Floats) -> float:
    """Return the accuracy of ridge regression on random features."""
    inputs, labels = train
    hidden = np.maximum(inputs @ weights, 0)
    fitted = np.linalg.solve(hidden.T @ hidden + np.eye(HIDDEN), hidden.T @ labels)
    return float((np.sign(np.maximum(test[0] @ weights, 0) @ fitted) == test[1]).mean())


def cross_validate(inputs: Floats, labels: Floats, folds: int, seeds: int, rng: np.random.Generator) -> Floats:
    """Return the accuracies of a learner, of shape (folds, seeds)."""
    members = np.arange(len(labels)) // 2 % folds  # as many of either class
    results = np.empty((folds, seeds))
    for fold in range(folds):
        tested = members == fold
        train, test = (inputs[~tested], labels[~tested]), (inputs[tested], labels[tested])
        for seed in range(seeds):
            results[fold, seed] = accuracy(train, test, rng.standard_normal((DIMS, HIDDEN)))
    return results


def expected(design: Design, rng: np.random.Generator, data_sets: int = 3000) -> float:
    """Return a learner's accuracy on other data: the mean over many data sets of the design's training size."""
    size = design.clips - design.clips // design.folds
    total = 0.0
    for _ in range(data_sets):
        (inputs, _), labels = draw(size + 200, rng)
        train, test = (inputs[:size], labels[:size]), (inputs[size:], labels[size:])
        total += accuracy(train, test, rng.standard_normal((DIMS, HIDDEN)))
    return total / data_sets


def simulate(design: Design, studies: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Return, for each way, five numbers as an array.

    They are the half-width of the accuracy's interval in points; how often it covers the truth of these data, and of
    other data; and how often the difference's interval excludes the truth of these data, and of other data, which is 0.
    """
    population = expected(design, rng)
    results: dict[str, list[tuple[float, ...]]] = {name: [] for name in WAYS}
    for _ in range(studies):
        inputs, labels = draw(design.clips, rng)
        many = [cross_validate(of, labels, design.folds, MANY, rng) for of in inputs]
        first, second = (of[:, : design.seeds] for of in many)  # the truth is the mean of the other seeds
        truth = [float(of[:, design.seeds :].mean()) for of in many]
        for name, way in WAYS.items():
            one, both = way(first), way(first - second)
            if one is None or both is None:
                continue
            width, gap_width = half_width(one), half_width(both)
            mean, gap = float(first.mean()), float((first - second).mean())
            results[name].append(
                (
                    100 * width,
                    abs(mean - truth[0]) <= width,
                    abs(mean - population) <= width,
                    abs(gap - (truth[0] - truth[1])) > gap_width,
                    abs(gap) > gap_width,
                )
            )
    return {name: np.array(rows).mean(axis=0) for name, rows in results.items() if rows}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True, help="of the data and the learners")
    parser.add_argument("--studies", type=int, default=300, help="of each design")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    print("| folds | seeds | way | half-width, points | covers: these data | other data | ", end="")
    print("difference wrong: these data | other data |")
    print("|---|---|---|---|---|---|---|---|")
    for design in DESIGNS:
        for name, (width, here, elsewhere, wrong_here, wrong_elsewhere) in simulate(
            design, arguments.studies, rng
        ).items():
            shares = (f"{100 * share:.1f} %" for share in (here, elsewhere, wrong_here, wrong_elsewhere))
            print(f"| {design.folds} | {design.seeds} | {name} | {width:.2f} | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
