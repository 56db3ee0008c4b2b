"""Measure all performance figures and compare each with its target; prints tables and writes JSON.

Run ``python benchmarks/bench.py [--only NAME ...] [--json FILE]`` in the repository; ``make bench`` measures all.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from measuring import Figure, machine, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# Modules in this folder, each with a function measure() that returns its figures.
PARTS = (
    "startup",
    "training_step",
    "loss_steps",
    "networks",
    "margins",
    "threads",
    "precision",
    "whole_study",
    "features",
    "orchestration",
    "scale",
    "gpu",
)


def main() -> None:
    """Measure the parts in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, default=Path("results/bench.json"), metavar="FILE")
    options = parser.parse_args()
    print(machine())
    measured: dict[str, list[Figure]] = {}
    for name in options.only:
        start = time.monotonic()
        measured[name] = importlib.import_module(name).measure()
        text = table(measured[name]) if measured[name] else "not measured: this machine lacks the hardware"
        print(f"\n{name} ({time.monotonic() - start:.0f} s)\n{text}", flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    figures = {name: [asdict(f) | {"reached": f.reached} for f in part] for name, part in measured.items()}
    options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))
    missed = [f.name for part in measured.values() for f in part if f.reached is False]
    print(f"\nwritten to {options.json}; {len(missed)} figures miss their target")
    print("".join(f"- {name}\n" for name in missed), end="")


if __name__ == "__main__":
    main()
