"""Kill the driver of a study at random moments, run it again each time, and check that nothing is lost or repeated.

    sudo python benchmarks/random_kills.py --kills 15 --seed 1

Everything runs in a PID namespace whose first process does not reap ended ones, as in ``docker run IMAGE sleep
infinity``: there an orphan that checks whether its parent lives always finds that it does. Each kill is a SIGKILL to
the driver's process group, half of them after the driver was stopped for some seconds, so that its workers are idle.
A study that ends before all kills are done is checked, and another one begins. A kill takes about 15 s.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.processes.watchdog import began

if TYPE_CHECKING:
    from collections.abc import Iterator

GCE_STUDY = Path(sys.executable).parent / "gce-study"
DATA = "dataset: {kind: synthetic, train_per_class: 12, test_per_class: 2}"
STUDIES = {
    "search": """
arms:
  - {name: adaptive, loss: {name: adaptive_gce, temperature: {min: 10, max: 1.0e+5, scale: log}}}
  - {name: gce, loss: {name: gce, q: {min: 0.05, max: 1}}}
  - {name: cce, loss: {name: cce}}
method:
  name: search
  configurations: 15
  asha: {grace_period: 1, reduction_factor: 2}
  confirm_best: 2
  confirm_seeds: 3
  baselines: [cce]
training: {epochs: 12, batch_size: 8}
resources: {max_concurrent: 2}
""",
    "settle": """
arms:
  - {name: adaptive, loss: {name: adaptive_gce, temperature: {values: [100, 1000, 10000]}}}
  - {name: cce, loss: {name: cce}}
method: {name: settle, within: 0.1, max_runs: 8, confirm_seeds: 2, baselines: [cce]}
controls: [fixed_q]
training: {epochs: 12, batch_size: 8}
resources: {max_concurrent: 1}
""",
}
HUNG_S = 90.0  # without a first epoch or record, or, once all are killed, without an end for ten times as long
AFTER_S = 5.0  # from a kill until the remaining processes are counted
ALIVE_S = 8.0  # at most, between the first epoch of a start and its kill
STOPPED_S = 4.0


@dataclass
class Tally:
    """What happened to the studies of one method."""

    kills: int = 0
    studies: int = 0
    hung: int = 0
    left: int = 0  # processes, over all kills
    changed: int = 0  # records whose bytes changed
    again: int = 0  # runs that had a record or a checkpoint and began at epoch 1
    starts_s: list[float] = field(default_factory=list)  # until the first epoch after each start

    def row(self, method: str) -> str:
        """Return a row of the table."""
        slowest = f"{max(self.starts_s, default=0.0):.0f} s"
        numbers = (self.kills, self.studies, self.hung, self.left, self.changed, self.again)
        return "".join(f"{value:>14}" for value in (method, *numbers, slowest))


HEADER = "".join(
    f"{name:>14}"
    for name in ("method", "kills", "studies", "hung", "left running", "rewritten", "again", "slowest start")
)


@contextmanager
def namespace() -> Iterator[int]:
    """Start a PID namespace whose first process sleeps; yield the pid of that process as it is known here."""
    command = ["unshare", "--fork", "--pid", "--mount-proc", "--", "sleep", "infinity"]
    with subprocess.Popen(command) as outer:  # noqa: S603 -- fixed
        try:
            while not (inside := _children(outer.pid)):
                time.sleep(0.05)
            yield inside[0]
        finally:
            for pid in _children(outer.pid):
                os.kill(pid, signal.SIGKILL)  # ends every process of the namespace


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def left_running(first: int) -> list[str]:
    """Return the commands that run in a namespace, but for its first process, zombies and Ray's agents."""
    space, commands = Path(f"/proc/{first}/ns/pid").readlink(), []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if int(entry.name) == first or (entry / "ns/pid").readlink() != space:
                continue
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if began(int(entry.name)) and "Agent" not in command:
                commands.append(command[:100])
    return commands


