"""The display of a running study, and a small file for ``status``.

A terminal shows a live view, above which runs are printed as they end; a notebook shows the view and the last runs
that ended. Elsewhere a line is printed for every run that ends, and at least one a minute.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from analysis.results.study_state import Progress as ProgressFile
from analysis.results.study_state import progress_path
from study.console import cell, note
from study.engine.display.heartbeat import Heartbeat
from study.engine.display.notebook import NotebookDisplay
from study.engine.display.overview import Flight, Overview, counts_of, grouped, rows_of
from study.engine.display.view import StudyView
from study.engine.state import Observer
from trainables.metrics import split_name
from trainables.naming import configuration_name, counted, duration, seed_in_words
from trainables.numerals import percent
from trainables.records import RESULTS, log_path
from trainables.storage.documents import to_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.engine.display import overview
    from study.engine.state import StudyState
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record, SelectionMetric, Status
    from trainables.storage.types import Location

REFRESH_S = 1.0
REFRESH_OBJECT_S = 10.0  # in an object store, where each write is a request that costs money
LAST_ENDED = 5  # runs that a notebook shows
# A record's status -> its word in the line of counts, and the colour of that.
ENDED: dict[Status, tuple[str, str]] = {
    "complete": ("done", ""),
    "stopped": ("stopped early", ""),
    "failed": ("failed", "red"),
    "diverged": ("diverged", "red"),
}


@dataclass
class Progress(Observer):
    """Shows the state of a study.

    Attributes:
        state: the state to show.
        storage: the storage location, for the file.
        select_on: which metric of an ended run is shown.
        console: where to show the state; standard error by default.
        began: when the first run started, on the monotonic clock.

    """

    state: StudyState
    storage: Location
    select_on: SelectionMetric = "validation"
    console: Console = field(default_factory=lambda: Console(stderr=True))
    began: float | None = None
    _known: int = 0  # records that do not count towards the pace
    _shown: ExitStack = field(default_factory=ExitStack)
    _live: Live | NotebookDisplay | None = None
    _ended: deque[Text] = field(default_factory=lambda: deque(maxlen=LAST_ENDED))  # for a notebook
    _grouped: tuple[int, tuple[overview.Group, ...]] = (0, ())  # of how many planned runs
    _heartbeat: Heartbeat | None = None
    _written: float = 0.0

    def __enter__(self) -> Self:
        """Start showing."""
        self._known = len(self.state.recorded)
        if self.console.is_jupyter:
            self._live = self._shown.enter_context(NotebookDisplay(lambda: Group(self.render(), *list(self._ended))))
        elif self.console.is_interactive:
            live = Live(get_renderable=self.render, console=self.console, refresh_per_second=1, transient=True)
            self._live = self._shown.enter_context(live)
        else:
            self._print()
            self._heartbeat = self._shown.enter_context(Heartbeat(self._print))
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing; the file stays for ``status``."""
        self._shown.close()
        self._write(force=True)

    def run_started(self) -> None:
        """Start the clock with the first run: the time that Ray takes to start does not count towards the pace."""
        if self.began is None:
            self.began = time.monotonic()
        self._write()

    def run_held(self, planned: PlannedRun, holder: str) -> None:
        """Print which process a run waits for."""
        self._print(cell(f"{_name(planned)}: waits for {holder}, which trains it"))

    def epoch_ended(self, planned: PlannedRun, point: Epoch, earlier: Sequence[Epoch]) -> None:  # noqa: ARG002 -- the observer's signature
        """Refresh the file."""
        self._write()

    def run_recorded(self, planned: PlannedRun, record: Record, *, known: bool) -> None:
        """Print how a run ended; a known record is not printed, and does not count towards the pace."""
        if known:
            self._known += 1
            return
        self._print(cell(how_it_ended(planned, record, self.storage, self.select_on), ENDED[record.status][1]))
        self._write(force=True)

    def ended(self) -> None:
        """Write the file."""
        self._write(force=True)

    def _print(self, text: Text | None = None) -> None:
        """Print a text above the live view; elsewhere followed by the state of the study, in the same line."""
        if text:
            note(f"{self.state.name}: {text.plain}")
        if isinstance(self._live, NotebookDisplay):
            self._ended.extend([text] if text else [])
            return
        if not self._live:
            text = Text("; ").join(part for part in (text, self._line()) if part)
            text = Text.assemble(cell(f"{self.state.name}: "), text)
        if text:
            self.console.print(text, soft_wrap=True)
        if self._heartbeat:
            self._heartbeat.heard()

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
        return len(self.state.runs) - len(self.state.recorded)

    def line(self) -> str:
        """Return one line: counts, the method's progress, what runs wait for, and ETA."""
        return self._line().plain

    def _line(self) -> Text:
        seconds = self.eta_s()
        most = "at most " if self._may_plan_more() and seconds is not None else ""
        eta = f"ETA {most}{duration(seconds)}"
        return Text("; ").join(
            [self._counts(), *(cell(text) for text in (self.state.standing, *self._waits(), eta) if text)]
        )

    def _counts(self) -> Text:
        """Count the runs by how they ended, and those that run or wait."""
        running = len(self.state.in_flight)
        waiting = self._left() - running
        more = f"at most {waiting} more" if self._may_plan_more() else f"{waiting} waiting"
        parts = [(self.state.counts[status], word, style) for status, (word, style) in ENDED.items()]
        texts = [Text(f"{count} {word}", style) for count, word, style in parts if count or word == "done"]
        between = " · " if self.console.encoding.startswith("utf") else ", "
        return Text(between).join([*texts, Text(f"{running} running"), Text(more)])

    def _waits(self) -> list[str]:
        """Return what runs wait for, apart from their turn."""
        holders = Counter(list(self.state.held.values()))
        if not holders and self.began is None:
            return [] if self.state.is_over else ["no run has started yet"]
        return [
            f"{counted(count, 'run')} {'waits' if count == 1 else 'wait'} for {holder}"
            for holder, count in holders.items()
        ]

    def _may_plan_more(self) -> bool:
        return self._left() > self._planned()

    def render(self) -> StudyView:
        """Return the live view."""
        return StudyView(self.overview(), fit=True)

    def overview(self) -> Overview:
        """Return where the study stands. Rich calls this in another thread, so it works on copies."""
        planned = list(self.state.runs.values())
        if len(planned) != self._grouped[0]:  # grouping thousands of runs takes long, and a plan only grows
            self._grouped = len(planned), grouped(planned)
        flights = dict(self.state.in_flight)
        rows = rows_of(self._grouped[1], dict(self.state.recorded), flights, self.select_on)
        return Overview(
            study=self.state.name,
            rows=rows,
            flights=tuple(
                Flight(self.state.runs[run_id], flight.epoch, flight.validation_accuracy, flight.images_per_s)
                for run_id, flight in flights.items()
            ),
            most_left=self._left(),
            at_most=self._may_plan_more(),
            score_words=_words(self.select_on),
            began_s=None if self.began is None else time.monotonic() - self.began,
            eta_s=self.eta_s(),
            lines=tuple(filter(None, [self.state.standing, *self._waits()])),
            counts=counts_of(rows),
        )

    def _write(self, *, force: bool = False) -> None:
        """Keep the progress file at most a second behind. Best effort: a full disk raises nothing."""
        local = self.storage.local_path is not None
        if not force and time.monotonic() - self._written < (REFRESH_S if local else REFRESH_OBJECT_S):
            return
        self._written = time.monotonic()
        file = ProgressFile(
            recorded=len(self.state.recorded),
            runs=len(self.state.runs),
            left_out={status: count for status, count in self.state.counts.items() if count and status not in RESULTS},
            standing=self.state.standing,
            waits=self._waits(),
            ended=self.state.is_over,
            running={i: (f.epoch, f.validation_accuracy) for i, f in self.state.in_flight.items()},
            eta_s=self.eta_s(),
            most_left=self.state.most_left,
            began=0.0 if self.began is None else time.time() - (time.monotonic() - self.began),
            ray_dashboard=self.state.ray_dashboard,
            updated=time.time(),
        )
        try:
            progress_path(self.storage, self.state.name).hasty().write(to_bytes(file))
        except OSError:
            return


def _name(planned: PlannedRun) -> str:
    return f"{configuration_name(planned)}, {seed_in_words(planned.run)}"


def _words(selected: SelectionMetric) -> str:
    """Return what a score is called: ``validation`` for an accuracy, else ``validation macro F1``."""
    clips, metric = split_name(selected)
    return clips if metric.name == "accuracy" else f"{clips} {metric.words}"


def how_it_ended(
    planned: PlannedRun, record: Record, storage: Location, select_on: SelectionMetric = "validation"
) -> str:
    """Return how a run ended: its score, or the reason why it has no result, and where its log is."""
    text = f"{_name(planned)}: {record.status}"
    if record.status in RESULTS:
        score = record.score(select_on)
        return text if score is None else f"{text}, {_words(select_on)} {percent(score, 1)}"
    reason = f": {record.error}" if record.error else ""
    return f"{text}{reason}; log: {log_path(storage, record.run_id)}"
