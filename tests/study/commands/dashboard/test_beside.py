"""``gce-study run --dashboard``: a page beside the run, for as long as the run, and on a terminal until Ctrl-C."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest

from factories import GCE_STUDY
from small_studies import small_study
from study.cli import main
from study.commands.dashboard.beside import served_port
from trainables.processes.watchdog import began
from watching import suspended, until

ADDRESS = re.compile(r"dashboard: (http://127\.0\.0\.1:(\d+)/study/small)\b")


def status(address):
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 -- our own server
        return answer.status


def servers(port):
    """The processes that serve a dashboard beside the run that listens at a port, by the address of their socket."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == int(port)}
    pids = set()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if str(descriptor.readlink()) in inodes:
                pids.add(int(descriptor.parts[2]))
    return pids


def taken(port):
    """Hold a port, unless another process holds it already."""
    with suppress(OSError):
        return socket.create_server(("127.0.0.1", port))
    return nullcontext()


@contextmanager
def run(folder, *arguments, terminal=False, **keys):
    """Run a small study with its dashboard; give the process, the file of its output, and the dashboard's address."""
    printed, command = folder / "output", [GCE_STUDY, "run", small_study(folder, "small", **keys), "--dashboard"]
    ours, theirs = pty.openpty() if terminal else (None, subprocess.DEVNULL)
    with printed.open("w") as output:
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=theirs,
            stdout=theirs if terminal else output,
            stderr=output,
            start_new_session=True,
            env=os.environ | {"TERM": "dumb"},
        )
    if terminal:
        os.close(theirs)
        text = bytearray()

        def read():
            os.set_blocking(ours, False)
            with suppress(BlockingIOError, OSError):
                text.extend(os.read(ours, 65536))
            return text.decode(errors="replace").replace("\r\n", " ")
    else:
        read = printed.read_text
    try:
        address, port = until(lambda: ADDRESS.search(read()), "the address", seconds=120).groups()
        yield process, read, address, port
    finally:
        process.kill()
        process.wait()
        if terminal:
            os.close(ours)


@pytest.mark.slow
def test_the_page_answers_while_the_study_runs_and_ctrl_c_ends_both_in_order(tmp_path):
    with run(tmp_path, "--port", "0") as (process, read, address, port):
        assert status(address) == 200
        (server,) = servers(port)
        assert os.getpriority(os.PRIO_PROCESS, server) > 0
        until(lambda: list((tmp_path / "storage" / "checkpoints").glob("*.pt")), "the first epoch", seconds=120)
        assert status(address) == 200
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches every process of the terminal's group, Ray's too
        assert process.wait(200) == 130
        assert not began(server)
        assert read().count(f"continue with: gce-study run {tmp_path / 'study.yaml'}") == 1
        assert "Traceback" not in read()


@pytest.mark.slow
def test_a_killed_run_leaves_no_dashboard(tmp_path):
    with run(tmp_path, "--port", "0") as (process, _, address, port):
        assert status(address) == 200
        (server,) = servers(port)
        process.kill()
        until(lambda: not began(server), "the watchdog")


@pytest.mark.slow
def test_a_dashboard_that_dies_is_one_line_and_the_study_completes_beside_a_taken_port(tmp_path):
    training = {"epochs": 2, "stop_after": 2, "batch_size": 8}
    with taken(8050), run(tmp_path, seeds=1, training=training) as (process, read, address, port):
        assert port != "8050"
        with suspended(process.pid):  # or the study might be complete before its dashboard dies
            assert status(address) == 200
            (server,) = servers(port)
            os.kill(server, signal.SIGKILL)
        assert process.wait(200) == 0
        lines = [line for line in read().splitlines() if line.startswith("dashboard:")]
    assert lines == [f"dashboard: {address}", "dashboard: it has ended (exit code -9); the study is not affected"]


@pytest.mark.slow
def test_on_a_terminal_the_dashboard_stays_after_the_study_until_ctrl_c(tmp_path):
    training = {"epochs": 2, "stop_after": 2, "batch_size": 8}
    with run(tmp_path, "--port", "0", terminal=True, seeds=1, training=training) as (process, read, address, port):
        until(
            lambda: f"dashboard: {address} stays until you press Ctrl-C" in read(), "the end of the study", seconds=200
        )
        assert process.poll() is None
        assert status(address) == 200
        (server,) = servers(port)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
        assert not began(server)


def test_a_port_that_is_asked_for_and_taken_is_refused_before_the_run(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["run", str(small_study(tmp_path, "small")), "--dashboard", "--port", str(port)]) == 1
    refusal = f"gce-study: cannot listen on 127.0.0.1 port {port}: Address already in use; another one: --port\n"
    assert capsys.readouterr().err == refusal
    assert not (tmp_path / "storage").exists()


def test_without_the_extra_a_run_is_refused_with_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "dash", None)
    assert main(["run", str(small_study(tmp_path, "small")), "--dashboard"]) == 2
    assert capsys.readouterr().err == (
        "gce-study: --dashboard needs Dash; install the extra: pip install -c constraints.txt '.[dashboard]'\n"
    )
    assert not (tmp_path / "storage").exists()


def test_a_port_without_a_dashboard_is_refused(tmp_path, capsys):
    assert main(["run", str(small_study(tmp_path, "small")), "--port", "9000"]) == 2
    assert capsys.readouterr().err == "gce-study: --port: only with --dashboard\n"


def test_the_port_of_a_dashboard_is_read_from_what_the_driver_printed():
    assert served_port("starting\ndashboard: http://127.0.0.1:8051/study/small on the cluster's head\n") == 8051
    assert served_port("no dashboard: http://127.0.0.1:8051/study/small\n") is None
