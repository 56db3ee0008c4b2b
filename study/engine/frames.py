"""Compute the frames of a study's data set, with a display of the progress."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress as Bar

from study.console import say
from study.planning.frames import store_data
from trainables.naming import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from study.spec.study import StudySpec
    from trainables.datasets.manifest import Manifest


def store_with_progress(spec: StudySpec, skip_bad_clips: int) -> Manifest:
    """Compute the frames of a study's data set that are missing; arguments and result as in ``store_data``."""
    with _bar("log-mel frames") as advance:
        return store_data(
            spec,
            skip_bad_clips,
            progress=advance,
            waiting=lambda: say("another process is building these frames; waiting for it", err=True),
        )


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress with an ETA: a bar on a terminal, otherwise a line for every tenth."""
    if not sys.stderr.isatty():
        yield _tenths(title)
        return
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tenths(title: str) -> Callable[[int, int], None]:
    began, first, shown = time.monotonic(), -1, 0

    def advance(done: int, total: int) -> None:
        nonlocal first, shown
        first = done if first < 0 else first  # what an earlier build had finished does not count towards the pace
        if total and 10 * done // total > shown:
            shown = 10 * done // total
            pace = (time.monotonic() - began) / (done - first) if done > first else 0.0
            say(f"{title}: {done} of {total} clips; ETA {duration(pace * (total - done))}", err=True)

    return advance
