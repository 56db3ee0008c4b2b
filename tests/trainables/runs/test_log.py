"""The log of a run: what is written, what is not, and how much at most."""

import logging
import multiprocessing
import warnings

import pytest

from trainables.runs.log import MAX_BYTES, MAX_CHARACTERS, RunLog, _Handler


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logs" / "0123.log"


def test_an_entry_stands_under_its_time(path):
    RunLog(path).write("taken up\n")
    RunLog(path).write("complete")
    first, second = path.read_text().splitlines()
    assert first.endswith("+00:00 taken up")
    assert second.endswith("+00:00 complete")


def test_warnings_and_what_is_logged_as_one_are_heard_once_each_while_it_listens(path):
    log = RunLog(path)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        for _ in range(3):
            with log.listening():
                warnings.warn("lr is high", UserWarning, stacklevel=1)
                logging.getLogger("trainables.x").warning("foreign checkpoint %d", 7)
                logging.getLogger("trainables.x").info("nothing of interest")
    logging.getLogger("trainables.x").error("after it has listened")
    first, *_, last = path.read_text().splitlines()
    assert "test_log.py:" in first
    assert first.endswith("UserWarning: lr is high")
    assert last.endswith("warning: foreign checkpoint 7")
    assert path.read_text().count("warning: ") == 2


def test_warnings_that_are_all_different_do_not_fill_it(path):
    log = RunLog(path)
    for number in range(10_000):
        log.heard(f"loss {number}")
    assert path.read_text().count("\n") == 50


def test_it_stays_bounded_and_keeps_what_is_newest(path):
    log = RunLog(path)
    for number in range(300):
        log.write(f"{number}: {'x' * 5000}")
        assert path.stat().st_size <= MAX_BYTES
    assert path.read_text().startswith("[what was older is gone]\n20")
    assert "299: " in path.read_text()
    assert list(path.parent.iterdir()) == [path]


def test_a_very_long_entry_keeps_its_two_ends(path):
    RunLog(path).write(f"first {'x' * 10 * MAX_CHARACTERS} last")
    text = path.read_text()
    assert len(text) < MAX_CHARACTERS + 100
    assert " first x" in text
    assert text.endswith("x last\n")


def test_text_that_is_no_unicode_is_written_all_the_same(path):
    RunLog(path).write("clip \udcff.wav")
    assert path.read_text().endswith("clip ?.wav\n")


def test_a_log_that_cannot_be_written_is_no_fault(path):
    path.parent.write_text("in the way")
    RunLog(path).write("taken up")
    assert path.parent.read_text() == "in the way"


def write_many(path, word, length=100):
    for _ in range(200):
        RunLog(path).write(word * length)


@pytest.mark.slow
def test_entries_of_several_processes_do_not_mix(path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path, word)) for word in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    entries = [line.split(" ", 1)[1] for line in path.read_text().splitlines()]
    assert sorted(entries) == ["a" * 100] * 200 + ["b" * 100] * 200


@pytest.mark.slow
def test_no_entry_is_lost_while_another_process_shortens_the_log(path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path, word, 1500)) for word in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    head, *lines = path.read_text().splitlines()
    assert head == "[what was older is gone]"
    assert {line.split(" ", 1)[1] for line in lines} <= {"a" * 1500, "b" * 1500}
    assert MAX_BYTES // 2 - 2 * 1600 < path.stat().st_size <= MAX_BYTES


def test_a_wrong_call_of_a_logger_is_no_fault_of_the_run(path, capsys):
    record = logging.LogRecord("trainables.x", logging.WARNING, __file__, 1, "%d", ("no number",), None)
    _Handler(RunLog(path)).handle(record)  # by itself: pytest's own handler raises
    assert "no number" in capsys.readouterr().err
    assert not path.exists()


def test_in_an_object_store_it_holds_every_entry_and_stays_bounded(bucket):
    place = bucket / "logs" / "0123.log"
    RunLog(place).write("taken up")
    RunLog(place).write("complete")
    first, second = place.read_bytes().decode().splitlines()
    assert first.endswith("+00:00 taken up")
    assert second.endswith("+00:00 complete")
    for number in range(10):
        RunLog(place).write(f"{number}: {'x' * MAX_CHARACTERS}")
        assert place.stamp()[1] <= MAX_BYTES
    assert b"9: x" in place.read_bytes()
