"""Where a study stands while it runs: a live table on a terminal, lines elsewhere, and a small file for ``status``."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from analysis.results.study_state import progress_path
from trainables.naming import configuration_name, duration

if TYPE_CHECKING:
    from trainables.config import Configuration
    from trainables.plans import PlannedRun
    from trainables.records import Record, SelectOn
    from trainables.storage.types import Location

REFRESH_S = 1.0
REFRESH_AWAY_S = 10.0  # where each writing is a request that is paid for


@dataclass
class InFlight:
    """A run that is being trained."""

    epoch: int = 0
    validation_accuracy: float | None = None
    images_per_s: float | None = None
    first_epoch: int = 1  # of this sitting: a run may go on from an earlier one


@dataclass
class Progress:
    """The state of a study, fed by the engine.

    Attributes:
        storage: the storage location.
        name: the study's name.
        runs: every run that the study names, by run_id.
        recorded: records so far, by run_id, without their curves and predictions.
        console: where to show it; the standard error by default.
        flying: runs that are being trained, by run_id.
        most_left: the most runs that are still to be recorded, where the study does not name them all beforehand.
        standing: where the study's method stands, in a few words.
        began: when the first run started, on the monotonic clock.
        select_on: the accuracy that is shown of an ended run, ``validation`` or ``verified``.
        ended: whether the study's method has all that it wanted, or its budget is spent.
        ray_dashboard: the address of the Ray cluster's dashboard; empty where it has none.

    """

    storage: Location
    name: str
    runs: dict[str, PlannedRun]
    recorded: dict[str, Record]
    console: Console = field(default_factory=lambda: Console(stderr=True))
    flying: dict[str, InFlight] = field(default_factory=dict)
    most_left: int | None = None
    standing: str = ""
    began: float | None = None
    ended: bool = False
    select_on: SelectOn = "validation"
    ray_dashboard: str = ""
    _first: int = 0
    _live: Live | None = None
    _written: float = 0.0

    def __enter__(self) -> Self:
        """Start showing."""
        self._first = len(self.recorded)
        if self.console.is_terminal:
            self._live = Live(get_renderable=self.render, console=self.console, refresh_per_second=1, transient=True)
            self._live.start()
        else:
            self.console.print(Text(f"{self.name}: {self.line()}"), soft_wrap=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing; the file stays for ``status``."""
        if self._live:
            self._live.stop()
        self._write(force=True)

    def on_start(self, run_id: str) -> None:
        """Take in the start of a run."""
        if self.began is None:  # starting Ray is no pace
            self.began = time.monotonic()
        self.flying.setdefault(run_id, InFlight())
        self._write()

    def on_epoch(self, run_id: str, epoch: int, validation_accuracy: float, images_per_s: float | None) -> None:
        """Take in one epoch of a run."""
        before = self.flying.get(run_id)
        first = before.first_epoch if before and before.epoch else epoch
        self.flying[run_id] = InFlight(epoch, validation_accuracy, images_per_s, first)
        self._write()

    def take(self, record: Record) -> None:
        """Take in a record that was there already: it is no pace."""
        self._keep(record)
        self._first += 1

    def _keep(self, record: Record) -> None:
        # Most of a record is its curve and its predictions, which a process with thousands of runs need not hold.
        self.recorded[record.run_id] = record.model_copy(update={"epochs": [], "test": None})

    def on_lost(self, run_id: str) -> None:
        """Take in that a run is not trained here for now."""
        self.flying.pop(run_id, None)

    def on_record(self, record: Record) -> None:
        """Take in the end of a run."""
        self.flying.pop(record.run_id, None)
        self._keep(record)
        if not self._live:
            planned = self.runs[record.run_id]
            accuracy = record.accuracy(self.select_on)
            shown = "" if accuracy is None else f", {self.select_on} {accuracy:.1%}"
            what = f"{configuration_name(planned)}, seed {planned.run.seed}: {record.status}{shown}"
            self.console.print(Text(f"{self.name}: {what}; {self.line()}"), soft_wrap=True)
        self._write(force=True)

    def end(self) -> None:
        """Take in that the study has ended."""
        self.ended = True
        self._write(force=True)

    def eta_s(self) -> float | None:
        """Seconds left at the pace so far; None until a run or an epoch has ended in this sitting.

        Work is counted in runs, those in flight by their epochs. A run that may still stop early is counted in full.
        """
        work = float(len(self.recorded) - self._first)
        left = float(self._left())
        for run_id, flight in list(self.flying.items()):
            epochs = self.runs[run_id].run.configuration.training.epochs
            left -= flight.epoch / epochs
            work += max(0, flight.epoch - flight.first_epoch + 1) / epochs if flight.epoch else 0.0
        return None if work <= 0 or self.began is None else (time.monotonic() - self.began) / work * max(0.0, left)

    def _left(self) -> int:
        """Return how many runs are still to be recorded, at most."""
        return self._named() if self.most_left is None else self.most_left

    def _named(self) -> int:
        return len(self.runs.keys() - self.recorded.keys())

    def line(self) -> str:
        """One line: counts, where the method stands, and ETA."""
        done, running, left = len(self.recorded), len(self.flying), self._left()
        if left > self._named():  # runs may follow that the study does not name yet
            counts = f"{done} runs recorded, {running} running, at most {left - running} more"
            eta = f"ETA at most {duration(self.eta_s())}" if self.eta_s() is not None else "ETA unknown"
        else:
            counts = f"{done} of {done + left} runs recorded, {running} running, {left - running} waiting"
            eta = f"ETA {duration(self.eta_s())}"
        return "; ".join(text for text in (counts, self.standing, eta) if text)

    def render(self) -> Group:
        """Lay out the live table."""
        table = Table(box=None, pad_edge=False)
        table.add_column("running")
        for heading in ("seed", "epoch", "validation", "images/s"):
            table.add_column(heading, justify="right")
        # The display has a thread of its own: it works on copies.
        for run_id, flight in sorted(list(self.flying.items()), key=lambda item: -item[1].epoch):  # noqa: C414
            planned = self.runs[run_id]
            accuracy = "" if flight.validation_accuracy is None else f"{flight.validation_accuracy:.1%}"
            epochs = f"{flight.epoch}/{planned.run.configuration.training.epochs}"
            speed = "" if flight.images_per_s is None else f"{flight.images_per_s:.0f}"
            table.add_row(Text(configuration_name(planned)), str(planned.run.seed), epochs, accuracy, speed)
        bar = Table.grid()  # a bar alone ends without a new line
        total = len(self.recorded) + self._left()
        bar.add_row(ProgressBar(total=total, completed=len(self.recorded), width=60))
        # A method that chooses says itself what leads.
        below = [] if self.standing else [Text(self.best())]
        return Group(Text(f"{self.name}: {self.line()}"), bar, table, *below)

    def best(self) -> str:
        """Name the configuration with the highest mean accuracy so far, on the first subset with a complete run."""
        scores: dict[Configuration, list[float]] = {}
        names: dict[Configuration, str] = {}
        subset = None
        for run_id, planned in list(self.runs.items()):
            record = self.recorded.get(run_id)
            accuracy = record.accuracy(self.select_on) if record and record.status == "complete" else None
            if accuracy is None:
                continue
            configuration = planned.run.configuration
            subset = subset or configuration.subset
            if configuration.subset == subset:  # each subset holds out its own validation clips
                names[configuration] = configuration_name(planned)
                scores.setdefault(configuration, []).append(accuracy)
        if not scores:
            return "best so far: no run has ended yet"
        best, values = max(scores.items(), key=lambda item: sum(item[1]) / len(item[1]))
        return f"best so far: {names[best]}, {self.select_on} {sum(values) / len(values):.1%} (n = {len(values)})"

    def _write(self, *, force: bool = False) -> None:
        """Keep the progress file at most a second behind; it is a convenience, so a full disk is no error here."""
        local = self.storage.local_path is not None
        if not force and time.monotonic() - self._written < (REFRESH_S if local else REFRESH_AWAY_S):
            return
        self._written = time.monotonic()
        value = {
            "recorded": len(self.recorded),
            "runs": len(self.runs),
            "standing": self.standing,
            "ended": self.ended,
            "running": {i: [f.epoch, f.validation_accuracy] for i, f in self.flying.items()},
            "eta_s": self.eta_s(),
            "ray_dashboard": self.ray_dashboard,
            "updated": time.time(),
        }
        try:
            progress_path(self.storage, self.name).hasty().write(json.dumps(value).encode())
        except OSError:
            return
