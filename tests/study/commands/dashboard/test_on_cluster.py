"""``gce-study dashboard --cluster``: which job's dashboard is opened, and what happens when it, or SSH, ends."""

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from study.cli import main
from study.cluster.jobs import Attempt
from study.cluster.tunnel import Forwarding, free_port
from study.commands.dashboard import on_cluster
from study.errors import EngineError, UnknownStudyError
from study.spec.reading import Submission


class FakeCluster:
    def __init__(self, *jobs, log="dashboard: http://127.0.0.1:8051/study/rain on the cluster's head\n"):
        self.jobs, self.log = jobs, log

    def attempts(self, study=None):
        return [job for job in self.jobs if study in (None, job.study)]

    def latest(self, study):
        of_study = self.attempts(study)
        if not of_study:
            msg = f"no study named {study}"
            raise UnknownStudyError(msg)
        return of_study[-1]

    def logs(self, job):
        return self.log if job.alive else ""


def job(study, status="RUNNING", started=1.0):
    file = Submission("study.yaml", "name: x\nstorage: s3://bucket/my results\n", "", {})
    return Attempt(study, 1, "", file.packed, "", status, started, None, None, "")


RAIN = job("rain", started=2.0)
ENDED = FakeCluster(replace(RAIN, status="SUCCEEDED"))


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """Return a function that opens the dashboard of a cluster, where SSH ends as soon as the page was checked.

    It takes the cluster as it is at each connection, or the error of the connection, the last one for ever; and where
    the dashboard answers. It returns the exit code, and the ports asked for.
    """
    file = tmp_path / "cluster.yaml"
    file.write_text("")

    def call(*clusters, arguments=(), here=1):
        asked, states = [], iter(clusters)
        state = None

        @contextmanager
        def tunnel(_):
            nonlocal state
            state = next(states, state)
            if isinstance(state, Exception):
                raise state
            yield "http://127.0.0.1:2"

        @contextmanager
        def forwarded(_, remote, port):
            asked.append((remote, port))
            yield Forwarding(here, SimpleNamespace(poll=lambda: 255))

        monkeypatch.setattr(on_cluster, "tunnel", tunnel)
        monkeypatch.setattr(on_cluster, "forwarded", forwarded)
        monkeypatch.setattr(on_cluster, "Cluster", lambda *_: state)
        for limit in ("STARTING_S", "RETRY_S", "RECONNECT_S"):
            monkeypatch.setattr(on_cluster, limit, 0.0)
        monkeypatch.setattr(on_cluster, "free_port", lambda port: free_port(port) if port else here)
        return main(["dashboard", *arguments, "--cluster", str(file)]), asked

    return call


@pytest.fixture
def http_port():
    """Return the port of a server that answers every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent_port():
    """Return a port that refuses connections."""
    with socket.socket() as silent:  # bound and not listening
        silent.bind(("127.0.0.1", 0))
        yield silent.getsockname()[1]


def test_the_port_that_the_newest_running_driver_printed_is_forwarded(opened, http_port, capsys):
    cluster, port = FakeCluster(job("snow", "SUCCEEDED", 9.0), job("wind", started=1.0), RAIN), free_port(0)
    assert opened(cluster, ENDED, arguments=("--port", str(port)), here=http_port) == (0, [(8051, port)])
    printed = capsys.readouterr()
    *opening, ending = printed.out.splitlines()
    assert opening == [
        f"http://127.0.0.1:{http_port}/",
        f"rain: http://127.0.0.1:{http_port}/study/rain",
        "Ctrl-C ends the connection; the study continues without it",
    ]
    assert ending == (
        "rain does not run on this cluster now (job rain-1: finished), and its dashboard ended with the job; "
        "gce-study dashboard rain --storage 's3://bucket/my results' shows what is recorded"
    )
    assert printed.err == ""


def test_a_lost_connection_is_opened_again_at_the_same_port(opened, http_port, capsys):
    lost = EngineError("SSH does not answer")
    resumed = FakeCluster(RAIN, log="dashboard: http://127.0.0.1:8055/study/rain\n")
    code, asked = opened(FakeCluster(RAIN), lost, lost, resumed, ENDED, here=http_port)
    assert (code, asked) == (0, [(8051, http_port), (8055, http_port)])
    assert capsys.readouterr().err.splitlines() == [
        "the connection is lost (SSH does not answer); trying again for 0 minutes",
        "connected again",
    ]


def test_a_dashboard_that_ends_before_its_job_is_no_lost_connection(opened, http_port, capsys):
    assert opened(FakeCluster(RAIN), EngineError("not yet"), ENDED, here=http_port) == (0, [(8051, http_port)])
    assert capsys.readouterr().err == ""


def test_a_cluster_that_is_gone_ends_the_command(opened, http_port, capsys):
    assert opened(FakeCluster(RAIN), EngineError("no head"), here=http_port) == (1, [(8051, http_port)])
    assert capsys.readouterr().err.splitlines() == [
        "the connection is lost (no head); trying again for 0 minutes",
        "gce-study: no head",
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "no study runs on this cluster; gce-study dashboard --storage WHERE shows what is recorded"),
        (("rain",), "rain does not run on this cluster now (job rain-1: finished), and its dashboard ended with"),
        (("fog",), "no study named fog"),
        (("rain", "--storage", "there", "--host", "::1"), "--storage, --host: not with --cluster"),
    ],
)
def test_where_nothing_runs_it_is_one_message(opened, capsys, arguments, text):
    assert opened(ENDED, arguments=arguments) == (2, [])
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line


def test_a_port_that_is_taken_is_refused_before_ssh_connects(opened, http_port, capsys):
    assert opened(EngineError("SSH was asked"), arguments=("--port", str(http_port))) == (1, [])
    refusal = f"gce-study: cannot listen on 127.0.0.1 port {http_port}: Address already in use; another one: --port\n"
    assert capsys.readouterr().err == refusal


def test_a_driver_without_a_dashboard_names_what_its_head_needs(opened, capsys):
    assert opened(FakeCluster(RAIN, log="training\n"), arguments=("rain",)) == (1, [])
    assert "job rain-1 serves no dashboard; the head needs Dash" in capsys.readouterr().err


def test_a_dashboard_that_does_not_answer_is_one_message(opened, silent_port, capsys):
    assert opened(FakeCluster(RAIN), here=silent_port)[0] == 1
    assert "the dashboard of job rain-1 does not answer" in capsys.readouterr().err


def test_a_job_that_someone_named_with_control_characters_is_one_harmless_line(opened, http_port, capsys):
    cluster = FakeCluster(job("\x1b[31m\n<b>rain" + "x" * 300))
    assert opened(cluster, here=http_port)[0] == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
