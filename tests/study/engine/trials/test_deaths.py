"""Why a run's process was lost, in a line that guesses nothing."""

import os

import pytest

from study.engine.trials import deaths
from trainables.processes import limits

CREATION = (
    "The actor died because of an error raised in its creation task, \x1b[36mray::RunTrainable.__init__()\x1b[39m\n"
    '  File "trainable.py", line 56, in setup\n'
    "ImportError: libfoo.so.1: cannot open shared object file"
)
ALONE = (
    "The actor died unexpectedly before finishing this task.\n"
    "\tclass_name: with_resources.<locals>.ResourceTrainable\n"
    "\tpid: 27824\n"
    "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit detail: Some "
    "common causes include: (1) the process was killed by the OOM killer due to high memory usage.\n"
    "The actor never ran - it was cancelled before it started running."
)
LOW = (
    "Task was killed due to the node running low on memory.\nMemory on the node was 15.4GB / 16GB.\nRefer to the docs."
)


@pytest.fixture
def printed(tmp_path):
    """Write what a worker printed, where Ray keeps it."""

    def write(text, pid=27824, second=1):
        path = tmp_path / f"worker-ab-01000000-{pid}.err"
        path.write_text(text)
        os.utime(path, (second, second))
        return tmp_path

    return write


def test_an_exception_is_the_reason():
    assert deaths.reason(CREATION, None, None) == "ImportError: libfoo.so.1: cannot open shared object file"


def test_a_process_that_ended_in_silence_is_not_blamed_on_memory(tmp_path):
    assert deaths.reason(ALONE, tmp_path, limits.oom_kills()) == "it ended without a Python error"


def test_the_last_line_of_a_process_is_quoted(printed):
    logs = printed("start\nsymbol lookup error: libbar.so\n\n")
    printed("of another process", pid=1, second=2)
    assert deaths.reason(ALONE, logs, None) == (
        "it ended without a Python error; its last line: symbol lookup error: libbar.so"
    )


def test_a_fatal_signal_is_named_without_its_stack(printed):
    logs = printed("Fatal Python error: Segmentation fault\n\nStack:\n  File x\n\nExtension modules: a, b (total: 2)\n")
    assert deaths.reason(ALONE, logs, None).endswith("; its last line: Fatal Python error: Segmentation fault")


def test_memory_is_named_if_the_kernel_counted_a_kill_meanwhile(printed, monkeypatch):
    monkeypatch.setattr(limits, "oom_kills", lambda: 3)
    logs = printed("started")
    assert "memory has run out here since the study began" in deaths.reason(ALONE, logs, 2)
    assert "memory" not in deaths.reason(ALONE, logs, 3)


def test_memory_is_named_if_ray_ended_the_process_for_it():
    assert deaths.reason(LOW, None, None) == "Ray ended it because the machine was low on memory"


def test_a_reason_is_one_line_of_200_characters_at_most(printed):
    assert len(deaths.reason("x" * 500, None, None)) == 200
    assert len(deaths.reason(ALONE, printed("x" * 500), None)) == 200


@pytest.mark.parametrize("text", ["its node has died, as announced", "The actor died because its node has died."])
def test_a_process_that_was_lost_with_its_machine_is_recognised(text):
    assert deaths.with_its_node(text)
    assert not deaths.with_its_node(ALONE)


def test_a_line_of_rays_own_log_is_not_the_last_line_of_a_process(tmp_path):
    warning = "[2026-11-29 06:43:45,098 E 18897 18906] (raylet) file_system_monitor.cc:116: /tmp is over 95% full"
    (tmp_path / "raylet.err").write_text(f"SystemExit: a library is broken\n{warning}\n")
    assert deaths.last_words(tmp_path, "raylet.err") == "SystemExit: a library is broken"


def test_tunes_advice_to_a_slow_machine_is_not_taken_for_last_words(printed):
    logs = printed("Trainable.setup took 12.571 seconds. If your trainable is slow to initialize, consider ...\n")
    assert deaths.reason(ALONE, logs, None) == "it ended without a Python error"


def test_a_log_of_ray_alone_has_no_last_words(tmp_path):
    (tmp_path / "raylet.err").write_text("[2026-11-29 06:43:45,098 E 18897 18906] (raylet) the disk is full\n")
    assert deaths.last_words(tmp_path, "raylet.err") == ""
