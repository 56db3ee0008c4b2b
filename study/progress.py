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

from trainables.records import study_folder, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.records import PlannedRun, Record

REFRESH_S = 1.0


def duration(seconds: float | None) -> str:
    """Write a time span as people do: 45 s, 12 min, 3 h 20 min; ``unknown`` for None."""
    if seconds is None:
        return "unknown"
    minutes = round(seconds / 60)
    if seconds < 90:  # noqa: PLR2004 -- below that, seconds say more
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 -- min in h


def configuration_name(planned: PlannedRun) -> str:
    """Name a configuration for people: its arm and what was varied there."""
    values = ", ".join(f"{k} = {v:g}" if isinstance(v, float | int) else str(v) for k, v in planned.varied.items())
    return f"{planned.arm} ({values})" if values else planned.arm


@dataclass
class InFlight:
    """A run that is being trained."""

    epoch: int = 0
    validation_accuracy: float | None = None


@dataclass
class Progress:
    """The state of a study, fed by the engine.

    Attributes:
        storage: the storage location.
        name: the study's name.
        runs: every run that the study names, by run_id.
        recorded: records so far, by run_id.
        concurrency: runs trained at once, for the ETA before any has ended.

    """

    storage: Path
    name: str
    runs: dict[str, PlannedRun]
    recorded: dict[str, Record]
    console: Console = field(default_factory=lambda: Console(stderr=True))
    flying: dict[str, InFlight] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
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

    def on_epoch(self, run_id: str, epoch: int, validation_accuracy: float) -> None:
        """Take in one epoch of a run."""
        self.flying[run_id] = InFlight(epoch, validation_accuracy)
        self._write()

    def on_start(self, run_id: str) -> None:
        """Take in the start of a run."""
        self.flying[run_id] = InFlight()
        self._write()

    def on_record(self, record: Record) -> None:
        """Take in the end of a run."""
        self.flying.pop(record.run_id, None)
        self.recorded[record.run_id] = record
        if not self._live:
            planned = self.runs[record.run_id]
            accuracy = record.validation_accuracy
            shown = "" if accuracy is None else f", validation {accuracy:.1%}"
            what = f"{configuration_name(planned)}, seed {planned.run.seed}: {record.status}{shown}"
            self.console.print(Text(f"{self.name}: {what}; {self.line()}"), soft_wrap=True)
        self._write(force=True)

    def eta_s(self) -> float | None:
        """Seconds left at the pace so far; None until a run or an epoch has ended.

        Work is counted in runs, those in flight by their epochs. A run that may still stop early is counted in full.
        """
        ended = len(self.recorded) - self._first
        limit = {i: p.run.configuration.training.epochs for i, p in self.runs.items()}
        partly = sum(f.epoch / limit[i] for i, f in self.flying.items())
        left = len(self.runs) - len(self.recorded) - partly
        work = ended + partly
        return None if work <= 0 else (time.monotonic() - self.began) / work * left

    def line(self) -> str:
        """One line: counts and ETA."""
        left = len(self.runs) - len(self.recorded) - len(self.flying)
        counts = f"{len(self.recorded)} of {len(self.runs)} runs recorded, {len(self.flying)} running, {left} waiting"
        return f"{counts}; ETA {duration(self.eta_s())}"

    def render(self) -> Group:
        """Lay out the live table."""
        table = Table(box=None, pad_edge=False)
        for heading, justify in (("running", "left"), ("seed", "right"), ("epoch", "right"), ("validation", "right")):
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]
        for run_id, flight in sorted(self.flying.items(), key=lambda item: -item[1].epoch):
            planned = self.runs[run_id]
            accuracy = "" if flight.validation_accuracy is None else f"{flight.validation_accuracy:.1%}"
            epochs = f"{flight.epoch}/{planned.run.configuration.training.epochs}"
            table.add_row(Text(configuration_name(planned)), str(planned.run.seed), epochs, accuracy)
        bar = ProgressBar(total=len(self.runs), completed=len(self.recorded), width=60)
        return Group(Text(f"{self.name}: {self.line()}"), bar, table, Text(self.best()))

    def best(self) -> str:
        """Name the configuration with the highest mean validation accuracy so far."""
        means: dict[str, list[float]] = {}
        for run_id, record in self.recorded.items():
            if record.status == "complete" and record.validation_accuracy is not None:
                planned = self.runs[run_id]
                name = f"{configuration_name(planned)} on {planned.run.configuration.subset}"
                means.setdefault(name, []).append(record.validation_accuracy)
        if not means:
            return "best so far: no run has ended yet"
        name, values = max(means.items(), key=lambda item: sum(item[1]) / len(item[1]))
        return f"best so far: {name}, validation {sum(values) / len(values):.1%} (mean of {len(values)} runs)"

    def _write(self, *, force: bool = False) -> None:
        """Keep the progress file at most a second behind; it is a convenience, so a full disk is no error here."""
        if not force and time.monotonic() - self._written < REFRESH_S:
            return
        self._written = time.monotonic()
        value = {
            "recorded": len(self.recorded),
            "runs": len(self.runs),
            "running": {i: [f.epoch, f.validation_accuracy] for i, f in self.flying.items()},
            "eta_s": self.eta_s(),
            "updated": time.time(),
        }
        try:
            write_atomically(progress_path(self.storage, self.name), json.dumps(value).encode())
        except OSError:
            return


def progress_path(storage: Path, name: str) -> Path:
    """Return where a study's progress file lies."""
    return study_folder(storage, name) / "progress.json"
