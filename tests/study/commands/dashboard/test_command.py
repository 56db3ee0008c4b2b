"""``gce-study dashboard`` as a process: where it listens, how it ends, what it refuses."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from factories import Builder
from study.commands.dashboard.command import _opened
from watching import listening

pytestmark = pytest.mark.slow  # each test starts the command line

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
COMMAND = [sys.executable, "-m", "study.cli", "dashboard"]


@contextmanager
def dashboard(storage, *arguments):
    """Start the dashboard on a free port; give the process and its address."""
    process = subprocess.Popen(
        [*COMMAND, "--storage", storage, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), process.communicate()
        yield process, address
    finally:
        process.kill()
        process.communicate()


def refused(*arguments, **environment):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_on_loopback_alone_until_a_signal_ends_it(tmp_path, number, code):
    with dashboard(tmp_path) as (process, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        with urllib.request.urlopen(address) as answer:  # noqa: S310 -- our own server
            assert answer.status == 200
        found = listening([process.pid])
        assert found
        assert set(found) <= LOOPBACK
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == code
    assert errors == f"gce-study: interrupted by {signal.Signals(number).name}\n"
    assert list(tmp_path.iterdir()) == []  # nothing is written


def test_the_page_of_the_study_that_is_named_is_printed_too(tmp_path):
    Builder("rain").write(tmp_path)
    with dashboard(tmp_path, "rain") as (process, address):
        page = process.stdout.readline().strip()
        assert page == f"rain: {address}study/rain"
        with urllib.request.urlopen(page.removeprefix("rain: ")) as answer:  # noqa: S310 -- our own server
            assert answer.status == 200


def test_the_page_of_the_study_has_the_token_that_another_host_needs(capsys):
    _opened("rain", "http://0.0.0.0:8050/?token=ab")
    assert "rain: http://0.0.0.0:8050/study/rain?token=ab\n" in capsys.readouterr().out


def test_another_host_is_served_with_a_token_and_says_what_that_means(tmp_path):
    with dashboard(tmp_path, "--host", "0.0.0.0") as (process, address):  # noqa: S104 -- that is what is tested
        port, token = re.fullmatch(r"http://0\.0\.0\.0:(\d+)/\?token=([0-9a-f]{32})", address).groups()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert opener.open(f"http://127.0.0.1:{port}/?token={token}").status == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert "every machine that reaches this one can connect" in errors
    assert "not encrypted" in errors


def test_it_looks_for_tensorboard_and_no_page_waits_for_the_answer(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(120)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with dashboard(tmp_path, "--tensorboard", url) as (_, address), silent.accept()[0] as asked:
            assert asked.recv(1024).startswith(b"GET /data/environment ")
            assert urllib.request.urlopen(address, timeout=60).status == 200  # noqa: S310 -- our own server


def test_bad_input_is_one_message_and_exit_code_2(tmp_path):
    for arguments, text in (
        (("--storage", tmp_path / "none"), f"{tmp_path / 'none'}: no such storage location"),
        (("rain", "--storage", tmp_path), "no study named 'rain'"),
        (("--storage", tmp_path, "--port", "65536"), "'65536' is not a whole number from 0 to 65535"),
        (("--storage", tmp_path, "--port", "-1"), "'-1' is not a whole number from 0 to 65535"),
        (("--storage", tmp_path, "--host", "no such host"), "--host: 'no such host' is not an address"),
        (("--storage", tmp_path, "--tensorboard", "localhost:6006"), "'localhost:6006' is not an address such as http"),
    ):
        answer = refused(*arguments)
        assert answer.returncode == 2, answer
        assert text in answer.stderr
        assert "Traceback" not in answer.stderr


def test_a_users_token_must_be_long(tmp_path):
    hosts = ("--storage", tmp_path, "--host", "0.0.0.0")  # noqa: S104
    answer = refused(*hosts, GCE_STUDY_DASHBOARD_TOKEN="short")  # noqa: S106 -- one that is refused
    assert answer.returncode == 2
    assert "GCE_STUDY_DASHBOARD_TOKEN: letters and digits, 16 or more of them" in answer.stderr


def test_a_port_that_is_taken_is_said_in_words(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = refused("--storage", tmp_path, "--port", port)
    assert answer.returncode == 1
    taken = f"gce-study: cannot listen on 127.0.0.1 port {port}: Address already in use; another one: --port\n"
    assert answer.stderr == taken


def test_without_the_extra_it_says_what_to_install(tmp_path):
    code = f"import sys; sys.modules['dash'] = None; from study.cli import main; sys.exit(main({['dashboard']!r} + ['--storage', {str(tmp_path)!r}]))"  # noqa: E501
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 1
    assert answer.stderr == (
        "gce-study: the dashboard needs Dash; install the extra: pip install -c constraints.txt '.[dashboard]'\n"
    )


def test_the_analysis_needs_no_dash():
    code = "import sys; sys.modules['dash'] = sys.modules['flask'] = None; import analysis.report.write, study.cli"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
