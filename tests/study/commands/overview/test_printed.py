"""Status and list in words: on terminals of several widths, in files, and while a study runs."""

import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest

from factories import GCE_STUDY, Builder
from study.cli import main
from study.commands.overview import watching
from study.ledger.claim import claim
from trainables.losses.catalogue import GCE
from trainables.naming import ago

LONG = "a-study-with-a-name-that-is-nearly-as-wide-as-it-may-be-here"


@pytest.fixture
def storage(two_studies):
    return two_studies(LONG)


@pytest.fixture
def printed(storage, capsys, monkeypatch):
    """A function that returns what a command prints on a terminal of a width; 0 for a file."""
    monkeypatch.setenv("TERM", "dumb")

    def of(columns, *arguments):
        if columns:
            monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
            monkeypatch.setenv("COLUMNS", str(columns))
        assert main([*arguments, "--storage", str(storage)]) == 0
        return capsys.readouterr().out.splitlines()

    return of


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_list_on_a_terminal_has_whole_names_results_failures_and_ages(columns, printed):
    lines = printed(columns, "list")
    words = " ".join(" ".join(lines).split())
    assert LONG in "".join(lines)
    assert re.search(r"begun 2 of 3 runs · 1 failed( ·)? not running( ·)? just now", words)
    assert "adaptive T=1000 is best of 5" in words
    assert max(len(line) for line in lines if LONG not in line) <= columns


def test_a_list_in_a_file_has_a_line_for_each_study(printed):
    header, done, begun = printed(0, "list")
    assert header.split("  ")[0] == "study"
    assert re.fullmatch(r"begun +synthetic +3 +2 +1 +not running +just now +So far, .*", begun)
    assert re.fullmatch(rf"{LONG} +synthetic +25 +25 +0 +complete +just now +adaptive T=1000 is best .*", done)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_status_on_a_terminal_is_the_live_view_with_result_and_pick(columns, printed):
    lines = printed(columns, "status", LONG)
    words = " ".join(" ".join(lines).split())
    assert LONG in "".join(lines)
    assert re.search(r"25/25( ·)? complete, changed just now", words)
    assert any(re.match(r"  adaptive T=1000 +●●●●● +81\.\d ± \d\.\d ★", line) for line in lines)
    assert "★ the choice" in words
    assert "adaptive T=1000 is best of 5" in words
    assert "pick: adaptive T=1000, validation " in words


def test_status_in_a_file_is_lines(printed):
    lines = printed(0, "status", "begun")
    assert "begun: 2 of 3 runs recorded, 1 failed; not running" in lines
    assert "pick: gce, validation 80.0 %" in lines
    assert "changed just now" in lines


def test_watching_a_study_that_does_not_run_shows_it_once(printed):
    assert printed(0, "status", "begun", "--watch")[-1] == "changed just now"


def test_watching_ends_with_ctrl_c_without_a_complaint(storage, printed, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", interrupt)
    with claim(storage, "begun"):
        assert any("run by process" in line for line in printed(0, "status", "begun", "--watch"))


def test_watching_in_a_file_prints_again_when_a_run_is_recorded(storage, printed, monkeypatch):
    with claim(storage, "begun"):
        steps = iter([None, 2, None])

        def work(_):
            if (seed := next(steps, "end")) == "end":
                raise KeyboardInterrupt
            if seed is not None:
                builder = Builder("begun")
                builder.add("gce", GCE(name="gce", q=0.5), seed)
                builder.write(storage.local_path)

        monkeypatch.setattr(watching.time, "sleep", work)
        lines = printed(0, "status", "begun", "--watch")
    assert sum(line.startswith("begun: ") for line in lines) == 2


@pytest.mark.slow
def test_ctrl_c_on_a_terminal_ends_watching_with_code_0(storage, tmp_path):
    command = [GCE_STUDY, "status", "begun", "--watch", "--storage", str(storage)]
    with claim(storage, "begun"):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=tmp_path, close_fds=True
        )
        os.close(slave)
        seen, until = b"", time.monotonic() + 200
        while b"not running" not in seen and b"run by" not in seen and time.monotonic() < until:
            seen += os.read(master, 65_536)
        process.send_signal(signal.SIGINT)
        while True:
            try:
                seen += os.read(master, 65_536)
            except OSError:
                break
        assert process.wait(120) == 0
        os.close(master)
    assert b"interrupted" not in seen
    assert b"Traceback" not in seen


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"), (59, "just now"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago"),
        (86_399, "23 h ago"), (86_400, "1 day ago"), (200_000, "2 days ago"), (1_209_600, "2 weeks ago"),
    ],
)  # fmt: skip
def test_an_age_reads_as_people_say_it(seconds, words):
    assert ago(seconds) == words
