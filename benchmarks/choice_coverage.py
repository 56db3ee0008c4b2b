"""How often the test interval that a grid reports covers the true mean of the configuration that it chooses.

    python benchmarks/choice_coverage.py --seed 7

Simulates grids whose runs have luck that validation and test share, lets the study's own code choose and correct, and
prints a table in Markdown. Takes about 2 minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from analysis.findings.choice_score import score_of_choice
from analysis.results.runs_table import Key
from analysis.statistics.intervals import t_interval
from analysis.statistics.ranking import choose
from analysis.statistics.shared_luck import shared_luck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.statistics.arrays import Floats
    from analysis.statistics.intervals import Interval
    from analysis.statistics.ranking import Choice

PEAK = tuple(-0.15 * (place - 4) ** 2 for place in range(9))


class World(NamedTuple):
    """Configurations with true means, in points, that are the same in validation and test."""

    name: str
    means: Sequence[float]
    seeds: int
    sd: float  # of a run, in points
    correlation: float  # of a run's luck in validation and in test


WORLDS = (
    World("9 equal", (0.0,) * 9, 12, 0.9, 0.7),
    World("9 equal", (0.0,) * 9, 5, 0.9, 0.7),
    World("5 equal", (0.0,) * 5, 3, 5.7, 0.7),
    World("40 equal", (0.0,) * 40, 3, 2.0, 0.7),
    World("9 with one peak", PEAK, 12, 0.9, 0.7),
    World("5 equal and 4 far behind", (0.0,) * 5 + (-5.0, -10.0, -20.0, -40.0), 12, 0.9, 0.7),
    World("one 0.6 above 8 equal", (0.6,) + (0.0,) * 8, 12, 0.9, 0.7),
    World("two, 1 apart", (0.0, 1.0), 12, 0.9, 0.7),
    World("9 equal", (0.0,) * 9, 12, 0.9, 0.0),
)


def simulate(world: World, studies: int, rng: np.random.Generator) -> Floats:
    """Return bias (in points) and coverage, of the plain mean and of the reported one; shape (2, 2)."""
    keys = [Key(f"arm{place}", f"arm{place}", "all") for place in range(len(world.means))]
    results = np.zeros((2, 2))
    for _ in range(studies):
        luck, other = rng.standard_normal((2, len(keys), world.seeds))
        both = world.correlation * luck + math.sqrt(1 - world.correlation**2) * other
        accuracies = (0.7 + (np.array(world.means)[:, None] + world.sd * noise) / 100 for noise in (luck, both))
        validation, test = (
            {key: dict(enumerate(map(float, row))) for key, row in zip(keys, table, strict=True)}
            for table in accuracies
        )
        choice = cast("Choice", choose(validation))  # every configuration has scores
        truth = 0.7 + world.means[keys.index(choice.key)] / 100
        reported = score_of_choice(choice, shared_luck(validation, test), validation, test).accuracy
        for place, interval in enumerate((t_interval(test[choice.key].values()), cast("Interval", reported))):
            covers = interval.low is not None and interval.low <= truth <= (interval.high or 0)
            results[place] += 100 * (interval.mean - truth), covers
    return results / studies


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True, help="of the simulated runs")
    parser.add_argument("--studies", type=int, default=4000, help="of each world")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    print("| configurations | seeds | sd of a run | correlation | plain mean: too high by, covers | as reported |")
    print("|---|---|---|---|---|---|")
    for world in WORLDS:
        cells = [f"{bias:.2f}, {100 * covers:.1f} %" for bias, covers in simulate(world, arguments.studies, rng)]
        row = (world.name, world.seeds, world.sd, world.correlation, *cells)
        print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
