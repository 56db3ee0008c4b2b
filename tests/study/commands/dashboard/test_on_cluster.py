"""``gce-study dashboard --cluster``: which job's dashboard is opened, and what is printed without a running job."""

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from study.cli import main
from study.cluster.jobs import Attempt
from study.cluster.tunnel import Forwarding
from study.commands.dashboard import on_cluster
from study.errors import UnknownStudyError


class FakeCluster:
    def __init__(self, *jobs, log=""):
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
    return Attempt(study, 1, "", "", "", status, started, None, None, "")


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """Return a function that opens the dashboard of a cluster; it returns the exit code and the ports asked for."""
    file = tmp_path / "cluster.yaml"
    file.write_text("")

    def call(cluster, *arguments, address="http://127.0.0.1:1"):
        asked = []

        @contextmanager
        def tunnel(_):
            yield "http://127.0.0.1:2"

        @contextmanager
        def forwarded(_, remote, port):
            asked.append((remote, port))
            yield Forwarding(address, SimpleNamespace(poll=lambda: 255))  # SSH ends at once

        monkeypatch.setattr(on_cluster, "tunnel", tunnel)
        monkeypatch.setattr(on_cluster, "forwarded", forwarded)
        monkeypatch.setattr(on_cluster, "Cluster", lambda _: cluster)
        monkeypatch.setattr(on_cluster, "STARTING_S", 0.0)
        return main(["dashboard", *arguments, "--cluster", str(file)]), asked

    return call


def test_the_port_that_the_newest_running_driver_printed_is_forwarded(opened, http_server, capsys):
    log = "dashboard: http://127.0.0.1:8051/study/rain on the cluster's head\n"
    cluster = FakeCluster(job("snow", "SUCCEEDED", 9.0), job("wind", started=1.0), job("rain", started=2.0), log=log)
    code, asked = opened(cluster, "--port", "9000", address=http_server)
    printed = capsys.readouterr()
    assert asked == [(8051, 9000)]
    assert f"rain: {http_server}/study/rain\n" in printed.out
    assert code == 1
    assert printed.err.endswith("the connection to its head is lost; the study is not affected\n")


@pytest.fixture
def http_server():
    """Return the address of a server that answers every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "no study runs on this cluster; gce-study dashboard --storage WHERE shows what is recorded"),
        (("rain",), "rain does not run on this cluster now, and its dashboard ended with it"),
        (("fog",), "no study named fog"),
        (("rain", "--storage", "there", "--host", "::1"), "--storage, --host: not with --cluster"),
    ],
)
def test_where_nothing_runs_it_is_one_message(opened, capsys, arguments, text):
    assert opened(FakeCluster(job("rain", "SUCCEEDED")), *arguments) == (2, [])
    assert text in capsys.readouterr().err


def test_a_driver_without_a_dashboard_names_what_its_head_needs(opened, capsys):
    assert opened(FakeCluster(job("rain"), log="training\n"), "rain") == (1, [])
    assert "job rain-1 serves no dashboard; the head needs Dash" in capsys.readouterr().err


def test_a_dashboard_that_does_not_answer_is_one_message(opened, capsys):
    with socket.socket() as silent:  # bound and not listening: connections are refused
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        log = "dashboard: http://127.0.0.1:8050/study/rain\n"
        assert opened(FakeCluster(job("rain"), log=log), address=address)[0] == 1
    assert "the dashboard of job rain-1 does not answer" in capsys.readouterr().err


def test_a_cluster_file_that_is_missing_is_refused(tmp_path, capsys):
    assert main(["dashboard", "--cluster", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml is not a file" in capsys.readouterr().err
