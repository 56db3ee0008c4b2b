"""Every built-in loss at its defaults and with its parameter searched, on synthetic sounds with wrong labels.

    python benchmarks/loss_table.py STORAGE

40 % of the unverified training labels are wrong. The defaults are one grid with 5 seeds. Each loss with a parameter
then has a search of 8 configurations over the range that docs/reference/losses.md states, whose best is trained with 5
fresh seeds. Prints a Markdown table. What is recorded in the storage location is not trained again: if it is
interrupted, run it again. About an hour on two cores.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, get_args

from study import Study, run
from trainables.losses.catalogue import LOSSES
from trainables.naming import symbol

if TYPE_CHECKING:
    from analysis.study import Study as Results

DATA = {"kind": "synthetic"}
TRAINING = {"epochs": 30, "batch_size": 32}
SEEDS = 5


def _log(low: float, high: float) -> dict[str, Any]:
    return {"min": low, "max": high, "scale": "log"}


def _linear(low: float, high: float) -> dict[str, Any]:
    return {"min": low, "max": high, "scale": "linear"}


RANGES: dict[str, dict[str, Any]] = {
    "sce": {"alpha": _log(0.01, 10.0)},
    "label_smoothing": {"r": _linear(-1.0, 0.5)},
    "focal": {"gamma": _linear(0.0, 5.0)},
    "soft_bootstrapping": {"beta": _linear(0.1, 1.0)},
    "gce": {"q": _linear(0.0, 1.0)},
    "adaptive_gce": {"temperature": _log(100.0, 1e6)},
    "js": {"w": _linear(0.1, 0.95)},
    "taylor_ce": {"t": {"values": [1, 2, 3, 4, 5, 6, 8, 10]}},
    "agce": {"a": _log(0.1, 6.0), "q": _log(0.1, 3.0)},
    "aul": {"a": _log(1.5, 10.0), "q": _log(0.1, 4.0)},
    "nce_rce": {"alpha": _log(0.1, 10.0), "beta": _log(0.1, 10.0)},
    "nce_mae": {"alpha": _log(0.1, 10.0), "beta": _log(0.1, 10.0)},
    "nce_agce": {"alpha": _log(0.1, 10.0), "beta": _log(0.1, 10.0)},
    "nce_aul": {"alpha": _log(0.1, 10.0), "beta": _log(0.1, 10.0)},
    "anl": {"alpha": _log(0.5, 10.0), "beta": _log(0.5, 10.0)},
    "elr": {"lam": _log(1.0, 10.0)},
    "truncated_gce": {"k": _linear(0.1, 0.6)},
    "scheduled_gce": {"later_q": _linear(0.3, 0.8)},
    "pruning": {"discard": _log(0.02, 0.4)},
}


def main(storage: str) -> None:
    """Train what is missing, and print the table."""
    names = [get_args(loss.model_fields["name"].annotation)[0] for loss in LOSSES]
    common: dict[str, Any] = {"dataset": DATA, "training": TRAINING, "storage": storage}
    arms = [{"name": name, "loss": {"name": name}} for name in names]
    at_defaults = run(Study(name="loss-defaults", arms=arms, seeds=SEEDS, **common))
    # Without early stopping: some of the losses change only after 20 epochs.
    method = {"name": "search", "configurations": 8, "asha": None, "confirm_best": 1, "confirm_seeds": SEEDS}
    table = [
        "| loss | test accuracy at the defaults, % | parameters found | test accuracy with them, % |",
        "|---|---|---|---|",
    ]
    for name in names:
        row = [f"`{name}`", _accuracy(at_defaults, name), "", ""]
        if name in RANGES:
            arm = {"name": name, "loss": {"name": name} | RANGES[name]}
            searched = run(Study(name=f"loss-{name}", arms=[arm], method=method, **common))
            loss = searched.finding.best.loss
            row[2:] = [", ".join(f"{symbol(key)} = {loss[key]:.3g}" for key in RANGES[name]), _accuracy(searched, name)]
        table.append(f"| {' | '.join(row)} |")
    print(*table, sep="\n")


def _accuracy(study: Results, arm: str) -> str:
    """Return the mean of an arm's test accuracies with its 95 % t-interval, over the runs that do not explore."""
    summary = study.summary()
    row = summary[summary.arm == arm].iloc[0]
    return f"{100 * row.test_mean:.1f} ± {100 * row.test_half_width:.1f}"


if __name__ == "__main__":
    main(sys.argv[1])
