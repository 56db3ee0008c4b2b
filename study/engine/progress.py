"""The display of a running study: a live table on a terminal, lines elsewhere, and a small file for ``status``."""

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
from study.engine.state import Observer
from trainables.naming import configuration_name, duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.engine.state import StudyState
    from trainables.config import Configuration
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record, SelectOn
    from trainables.storage.types import Location

REFRESH_S = 1.0
REFRESH_OBJECT_S = 10.0  # in an object store, where each write is a request that costs money


@dataclass
class Progress(Observer):
    """Shows the state of a study.

    Attributes:
        state: the state to show.
        storage: the storage location, for the file.
        select_on: which accuracy of an ended run is shown.
        console: where to show the state; standard error by default.
        began: when the first run started, on the monotonic clock.

    """

    state: StudyState
    storage: Location
    select_on: SelectOn = "validation"
    console: Console = field(default_factory=lambda: Console(stderr=True))
    began: float | None = None
    _known: int = 0  # records that do not count towards the pace
    _live: Live | None = None
    _written: float = 0.0

    def __enter__(self) -> Self:
        """Start showing."""
        self._known = len(self.state.recorded)
        if self.console.is_terminal:
            self._live = Live(get_renderable=self.render, console=self.console, refresh_per_second=1, transient=True)
            self._live.start()
        else:
            self._print(self.line())
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing; the file stays for ``status``."""
        if self._live:
            self._live.stop()
        self._write(force=True)

    def run_started(self) -> None:
        """Start the clock with the first run: the time that Ray takes to start does not count towards the pace."""
        if self.began is None:
            self.began = time.monotonic()
        self._write()

    def epoch_ended(self, planned: PlannedRun, point: Epoch, earlier: Sequence[Epoch]) -> None:  # noqa: ARG002 -- the observer's signature
        """Refresh the file."""
        self._write()

    def run_recorded(self, planned: PlannedRun, record: Record, *, known: bool) -> None:
        """Print how a run ended, unless there is a live table; a known record does not count towards the pace."""
        if known:
            self._known += 1
            return
        if not self._live:
            accuracy = record.accuracy(self.select_on)
            shown = "" if accuracy is None else f", {self.select_on} {accuracy:.1%}"
            run = f"{configuration_name(planned)}, seed {planned.run.seed}: {record.status}{shown}"
            self._print(f"{run}; {self.line()}")
        self._write(force=True)

    def ended(self) -> None:
        """Write the file."""
        self._write(force=True)

    def _print(self, text: str) -> None:
        self.console.print(Text(f"{self.state.name}: {text}"), soft_wrap=True)

    def eta_s(self) -> float | None:
        """Return the seconds left at the pace so far; None until a run or an epoch has ended since the start.

        Work is counted in runs, those in flight by their epochs. A run that may still stop early is counted in full.
        """
        work = float(len(self.state.recorded) - self._known)
        left = float(self._left())
        for run_id, flight in list(self.state.in_flight.items()):
            epochs = self.state.runs[run_id].run.configuration.training.epochs
            left -= flight.epoch / epochs
            work += max(0, flight.epoch - flight.first_epoch + 1) / epochs if flight.epoch else 0.0
        return None if work <= 0 or self.began is None else (time.monotonic() - self.began) / work * max(0.0, left)

    def _left(self) -> int:
        """Return an upper bound of the runs still to be recorded."""
        return self._planned() if self.state.most_left is None else self.state.most_left

    def _planned(self) -> int:
        return len(self.state.runs.keys() - self.state.recorded.keys())

    def line(self) -> str:
        """Return one line: counts, the method's progress, and ETA."""
        done, running, left = len(self.state.recorded), len(self.state.in_flight), self._left()
        if left > self._planned():  # the method may plan more runs
            counts = f"{done} runs recorded, {running} running, at most {left - running} more"
            eta = f"ETA at most {duration(self.eta_s())}" if self.eta_s() is not None else "ETA unknown"
        else:
            counts = f"{done} of {done + left} runs recorded, {running} running, {left - running} waiting"
            eta = f"ETA {duration(self.eta_s())}"
        return "; ".join(text for text in (counts, self.state.standing, eta) if text)

    def render(self) -> Group:
        """Return the live table."""
        table = Table(box=None, pad_edge=False)
        table.add_column("running")
        for heading in ("seed", "epoch", "validation", "images/s"):
            table.add_column(heading, justify="right")
        # Rich calls this in another thread, so it works on copies.
        for run_id, flight in sorted(list(self.state.in_flight.items()), key=lambda item: -item[1].epoch):  # noqa: C414
            planned = self.state.runs[run_id]
            accuracy = "" if flight.validation_accuracy is None else f"{flight.validation_accuracy:.1%}"
            epochs = f"{flight.epoch}/{planned.run.configuration.training.epochs}"
            speed = "" if flight.images_per_s is None else f"{flight.images_per_s:.0f}"
            table.add_row(Text(configuration_name(planned)), str(planned.run.seed), epochs, accuracy, speed)
        bar = Table.grid()  # a bar by itself ends without a new line
        done = len(self.state.recorded)
        bar.add_row(ProgressBar(total=done + self._left(), completed=done, width=60))
        # The standing of a method that chooses names the leader.
        below = [] if self.state.standing else [Text(self.best())]
        return Group(Text(f"{self.state.name}: {self.line()}"), bar, table, *below)

    def best(self) -> str:
        """Return a line on the best configuration so far, by mean accuracy, on the first subset with a complete run."""
        scores: dict[Configuration, list[float]] = {}
        names: dict[Configuration, str] = {}
        subset = None
        for run_id, planned in list(self.state.runs.items()):
            record = self.state.recorded.get(run_id)
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
        """Keep the progress file at most a second behind. Best effort: a full disk raises nothing."""
        local = self.storage.local_path is not None
        if not force and time.monotonic() - self._written < (REFRESH_S if local else REFRESH_OBJECT_S):
            return
        self._written = time.monotonic()
        value = {
            "recorded": len(self.state.recorded),
            "runs": len(self.state.runs),
            "standing": self.state.standing,
            "ended": self.state.is_over,
            "running": {i: [f.epoch, f.validation_accuracy] for i, f in self.state.in_flight.items()},
            "eta_s": self.eta_s(),
            "ray_dashboard": self.state.ray_dashboard,
            "updated": time.time(),
        }
        try:
            progress_path(self.storage, self.state.name).hasty().write(json.dumps(value).encode())
        except OSError:
            return
