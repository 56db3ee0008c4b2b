"""What is shown while the records of a large study are read and its results computed."""

from __future__ import annotations

import threading

import pytest
from dash import no_update

from analysis.dashboard.reading.job import Job, StillWorkingError
from analysis.dashboard.studies import Studies, UnreadableStudyError
from analysis.dashboard.updates import update
from analysis.results.study_results import read_or_explain
from factories import write_record
from looking import look
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.plans import write_plan
from watching import until

LOSS = CCE(name="cce")


@pytest.fixture
def gate(monkeypatch):
    """Let records be read only while the gate is open; it is open at first."""
    opened = threading.Event()
    opened.set()

    def read(storage, run_id):
        assert opened.wait(60)
        return read_or_explain(storage, run_id)

    monkeypatch.setattr("analysis.dashboard.reading.records.read_or_explain", read)
    yield opened
    opened.set()


@pytest.fixture
def hurried(storage):
    """Return the studies of the storage location, whose requests do not wait."""
    return Studies(storage, lambda *_: None, patience_s=0.001)


def awaited(studies):
    """Return the page once its records have been read."""
    studies.snapshot("best-t", patience_s=60)
    return look(studies, "/study/best-t")


@pytest.mark.parametrize("tab", ["", "?tab=explore", "?tab=runs", "?tab=clips", "?tab=about"])
def test_every_tab_states_how_many_records_have_been_read(study, storage, hurried, gate, tab):
    study.baselines(3).write(storage)
    gate.clear()
    until(lambda: "0 of 6" in look(hurried, "/study/best-t", tab)[0], "the start of the reading")
    text, browser = look(hurried, "/study/best-t", tab)
    assert "Reading the records: 0 of 6" in text
    assert browser.shown["busy"]
    assert browser.shown["news"] == "best-t: Reading the records"


def test_the_results_take_the_place_of_the_progress(study, storage, hurried, gate):
    study.baselines(3).write(storage)
    gate.clear()
    _, browser = look(hurried, "/study/best-t")
    gate.set()
    hurried.snapshot("best-t", patience_s=60).sections_within(60)
    built, now, *_ = update(hurried, ("/study/best-t", ""), browser)
    assert built is not no_update
    assert now["title"] == "best-t: Answer"
    assert not now["busy"]


def test_the_earlier_results_are_shown_while_a_new_record_is_read(study, storage, hurried, gate):
    late = study.add("cce", LOSS, 90, status=None)
    study.baselines(3)
    study.write(storage)
    _, browser = awaited(hurried)
    hurried.snapshot("best-t").cost_s = 0.0
    study.planned.pop(0)
    study.add("cce", LOSS, 90)
    gate.clear()
    write_record(storage, study.records[late])
    assert len(hurried.snapshot("best-t").stamps) == 6
    gate.set()
    assert len(hurried.snapshot("best-t", patience_s=60).stamps) == 7
    assert browser.shown["title"] == "best-t: Answer"


def test_the_earlier_results_are_shown_while_those_of_a_study_that_has_grown_are_computed(
    study, storage, hurried, gate
):
    study.baselines(3).write(storage)
    awaited(hurried)
    study.add("cce", LOSS, 90)
    gate.clear()
    write_record(storage, study.records[next(reversed(study.records))])
    write_plan(storage, study.plan())
    assert len(hurried.snapshot("best-t").runs) == 6
    gate.set()
    assert len(hurried.snapshot("best-t", patience_s=60).runs) == 7


def test_the_answer_is_shown_before_its_evidence_is_computed(study, storage, hurried, monkeypatch):
    opened = threading.Event()
    sections = "analysis.dashboard.snapshot.report_sections"
    monkeypatch.setattr(sections, lambda _: opened.wait(60) and [])
    study.baselines(3).write(storage)
    text, browser = awaited(hurried)
    opened.set()
    assert '"headline"' in text
    assert "Computing the evidence" in text
    assert browser.shown["busy"]


def test_the_list_of_studies_does_not_wait_for_records(study, storage, hurried, gate):
    study.baselines(3).write(storage)
    gate.clear()
    (listed,) = hurried.summaries()
    assert (listed.state, listed.recorded, listed.pending) == ("complete", 6, True)


def test_what_is_wrong_with_the_records_is_stated_once_they_have_been_read(study, storage, hurried, gate):
    study.add("one", LOSS, 0)
    study.add("one", AdaptiveGCE(name="adaptive_gce"), 0)
    study.write(storage)
    gate.clear()
    with pytest.raises(StillWorkingError):
        hurried.snapshot("best-t")
    gate.set()
    with pytest.raises(UnreadableStudyError):
        hurried.snapshot("best-t", patience_s=60)
    assert "give their arms different names" in look(hurried, "/study/best-t")[0]


def test_an_error_of_a_job_is_raised_where_its_result_is_asked_for():
    def fail(_):
        msg = "a store"
        raise TimeoutError(msg)

    job = Job(fail, "Failing")
    for _ in range(2):
        with pytest.raises(TimeoutError, match="a store"):
            job.result(60)


def test_a_job_counts_what_passes():
    job = Job(lambda job: list(job.counted("Reading", "abc", 3)), "Starting")
    assert job.result(60) == ["a", "b", "c"]
    assert (job.what, job.done, job.total) == ("Reading", 3, 3)
