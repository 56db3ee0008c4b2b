"""Open the dashboard that a study's job serves on the head of a cluster."""

from __future__ import annotations

import time
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING

from study.cluster.jobs import Cluster
from study.cluster.tunnel import POLL_S, forwarded, tunnel
from study.commands.dashboard.beside import served_port
from study.console import say
from study.errors import EngineError, UnknownStudyError

if TYPE_CHECKING:
    from pathlib import Path

    from study.cluster.jobs import Attempt

STARTING_S = 60.0  # for a driver to print where its dashboard is
ANSWER_S = 60.0  # for the dashboard to answer
ELSEWHERE = "gce-study dashboard --storage WHERE shows what is recorded"


def open_on_cluster(file: Path, name: str, port: int) -> int:
    """Forward the dashboard of a cluster's study to this machine, print its address, and keep it until Ctrl-C.

    Args:
        file: the cluster file.
        name: the study's; empty for the one that was started last.
        port: on this machine; 0 for a free one.

    Raises:
        UnknownStudyError: the study does not run there.
        UsageError: there is no such file, or the port is taken.
        EngineError: SSH does not reach the head, its dashboard does not answer, or the connection is lost.

    """
    with tunnel(file) as address:
        cluster = Cluster(address)
        job = _running(cluster, name)
        remote = _port(cluster, job)
    with forwarded(file, remote, port) as forwarding:
        page = f"{forwarding.address}/study/{job.study}"
        _check(page, job)
        say(
            f"{forwarding.address}/",
            f"{job.study}: {page}",
            "Ctrl-C ends the connection; the study continues without it",
        )
        while forwarding.process.poll() is None:
            time.sleep(POLL_S)
    msg = f"{file}: the connection to its head is lost; the study is not affected"
    raise EngineError(msg)


def _running(cluster: Cluster, name: str) -> Attempt:
    """Return the running job of a study, or of the study that was started last.

    Raises:
        UnknownStudyError: no such job is running.

    """
    running = [attempt for attempt in cluster.attempts(name or None) if attempt.alive]
    if not running:
        msg = f"no study runs on this cluster; {ELSEWHERE}"
        if name:
            cluster.latest(name)  # raises an error that lists the studies, if it was never submitted
            msg = f"{name} does not run on this cluster now, and its dashboard ended with it; {ELSEWHERE}"
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
            msg = f"job {job.job} serves no dashboard; {needs}; {ELSEWHERE}"
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
