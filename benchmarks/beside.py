"""How much a dashboard beside a study costs: the study alone, with ``--dashboard``, and with a page open in Chromium.

    python benchmarks/beside.py

The three take turns. CPU seconds are those of all processes of the command, by the variable that marks them.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from analysis.report.drawing.browser import find_browser

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = Path(sys.executable).parent / "gce-study"
STUDY = """
name: beside
dataset: {dataset}
arms: [{{name: cce, loss: {{name: cce}}}}, {{name: gce, loss: {{name: gce, q: {{values: [0.3, 0.6, 0.9]}}}}}}]
seeds: {seeds}
training: {{epochs: 5, stop_after: 5, batch_size: 32}}
storage: {storage}
"""
DATA = "{kind: synthetic, noise: 0.4, seed: 0}"
MARK = "GCE_STUDY_BENCHMARK"
ADDRESS = re.compile(r"^dashboard: (http://\S+)$", re.MULTILINE)
POLL_S = 0.2
HERTZ = os.sysconf("SC_CLK_TCK")
CONTENDERS = ("alone", "dashboard", "page")
PARTS = ("driver", "dashboard", "training")


class Used:
    """CPU seconds of the processes that a command starts, those that have ended included."""

    def __init__(self, driver: int, mark: str) -> None:
        """Count the processes with that mark in their environment; ``driver`` is the pid of the first."""
        self._driver, self._mark = driver, f"{MARK}={mark}".encode()
        self._parts: dict[int, str | None] = {}
        self._seconds: dict[int, float] = {}

    def sample(self) -> None:
        """Read the times of the processes that run now."""
        for process in Path("/proc").glob("[0-9]*"):
            pid = int(process.name)
            with suppress(OSError):
                if pid not in self._parts:
                    marked = self._mark in (process / "environ").read_bytes().split(b"\0")
                    self._parts[pid] = self._part(pid, (process / "cmdline").read_bytes()) if marked else None
                if self._parts[pid]:
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                    self._seconds[pid] = (int(fields[11]) + int(fields[12])) / HERTZ

    def _part(self, pid: int, command: bytes) -> str:
        if pid == self._driver:
            return "driver"
        return "dashboard" if b"dashboard.served" in command else "training"

    def by_part(self) -> dict[str, float]:
        """Return the CPU seconds of driver, dashboard, and all else, which trains."""
        totals: dict[str, float] = defaultdict(float)
        for pid, seconds in self._seconds.items():
            totals[self._parts[pid] or ""] += seconds
        return totals


@contextmanager
def _page(address: str) -> Iterator[None]:
    """Open an address in Chromium, which polls as long as the context lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        browser.new_page().goto(address)
        yield
        browser.close()


def measure(contender: str, number: int, folder: Path, seeds: int) -> dict[str, float]:
    """Run a study once; return wall seconds and CPU seconds."""
    file = folder / f"{number}-{contender}.yaml"
    file.write_text(STUDY.format(dataset=DATA, seeds=seeds, storage=folder / file.stem))
    command = [COMMAND, "run", file, *([] if contender == "alone" else ["--dashboard", "--port", "0"])]
    output = folder / f"{file.stem}.log"
    start = time.perf_counter()
    with output.open("w") as printed, ExitStack() as stack:
        environment = os.environ | {MARK: file.stem}
        process = subprocess.Popen(command, stdout=printed, stderr=printed, env=environment)  # noqa: S603 -- our own command
        stack.callback(process.terminate)
        used, opened = Used(process.pid, file.stem), contender != "page"
        while process.poll() is None:
            used.sample()
            if not opened and (address := ADDRESS.search(output.read_text())):
                stack.enter_context(_page(address[1]))
                opened = True
            time.sleep(POLL_S)
        wall = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(output.read_text())
    return {"wall": wall, **used.by_part()}


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    taken: dict[str, list[dict[str, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        for number in range(options.rounds):
            for contender in CONTENDERS[:: 1 if number % 2 == 0 else -1]:
                taken[contender].append(measure(contender, number, Path(name), options.seeds))
                print(number, contender, taken[contender][-1], flush=True)
    for contender in CONTENDERS:
        medians = {part: median(one.get(part, 0.0) for one in taken[contender]) for part in ("wall", *PARTS)}
        print(contender, {part: round(seconds, 1) for part, seconds in medians.items()})


if __name__ == "__main__":
    main()
