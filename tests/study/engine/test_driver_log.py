"""A study's log holds what its driver prints, how its runs end, and what ended it."""

import io

import pytest
from rich.console import Console

from factories import Builder
from study.console import complain, say, show
from study.engine.display.progress import Progress
from study.engine.driver_log import driver_log_path, logged
from study.engine.state import StudyState
from study.ledger.claim import claim
from trainables.losses.catalogue import CCE
from trainables.records import log_path
from trainables.runs.log import MAX_BYTES
from trainables.storage.location import location


def entries(storage):
    """Return the entries of the log of the study ``s``, without their times."""
    return [line.partition(" ")[2] for line in driver_log_path(storage, "s").read_text().splitlines()]


def test_what_is_printed_is_logged_with_start_and_end(tmp_path, capsys):
    with logged(tmp_path, "s", "gce-study run s.yaml"):
        say("one")
        complain("two")
        show("", ("a",), [["three"]])
    first, one, two, *_, last = entries(tmp_path)
    assert first.startswith("started: gce-study run s.yaml; gce-study ")
    assert " process " in first
    assert [one, two, last] == ["one", "gce-study: two", "ended"]
    assert "\nthree\n" in driver_log_path(tmp_path, "s").read_text()
    assert capsys.readouterr().out.startswith("one\n")


def test_what_is_printed_outside_is_not_logged(tmp_path):
    with logged(tmp_path, "s", "run"):
        pass
    say("later")
    assert "later" not in driver_log_path(tmp_path, "s").read_text()


def test_the_error_that_ends_a_study_is_logged(tmp_path):
    with pytest.raises(OSError, match="No such file"), logged(tmp_path, "s", "run"):
        (tmp_path / "none").read_bytes()
    assert entries(tmp_path)[-1] == f"ended: [Errno 2] No such file or directory: '{tmp_path / 'none'}'"


def test_the_end_of_a_run_is_logged_whether_there_is_a_live_table_or_not(tmp_path):
    study = Builder("s")
    run_id = study.add("cce", CCE(name="cce"), 3, status="failed", error="no memory")
    for interactive in (True, False):
        console = Console(file=io.StringIO(), force_interactive=interactive, force_terminal=interactive)
        progress = Progress(StudyState("s", study.planned), tmp_path, console=console)
        with logged(tmp_path, "s", "run"), progress:
            progress.run_recorded(study.planned[0], study.records[run_id], known=False)
        *_, line, last = entries(tmp_path)
        assert line == f"s: cce, seed 3: failed: no memory; log: {log_path(tmp_path, run_id)}"
        assert last == "ended"


def test_the_log_is_bounded(tmp_path):
    with logged(tmp_path, "s", "run"):
        for _ in range(40):
            say("x" * 10_000)
    assert driver_log_path(tmp_path, "s").stat().st_size <= MAX_BYTES


def test_a_storage_location_that_was_moved_away_is_not_made_again_for_the_log(tmp_path):
    storage = location(tmp_path / "storage")
    with claim(storage, "s"), logged(storage, "s", "run"):
        (tmp_path / "storage").rename(tmp_path / "moved")
        say("after the move")
    assert not (tmp_path / "storage").exists()
    assert "after the move" not in (tmp_path / "moved" / "studies" / "s" / "driver.log").read_text()
