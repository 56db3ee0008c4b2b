"""A line at least every minute."""

import sys
import time
from itertools import pairwise
from types import SimpleNamespace

import pytest

import study.commands.data
import study.planning.check
from study.cli import main
from study.engine.display.heartbeat import QUIET_S, Heartbeat
from watching import until


def test_a_minute_is_the_longest_silence():
    assert QUIET_S == 60


def test_it_beats_again_and_again_while_nothing_is_printed(monkeypatch):
    monkeypatch.setattr("study.engine.display.heartbeat.QUIET_S", 0.05)
    beats, began = [], time.monotonic()
    with Heartbeat(lambda: beats.append(time.monotonic())):
        until(lambda: len(beats) > 2, "the third beat", pause=0.01)
    assert all(later - earlier >= 0.05 for earlier, later in pairwise([began, *beats]))


def test_what_was_printed_postpones_the_next_beat(monkeypatch):
    now, beats = [0.0], []
    monkeypatch.setattr("study.engine.display.heartbeat.time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr("study.engine.display.heartbeat.QUIET_S", 0.02)
    with Heartbeat(lambda: beats.append(now[0])) as heartbeat:
        now[0] = 0.015
        heartbeat.heard()
        now[0] = 0.03
        time.sleep(0.2)  # in which it looks again and again
        assert beats == []
        now[0] = 0.04
        until(lambda: beats, "a beat")


def test_a_stopped_heartbeat_is_silent(monkeypatch):
    monkeypatch.setattr("study.engine.display.heartbeat.QUIET_S", 0.02)
    beats = []
    with Heartbeat(lambda: beats.append(1)):
        until(lambda: beats, "a beat", pause=0.01)
    heard = len(beats)
    time.sleep(0.1)
    assert len(beats) == heard


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("check demo", "demo: checking the data, timing batches"),
        ("data describe sounds", "sounds: reading the data"),
        ("data verify sounds", "sounds: reading the data"),
    ],
)
def test_commands_that_read_many_sounds_print_a_sign_of_life(command, line, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    for label in "ab":
        (tmp_path / "sounds" / label).mkdir(parents=True)
        (tmp_path / "sounds" / label / "x.wav").write_bytes(b"")
    monkeypatch.setattr("study.engine.display.heartbeat.QUIET_S", 0.05)

    def slow(*_, **__):
        until(lambda: sys.stderr.getvalue().count(f"{line}\n") > 1, "a second line", pause=0.01)
        raise OSError("read")  # noqa: EM101 -- a test's own

    monkeypatch.setattr(study.planning.check, "read_data", slow)
    monkeypatch.setattr(study.commands.data, "headers_of", slow)
    monkeypatch.setattr(study.commands.data, "fsdnoisy18k", SimpleNamespace(verify=slow))
    assert main(command.split()) == 1
    assert capsys.readouterr().err.count(f"{line}\n") > 1
