"""The start-up time of the commands."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from measuring import Figure

COMMAND = Path(sys.executable).parent / "gce-study"
ROUNDS = 5
STUDIES = 3
STUDY = """
name: started{number}
dataset: {{kind: synthetic, noise: 0.4, seed: 0}}
arms: [{{name: cce, loss: {{name: cce}}}}]
seeds: [{number}, {other}]
training: {{epochs: 1, batch_size: 32}}
storage: {folder}/results
"""
POLL_S = 0.01


def measure() -> list[Figure]:
    """Return the times of ``--help``, of a check and of a run until its first epoch, each after a warm-up."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        helped = _command(folder, "--help")
        checked = _command(folder, "check", "demo")
        started = [_first_epoch(folder, number) for number in range(STUDIES + 1)][1:]  # the first computes the frames
    return [
        Figure("gce-study --help", helped, "s", 0.4, "less", f"median of {ROUNDS}"),
        Figure("gce-study check demo", checked, "s", 1.5, "less", f"median of {ROUNDS}; the very first times a batch"),
        Figure("gce-study run, up to the first epoch", median(started), "s", 10, "less", f"median of {STUDIES}"),
    ]


def _command(folder: Path, *arguments: str) -> float:
    taken = []
    for _ in range(1 + ROUNDS):
        start = time.perf_counter()
        subprocess.run([COMMAND, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- our own command
        taken.append(time.perf_counter() - start)
    return median(taken[1:])


def _first_epoch(folder: Path, number: int) -> float:
    """Run a study of two runs; return the seconds until the log of one of them reports its first epoch."""
    file = folder / f"{number}.yaml"
    file.write_text(STUDY.format(number=number, other=1000 + number, folder=folder))
    known = set((folder / "results" / "logs").glob("*"))
    start = time.perf_counter()
    with subprocess.Popen([COMMAND, "run", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:  # noqa: S603 -- our own command
        while not _starts(folder / "results" / "logs", known):
            if running.poll() is not None:
                msg = f"the study ended with exit code {running.returncode} before its first epoch"
                raise RuntimeError(msg)
            time.sleep(POLL_S)
        return time.perf_counter() - start


def _starts(logs: Path, known: set[Path]) -> bool:
    return any("starts at epoch 1" in log.read_text() for log in logs.glob("*") if log not in known)
