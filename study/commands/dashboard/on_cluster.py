"""Open the dashboard that a study's job serves on the head of a cluster."""

from __future__ import annotations

import shlex
import time
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING

from study.cluster.jobs import Cluster
from study.cluster.tunnel import POLL_S, forwarded, free_port, tunnel
from study.commands.dashboard.beside import served_port
from study.commands.jobs import state_of
from study.console import say
from study.errors import EngineError, UnknownStudyError
from study.spec.yaml_reader import parse

if TYPE_CHECKING:
    from pathlib import Path

    from study.cluster.jobs import Attempt

STARTING_S = 60.0  # for a driver to print where its dashboard is
ANSWER_S = 60.0  # for the dashboard to answer
CHECKS = 5  # seconds between two checks whether it still does
RETRY_S = 5.0  # between two tries to connect again
RECONNECT_S = 300.0  # for which they are made
ANNOUNCED = 2  # at which of them in a row the loss is printed


def open_on_cluster(file: Path, name: str, port: int) -> int:
    """Forward the dashboard of a cluster's study to this machine, print its address, and keep it until Ctrl-C.

    A lost connection is opened again at the same port, where a page in a browser then continues. So is that to the
    next job of a study that was resumed.

    Args:
        file: the cluster file.
        name: the study's; empty for the one that was started last.
        port: on this machine; 0 for a free one.

    Returns:
        0, once the study's job has ended.

    Raises:
        UnknownStudyError: the study does not run there.
        UsageError: there is no such cluster file.
        EngineError: the port is taken, SSH does not reach the head, or the dashboard does not answer.

    """
    port = free_port(port)  # before the connection, which takes seconds
    job, remote = _served(file, name)
    _show(file, job, remote, port)
    until, failures = 0.0, 0
    while True:
        try:
            job, remote = _served(file, job.study)
            _show(file, job, remote, port, again=True)
        except UnknownStudyError as ended:
            say(str(ended))
            return 0
        except EngineError as error:
            failures += 1
            if failures == 1:
                until = time.monotonic() + RECONNECT_S
            elif failures == ANNOUNCED:  # at the first, the study may be about to end
                say(f"the connection is lost ({error}); trying again for {RECONNECT_S / 60:.0f} minutes", err=True)
            elif time.monotonic() > until:
                raise
            time.sleep(RETRY_S)
        else:
            failures = 0


def _served(file: Path, name: str) -> tuple[Attempt, int]:
    """Return the running job of a study, and the port of its dashboard on the head; see ``_running`` and ``_port``."""
    with tunnel(file) as address:
        cluster = Cluster(address, file)
        job = _running(cluster, name)
        return job, _port(cluster, job)


def _show(file: Path, job: Attempt, remote: int, port: int, *, again: bool = False) -> None:
    """Forward the dashboard of a job to a port of this machine, until it no longer answers.

    Raises:
        EngineError: the port is taken, SSH does not reach the head, or the dashboard does not answer.

    """
    with forwarded(file, remote, port) as forwarding:
        page = f"{forwarding.address}/study/{job.study}"
        _check(page, job)
        if again:
            say("connected again", err=True)
        else:
            ends = "Ctrl-C ends the connection; the study continues without it"
            say(f"{forwarding.address}/", f"{job.study}: {page}", ends)
        seconds = 0
        while forwarding.process.poll() is None:
            time.sleep(POLL_S)
            seconds += 1
            if seconds % CHECKS == 0:
                try:
                    _check(page, job)
                except EngineError:
                    break


def _running(cluster: Cluster, name: str) -> Attempt:
    """Return the running job of a study, or of the study that was started last.

    Raises:
        UnknownStudyError: no such job is running.

    """
    running = [attempt for attempt in cluster.attempts(name or None) if attempt.alive]
    if not running:
        if not name:
            msg = f"no study runs on this cluster; {_recorded()}"
            raise UnknownStudyError(msg)
        job = cluster.latest(name)  # raises an error that lists the studies, if it was never submitted
        msg = f"{name} does not run on this cluster now (job {job.job}: {state_of(job)}), and its dashboard"
        msg = f"{msg} ended with the job; {_recorded(job)}"
        raise UnknownStudyError(msg)
    return max(running, key=lambda attempt: attempt.started or 0.0)


def _port(cluster: Cluster, job: Attempt) -> int:
    """Return the port, on the head, of the dashboard of a job.

    Raises:
        EngineError: its driver has printed none.

    """
    end = time.monotonic() + STARTING_S
    while (port := served_port(cluster.logs(job))) is None:
        job = cluster.latest(job.study)
        if not job.alive or (job.status == "RUNNING" and time.monotonic() > end):
            needs = "the head needs Dash, which requirements/cluster.txt of this version installs"
            msg = f"job {job.job} serves no dashboard; {needs}; {_recorded(job)}"
            raise EngineError(msg)
        time.sleep(POLL_S)
    return port


def _check(page: str, job: Attempt) -> None:
    """Raise EngineError if the dashboard does not answer: SSH accepts connections whether or not it runs."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(page, timeout=ANSWER_S).close()
    except (OSError, HTTPException) as error:
        msg = f"the dashboard of job {job.job} does not answer ({error}); gce-study logs {job.study} may state why"
        raise EngineError(msg) from None


def _recorded(job: Attempt | None = None) -> str:
    """Return which command shows what a study has recorded, or what any has."""
    if job is None or not job.file:
        return "gce-study dashboard --storage WHERE shows what is recorded"
    storage = parse(job.submission.text).data.get("storage", "WHERE")
    return f"gce-study dashboard {job.study} --storage {shlex.quote(storage)} shows what is recorded"
