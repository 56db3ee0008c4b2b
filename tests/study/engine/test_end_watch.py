"""The process that runs a study ends as it is asked to."""

import signal
import time
from contextlib import ExitStack

import pytest

from study.engine.end_watch import EndWatch
from study.interrupts import Interrupted, interruptible
from study.ledger import end_request
from study.ledger.claim import claim, owner
from study.ledger.end_request import request_end, request_path
from trainables.storage import leases
from watching import until

LIMIT_S = 60.0  # on a busy machine; usually it takes a moment


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(end_request, "LOOK_S", 0.02)
    monkeypatch.setattr(end_request, "LOOK_OBJECT_S", 0.02)


def ask(storage, how):
    request_end(storage, "s", how, owner(storage, "s") or "")


def signal_of(storage, how, *, training=False):
    """Own a study and ask for its end; return the signal whose effect that has within ``LIMIT_S``; None without one."""
    try:
        with interruptible(), claim(storage, "s"), EndWatch(storage, "s") as watch, ExitStack() as stack:
            if training:
                stack.enter_context(watch.training())
            ask(storage, how)
            time.sleep(LIMIT_S)
    except Interrupted as ended:
        return ended.exit_code - 128
    return None


@pytest.mark.parametrize(("how", "number"), [("stop", signal.SIGINT), ("cancel", signal.SIGTERM)])
def test_outside_training_a_request_has_the_effect_of_a_signal(tmp_path, how, number):
    assert signal_of(tmp_path, how) == number


def test_a_request_in_an_object_store_has_the_effect_of_a_signal_too(bucket):
    assert signal_of(bucket, "stop") == signal.SIGINT


def test_a_request_in_an_object_store_is_read_by_a_machine_whose_clock_is_ahead(bucket, monkeypatch):
    real = time.time
    with claim(bucket, "s"), monkeypatch.context() as patch:
        by_the_right_clock = owner(bucket, "s")
        patch.setattr(leases.time, "time", lambda: real() + 600)
        watch = EndWatch(bucket, "s")
    assert by_the_right_clock is not None
    assert watch._owner == by_the_right_clock


def test_in_training_a_stop_is_left_to_whoever_trains(tmp_path, capsys):
    with interruptible(), claim(tmp_path, "s"), EndWatch(tmp_path, "s") as watch, watch.training():
        assert not watch.stop_requested()
        ask(tmp_path, "stop")
        until(watch.stop_requested, seconds=LIMIT_S)
        until(lambda: not request_path(tmp_path, "s").exists(), seconds=LIMIT_S)
    assert "s: stop requested by process " in capsys.readouterr().err


def test_in_training_a_cancel_ends_the_study_at_once(tmp_path):
    assert signal_of(tmp_path, "cancel", training=True) == signal.SIGTERM


def test_a_request_to_an_earlier_process_is_ignored(tmp_path):
    request_end(tmp_path, "s", "cancel", "process 1 of me on here since then")
    with interruptible(), claim(tmp_path, "s"), EndWatch(tmp_path, "s") as watch:
        time.sleep(0.2)
        assert not watch.stop_requested()
    assert request_path(tmp_path, "s").exists()


def test_a_storage_location_that_cannot_be_read_ends_nothing(tmp_path):
    with interruptible(), claim(tmp_path, "s"), EndWatch(tmp_path, "s") as watch, watch.training():
        request_path(tmp_path, "s").mkdir()
        time.sleep(0.2)
        request_path(tmp_path, "s").rmdir()
        ask(tmp_path, "stop")
        until(watch.stop_requested, seconds=LIMIT_S)
    assert watch.stop_requested()
