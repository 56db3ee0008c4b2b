"""The studies of a cluster: their state, in words and as JSON."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from study.commands.jobs import reached, state_of
from study.commands.overview.json_models import Job, JobAnswer, JobsAnswer
from study.console import say, show, write
from study.errors import UsageError
from trainables.naming import ago

if TYPE_CHECKING:
    import argparse

    from study.cluster.jobs import Attempt


def status(options: argparse.Namespace, name: str) -> int:
    """Print the state of a study on a cluster, and the last line of its driver's output.

    Raises:
        UsageError: ``--watch`` was given.

    """
    if options.watch:
        msg = f"--watch: not for a study on a cluster; gce-study logs {name} --follow shows its progress"
        raise UsageError(msg)
    with reached(options) as cluster:
        attempt = cluster.latest(name)
        last = next((line for line in reversed(cluster.logs(attempt).splitlines()) if line.strip()), "")
    if options.json:
        write(JobAnswer(cluster=cluster.name, last_line=last, **dict(_job(attempt))).text())
        return 0
    ended = f", ended {_time(attempt.ended)}" if attempt.ended else ""
    say(f"{attempt.study}: {state_of(attempt)}; job {attempt.job}, started {_time(attempt.started)}{ended}")
    say(*filter(None, [last]))
    return 0


def list_(options: argparse.Namespace) -> int:
    """Print the studies that were submitted to a cluster, by their last job."""
    with reached(options) as cluster:
        last = {attempt.study: attempt for attempt in cluster.attempts()}
    if options.json:
        write(JobsAnswer(cluster=cluster.name, studies=[_job(attempt) for attempt in last.values()]).text())
        return 0
    rows = [(a.study, a.job, state_of(a), _time(a.started), _time(a.ended)) for a in last.values()]
    show("", ("study", "job", "state", "started", "ended"), rows)
    return 0


def _job(attempt: Attempt) -> Job:
    times = {name: None if (at := getattr(attempt, name)) is None else _iso(at) for name in ("started", "ended")}
    return Job(study=attempt.study, job=attempt.job, state=state_of(attempt), **times)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _time(seconds: float | None) -> str:
    """Return a time with how long ago that is; empty for None."""
    return "" if seconds is None else f"{_iso(seconds)} ({ago(max(0.0, time.time() - seconds))})"
