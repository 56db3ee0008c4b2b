"""All performance figures in one run, each beside its bar: a table on the screen and JSON in a file.

``python benchmarks/bench.py [--only NAME ...] [--json FILE]``, from this repository; ``make bench`` is the whole.
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
# Each is a module beside this one, whose measure() returns its figures.
PARTS = (
    "startup",
    "training_step",
    "threads",
    "precision",
    "whole_study",
    "features",
    "orchestration",
    "scale",
    "gpu",
)


def main() -> None:
    """Measure the parts one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, default=Path("results/bench.json"), metavar="FILE")
    options = parser.parse_args()
    print(machine())
    found: dict[str, list[Figure]] = {}
    for name in options.only:
        began = time.monotonic()
        found[name] = importlib.import_module(name).measure()
        shown = table(found[name]) if found[name] else "not measured: this machine lacks what it takes"
        print(f"\n{name} ({time.monotonic() - began:.0f} s)\n{shown}", flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    figures = {name: [asdict(f) | {"reached": f.reached} for f in part] for name, part in found.items()}
    options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))
    short = [f.name for part in found.values() for f in part if f.reached is False]
    print(
        f"\nwritten to {options.json}; {len(short)} fall short of their bar" + "".join(f"\n- {name}" for name in short)
    )


if __name__ == "__main__":
    main()
