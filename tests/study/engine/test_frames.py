"""What is printed while frames are computed, where there is no terminal."""

import pytest
from rich.console import Console

from study.engine.frames import TITLE, Lines, progress_display
from watching import until


@pytest.fixture
def lines(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("study.engine.frames.time.monotonic", lambda: now[0])
    return Lines(), now


def test_every_tenth_has_a_line_with_an_eta(lines, capsys):
    display, now = lines
    for done in range(21):
        now[0] = 3.0 * done
        display.advance(done, 20)
    printed = capsys.readouterr().err.splitlines()
    assert printed[0] == "log-mel frames: 2 of 20 clips; ETA 54 s"
    assert printed[-1] == "log-mel frames: 20 of 20 clips; ETA 0 s"
    assert len(printed) == 10


def test_clips_of_an_earlier_build_do_not_count_towards_the_pace(lines, capsys):
    display, now = lines
    display.advance(50, 100)
    now[0] = 10.0
    display.advance(60, 100)
    assert capsys.readouterr().err.splitlines()[-1] == "log-mel frames: 60 of 100 clips; ETA 40 s"


def test_silence_is_broken_by_what_is_being_done(monkeypatch):
    printed = []
    monkeypatch.setattr("study.engine.frames.say", lambda line, **_: printed.append(line))
    monkeypatch.setattr("study.engine.display.heartbeat.QUIET_S", 0.05)
    display = Lines()
    with display.heartbeat:
        until(lambda: len(printed) > 1)
        display.wait("process 7 of bob on host")
        before = len(printed)
        until(lambda: len(printed) > before + 1)
    assert printed[0] == "log-mel frames: reading the data"
    assert printed[-1] == "log-mel frames: waiting for process 7 of bob on host, which computes them"


def test_a_notebook_shows_one_line_that_changes(monkeypatch, capsys):
    outputs = []
    monkeypatch.setattr("study.engine.frames.Console", lambda **_: Console(force_jupyter=True))
    monkeypatch.setattr(
        "study.engine.display.notebook.NotebookDisplay._show", lambda _, data: outputs.append(data["text/plain"])
    )
    monkeypatch.setattr("study.engine.display.notebook.REFRESH_S", 0.01)
    with progress_display(TITLE, "computes them") as display:
        until(lambda: outputs)
        display.advance(10, 20)
        until(lambda: len(set(outputs)) > 1)
    assert list(dict.fromkeys(outputs)) == [
        "log-mel frames: reading the data",
        "log-mel frames: 10 of 20 clips; ETA unknown",
    ]
    assert capsys.readouterr() == ("", "")
