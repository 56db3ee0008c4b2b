"""A line at least every minute."""

import time

from study.engine.heartbeat import QUIET_S, Heartbeat


def test_a_minute_is_the_longest_silence():
    assert QUIET_S == 60


def test_it_beats_again_and_again_while_nothing_is_printed():
    beats = []
    with Heartbeat(lambda: beats.append(time.monotonic()), 0.05):
        time.sleep(0.5)
    assert 3 <= len(beats) <= 10


def test_what_was_printed_postpones_the_next_beat():
    beats = []
    with Heartbeat(lambda: beats.append(1), 0.3) as heartbeat:
        for _ in range(10):
            time.sleep(0.05)
            heartbeat.heard()
    assert beats == []


def test_it_is_silent_once_it_has_stopped():
    beats = []
    with Heartbeat(lambda: beats.append(1), 0.02):
        time.sleep(0.1)
    heard = len(beats)
    time.sleep(0.1)
    assert heard > 0
    assert len(beats) == heard
