"""``status --watch``: a study's status, drawn again while it runs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from study.commands.overview.printed import status_lines, status_view
from study.console import say
from study.ledger.end_request import look_interval_s

if TYPE_CHECKING:
    from study.commands.options import StudyPlace
    from study.commands.overview.stored import StoredStudy

REFRESH_S = 2.0
WORK_SHARE = 4.0  # pause between statuses, in times that one takes to compute: a large study leaves time to train


def watch(place: StudyPlace) -> int:
    """Show a study's status until no process runs it, or Ctrl-C.

    On a terminal the status is redrawn; elsewhere its lines are printed whenever runs have been recorded.
    """
    try:
        study, next_s = _load(place)
        if not sys.stdout.isatty():
            return _print_changes(place, study, next_s)
        console = Console(highlight=False)
        with Live(status_view(study, fit=True), console=console, auto_refresh=False, vertical_overflow="crop") as live:
            while study.holder:
                time.sleep(next_s)
                study, next_s = _load(place)
                live.update(status_view(study, fit=bool(study.holder)), refresh=True)
    except KeyboardInterrupt:  # how a person ends it
        return 0
    return 0


def _print_changes(place: StudyPlace, study: StoredStudy, next_s: float) -> int:
    say(*status_lines(study))
    while study.holder:
        time.sleep(next_s)
        before, (study, next_s) = study, _load(place)
        if study.summary.recorded != before.summary.recorded or not study.holder:
            say("", *status_lines(study))
    return 0


def _load(place: StudyPlace) -> tuple[StoredStudy, float]:
    """Return a study, and for how long to wait before it is loaded again."""
    from study.commands.overview.stored import StoredStudy  # noqa: PLC0415 -- pandas, which no other import needs

    began = time.monotonic()
    study = StoredStudy.load(*place)
    took = time.monotonic() - began
    return study, max(REFRESH_S, look_interval_s(place.storage), WORK_SHARE * took)
