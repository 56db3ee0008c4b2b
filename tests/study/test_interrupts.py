"""Ctrl-C and SIGTERM at any moment of a command: one line, and the signal's exit code."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from study.cli import main
from study.interrupts import Interrupted, interrupt, interrupt_here, interruptible, raise_if_interrupted, received

STARTED = "import sys, study.cli; print('started', flush=True); sys.exit(study.cli.main())"


@pytest.mark.slow
def test_nothing_that_takes_long_is_imported_before_signals_are_handled():
    slow = {"argparse", "rich", "pydantic", "importlib.metadata", "numpy", "yaml"}
    code = f"import sys, study.cli; print(sorted({slow} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("delay_s", [0.03, 0.1, 0.3])
@pytest.mark.slow
def test_a_signal_at_any_moment_of_a_command_is_one_line(tmp_path, number, delay_s):
    command = [sys.executable, "-c", STARTED, "dashboard", "--storage", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "started\n"
        time.sleep(delay_s)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert errors == f"gce-study: interrupted by {number.name}\n"
    assert process.returncode == 128 + number


@pytest.mark.slow
def test_a_command_under_nohup_outlives_its_terminal(tmp_path):
    command = ["/usr/bin/env", "nohup", sys.executable, "-c", STARTED, "dashboard", "--storage", str(tmp_path)]
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"started\n"
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 143


def test_another_exception_that_a_library_made_of_an_interrupt_is_one_line(monkeypatch, capsys):
    def convert(_):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except KeyboardInterrupt:
            msg = "numpy could not be imported"
            raise ImportError(msg) from None

    monkeypatch.setattr("study.commands.studies.schema", convert)
    assert main(["schema"]) == 143
    assert capsys.readouterr().err == "gce-study: interrupted by SIGTERM\n"


def interrupted_twice():
    with interruptible():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGINT)


def test_the_first_of_several_signals_counts():
    with pytest.raises(Interrupted, match="SIGTERM") as ended:
        interrupted_twice()
    assert ended.value.exit_code == 143
    assert received().exit_code == 143


@pytest.mark.parametrize("for_good", [False, True])
def test_signals_are_handled_as_before_afterwards_unless_the_process_only_has_to_end(for_good):
    before = signal.getsignal(signal.SIGINT)
    try:
        with interruptible(for_good=for_good):
            assert signal.getsignal(signal.SIGINT) not in {before, signal.SIG_DFL}
        assert signal.getsignal(signal.SIGINT) == (signal.SIG_DFL if for_good else before)
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def in_a_thread(function):
    """Call a function in another thread; return the interrupt that it raised."""
    raised = []

    def call():
        try:
            with interruptible():
                function()
        except Interrupted as interrupted:
            raised.append(interrupted)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(60)
    assert len(raised) == 1
    return raised[0]


def test_outside_the_main_thread_an_interrupt_waits_until_it_is_asked_for():
    steps = []

    def work():
        interrupt(signal.SIGTERM)
        steps.append("not interrupted here")
        raise_if_interrupted()

    assert in_a_thread(work).exit_code == 143
    assert steps == ["not interrupted here"]


def test_outside_the_main_thread_the_end_of_a_graceful_stop_reaches_that_thread():
    assert in_a_thread(interrupt_here).exit_code == 130


def interrupt_this_thread():
    with interruptible():
        interrupt(signal.SIGTERM)
        time.sleep(5)


def test_after_a_study_in_a_thread_an_interrupt_reaches_the_main_thread_again():
    in_a_thread(interrupt_here)
    with pytest.raises(Interrupted, match="SIGTERM"):
        interrupt_this_thread()
