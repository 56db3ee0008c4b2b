"""The time of a whole study, from command to report, compared with that of its training alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import Figure

from analysis.results.study_results import load_results
from trainables.datasets.config import Synthetic
from trainables.datasets.kinds.synthetic import LIST
from trainables.processes.limits import usable_cpus
from trainables.storage.folder_location import FolderLocation

STUDY = """
name: whole
dataset: {{kind: csv, path: {clips}}}
arms:
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: {{values: [100, 1000, 10000]}}}}}}
  - {{name: cce, loss: {{name: cce}}}}
seeds: 6
training: {{epochs: 8, stop_after: 8}}
storage: {folder}/results
"""
RUNS = 24


def measure() -> list[Figure]:
    """Run a study of 24 runs, and compare its wall time with its training time divided by the cores."""
    cores = usable_cpus()
    with tempfile.TemporaryDirectory() as name:
        folder = FolderLocation(name)
        sounds = Synthetic(kind="synthetic", noise=0.4, seed=0, train_per_class=100, test_per_class=20)
        clips = sounds.parse(folder / "sounds")[0].root / LIST  # the path that a study file names
        (folder / "study.yaml").write_text(STUDY.format(folder=folder, clips=clips))
        command = [Path(sys.executable).parent / "gce-study", "run", folder / "study.yaml"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 -- our own command
        wall = time.perf_counter() - start
        costs = [record.cost for record in load_results(folder / "results", "whole").records.values()]
    if len(costs) != RUNS:
        msg = f"{len(costs)} runs have a record, expected {RUNS}"
        raise RuntimeError(msg)
    training = sum(cost.images / cost.images_per_s for cost in costs)
    spent = sum(cost.wall_s for cost in costs)
    return [
        Figure(
            f"wall time of a study of {RUNS} runs, relative to its training time divided by {cores} cores",
            wall / (training / cores),
            "x",
            1.10,
            "less",
            f"{wall:.0f} s from the command to the report, frames included; {training:.0f} s of training passes; "
            f"with validation, test and checkpoints the runs took {spent:.0f} s, {wall / (spent / cores):.2f} x",
        )
    ]