class Run:
    """A start of a study in the namespace."""

    def __init__(self, first: int, folder: Path) -> None:
        """Start it."""
        self._storage = folder / "storage"
        self._marks = self._progress()
        self._log = (folder / "output.log").open("ab")
        command = ["nsenter", "-t", str(first), "-p", "-m", "setsid", GCE_STUDY, "run", folder / "study.yaml"]
        self._outer = subprocess.Popen(command, stdout=self._log, stderr=self._log)  # noqa: S603 -- our own command

    def _progress(self) -> dict[str, int]:
        files = [*self._storage.glob("checkpoints/*.pt"), *self._storage.glob("records/*.json")]
        marks = {}
        for path in files:
            with suppress(OSError):
                marks[str(path)] = path.stat().st_mtime_ns
        return marks

    def first_epoch(self) -> float | None:
        """Wait for the first epoch or record, or for the end; return the seconds, None if it hangs."""
        began = time.monotonic()
        while time.monotonic() - began < HUNG_S:
            if self._outer.poll() is not None or self._progress().items() - self._marks.items():
                return time.monotonic() - began
            time.sleep(0.05)
        return None

    def end(self, seconds: float) -> int | None:
        """Wait for the end; return the exit code, None if it did not come."""
        with suppress(subprocess.TimeoutExpired):
            return self._outer.wait(seconds)
        return None

    def kill(self, stopped_s: float) -> None:
        """Kill the driver's process group, after stopping the driver for a while."""
        for driver in _children(self._outer.pid):
            if stopped_s:
                os.kill(driver, signal.SIGSTOP)
                time.sleep(stopped_s)
            os.killpg(driver, signal.SIGKILL)
        self._outer.kill()  # nsenter stops itself with its child
        self._outer.wait()
        self._log.close()


def digests(storage: Path) -> dict[str, str]:
    """Return the digest of every record."""
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in storage.glob("records/*.json")}


def beginnings(storage: Path) -> dict[str, int]:
    """Return how often each run began at epoch 1, by its log."""
    return {
        path.stem: path.read_text(encoding="utf-8").count("starts at epoch 1") for path in storage.glob("logs/*.log")
    }


def kill_all(method: str, kills: int, seed: int, parent: Path, tally: Tally) -> None:
    """Kill studies of a method; each takes the next kill until all are done, and is then run to its end."""
    moments = random.Random(f"{method} {seed}")  # noqa: S311 -- no secret
    with namespace() as first:
        while tally.kills < kills:
            tally.studies += 1
            folder = parent / f"{method}-{tally.studies}"
            folder.mkdir()
            text = f"name: killed\n{DATA}\n{STUDIES[method]}storage: {folder / 'storage'}\n"
            (folder / "study.yaml").write_text(text, encoding="utf-8")
            _until_its_end(first, folder, kills, moments, tally)


def _until_its_end(first: int, folder: Path, kills: int, moments: random.Random, tally: Tally) -> None:
    storage = folder / "storage"
    while True:
        records, begun = digests(storage), beginnings(storage)
        kept = {*records, *(path.stem for path in storage.glob("checkpoints/*.pt"))}
        run = Run(first, folder)
        seconds = run.first_epoch()
        code = None
        if seconds is None:
            tally.hung += 1
        else:
            tally.starts_s.append(seconds)
            last = tally.kills >= kills
            code = run.end(10 * HUNG_S if last else moments.uniform(0, ALIVE_S))
            tally.hung += last and code is None
        if code is None:
            run.kill(STOPPED_S if moments.random() < 0.5 else 0.0)  # noqa: PLR2004 -- half of them
            tally.kills += 1
            time.sleep(AFTER_S)
            left = left_running(first)
            tally.left += len(left)
            print(f"{folder.name}: kill {tally.kills}; {len(digests(storage))} records", *left, flush=True)
        now = digests(storage)
        tally.changed += sum(now.get(run_id) != digest for run_id, digest in records.items())
        tally.again += sum(beginnings(storage).get(run_id, 0) > begun.get(run_id, 0) for run_id in kept)
        if code is not None or tally.hung:
            if code:
                tally.hung += 1
                print((folder / "output.log").read_text(encoding="utf-8", errors="replace")[-2000:])
            return


def main() -> int:
    """Print the table; return 1 if anything was lost, repeated or left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=15, help="of each method (default: 15)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--method", choices=STUDIES, action="append", help="default: all")
    options = parser.parse_args()
    parent = Path(tempfile.mkdtemp(prefix="random-kills-"))
    tallies = {method: Tally() for method in options.method or STUDIES}
    for method, tally in tallies.items():
        kill_all(method, options.kills, options.seed, parent, tally)
    print(HEADER, *(tally.row(method) for method, tally in tallies.items()), sep="\n")
    sound = not any(tally.hung + tally.left + tally.changed + tally.again for tally in tallies.values())
    if sound:
        shutil.rmtree(parent)
    else:
        print(f"the studies are kept in {parent}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
