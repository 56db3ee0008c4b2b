"""Compute the frames of a study's data set, with a display of the progress."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar

from study.console import cell, say
from study.engine.display.heartbeat import Heartbeat
from study.engine.display.notebook import NotebookDisplay
from study.planning.frames import store_data
from trainables.characters import one_line
from trainables.naming import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.planning.data import StudyData
    from study.spec.study import StudySpec

TITLE = "log-mel frames"


class Display(Protocol):
    """Shows how far the frames are."""

    def advance(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` clips have their frames."""

    def wait(self, holder: str) -> None:
        """Show which process is computing the same frames."""


def store_with_progress(spec: StudySpec, skip_bad_clips: int) -> StudyData:
    """Compute the frames of a study's data set that are missing; arguments and result as in ``store_data``."""
    with progress_display(TITLE, "computes them") as display:
        return store_data(spec, skip_bad_clips, progress=display.advance, waiting=display.wait)


@contextmanager
def progress_display(title: str, does: str) -> Iterator[Display]:
    """Show a bar on a terminal, one line in a notebook, otherwise lines.

    Args:
        title: what is computed.
        does: what another process does that this one waits for.

    """
    console = Console(stderr=True)
    if console.is_jupyter:
        line = Line(title, does)
        with NotebookDisplay(lambda: cell(line.text), transient=True):
            yield line
        return
    if console.is_interactive:
        with Bar(console=console, transient=True) as bar:
            yield _Bar(bar, title, does)
        return
    lines = Lines(title, does)
    with lines.heartbeat:
        yield lines


def _waiting(holder: str, does: str) -> str:
    return f"waiting for {holder}, which {does}"


class _Bar:
    """A bar with an ETA."""

    def __init__(self, bar: Bar, title: str, does: str) -> None:
        self._bar, self._title, self._does = bar, title, does
        self._task = bar.add_task(title, total=None)

    def advance(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total, description=self._title)

    def wait(self, holder: str) -> None:
        """Show what is waited for in front of the bar."""
        self._bar.update(self._task, description=escape(one_line(f"{self._title}: {_waiting(holder, self._does)}")))


class Lines:
    """A line for every tenth of the clips, and at least one a minute.

    Attributes:
        heartbeat: prints the last state again; to be entered while frames are computed.

    """

    def __init__(self, title: str = TITLE, does: str = "computes them") -> None:
        """Begin before the data are read; arguments as in ``progress_display``."""
        self._title, self._does = title, does
        self.heartbeat = Heartbeat(self._print)
        self._state = "reading the data"
        self._began = time.monotonic()
        self._first = -1  # clips that an earlier build had finished, which do not count towards the pace
        self._tenths = 0

    def advance(self, done: int, total: int) -> None:
        """Print a line if another tenth is done."""
        if not total:
            return
        if self._first < 0:
            self._began, self._first = time.monotonic(), done
        left = None if done < total else 0.0
        if done > self._first:
            left = (time.monotonic() - self._began) / (done - self._first) * (total - done)
        self._state = f"{done:,} of {counted(total, 'clip')}; ETA {duration(left)}"
        if 10 * done // total > self._tenths:
            self._tenths = 10 * done // total
            self._print()

    def wait(self, holder: str) -> None:
        """Print which process is computing the same frames."""
        self._state = _waiting(holder, self._does)
        self._print()

    @property
    def text(self) -> str:
        """The present state."""
        return f"{self._title}: {self._state}"

    def _print(self) -> None:
        say(self.text, err=True)
        self.heartbeat.heard()


class Line(Lines):
    """One line, which its user prints."""

    def _print(self) -> None:
        """Print nothing."""
