"""What the dashboard knows of a storage location, by its data: what is read, and when it is read again."""

import json
import math
import os
import time

import pytest

from analysis.dashboard.snapshot import Live, seeds_table
from analysis.dashboard.studies import KEEP_FACTOR, UnreadableStudyError
from analysis.results.study_results import read_or_explain
from factories import write_record
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.plans import study_folder, study_names, write_plan
from trainables.records import record_path

LOSS = CCE(name="cce")


@pytest.fixture
def read_run_ids(monkeypatch):
    """Return the run_id of each record that the dashboard has read, in order."""
    run_ids = []

    def read(root, run_id):
        run_ids.append(run_id)
        return read_or_explain(root, run_id)

    monkeypatch.setattr("analysis.dashboard.reading.records.read_or_explain", read)
    return run_ids


def progress(storage, name, **said):
    (study_folder(storage, name) / "progress.json").write_text(json.dumps(said))


def test_a_record_is_read_once(study, studies, storage, read_run_ids):
    study.baselines(3).write(storage)
    first = studies.snapshot("best-t")
    assert len(read_run_ids) == 6
    assert studies.snapshot("best-t") is first
    assert len(read_run_ids) == 6


def test_a_new_record_alone_is_read_and_makes_a_new_view(study, studies, storage, read_run_ids):
    study.baselines(3).write(storage)
    late = study.add("cce", LOSS, 90, status=None)
    write_plan(storage, study.plan())
    first = studies.snapshot("best-t")
    first.cost_s = 0.0
    assert (first.results.runs["status"] == "waiting").sum() == 1
    study.planned.pop()
    study.add("cce", LOSS, 90)
    write_record(storage, study.records[late])
    second = studies.snapshot("best-t")
    assert len(read_run_ids) == 7
    assert second.number == first.number + 1
    assert second.results.runs["status"].eq("complete").all()


def test_a_record_that_is_replaced_is_read_again_and_one_put_aside_is_waiting(study, studies, storage, read_run_ids):
    first, second = study.add("cce", LOSS, 0), study.add("cce", LOSS, 1)
    study.write(storage)
    studies.snapshot("best-t").cost_s = 0.0
    write_record(storage, study.records[first].model_copy(update={"validation_accuracy": 0.5}))
    record_path(storage, second).unlink()
    runs = studies.snapshot("best-t").results.runs
    assert len(read_run_ids) == 3
    assert list(runs["status"]) == ["complete", "waiting"]
    assert runs["validation_accuracy"][0] == 0.5


def test_a_damaged_record_is_named_until_it_is_whole(study, studies, storage):
    run_id = study.add("cce", LOSS, 0)
    study.write(storage)
    path = record_path(storage, run_id)
    path.write_text("{")
    found = studies.snapshot("best-t")
    found.cost_s = 0.0
    assert list(found.results.runs["status"]) == ["damaged"]
    assert str(path) in found.results.runs["error"][0]
    write_record(storage, study.records[run_id])
    assert list(studies.snapshot("best-t").results.runs["status"]) == ["complete"]


def test_a_view_that_took_long_to_make_is_kept_for_a_while(study, studies, storage):
    study.add("cce", LOSS, 0)
    study.write(storage)
    first = studies.snapshot("best-t")
    first.cost_s = 1000.0
    record_path(storage, study.planned[0].run.run_id).unlink()
    assert studies.snapshot("best-t") is first
    first.made = time.monotonic() - KEEP_FACTOR * 1000
    assert studies.snapshot("best-t") is not first


def test_a_study_that_grows_while_it_runs_is_followed(study, studies, storage):
    study.add("cce", LOSS, 0)
    study.write(storage)
    assert len(studies.snapshot("best-t").results.runs) == 1
    study.add("cce", LOSS, 1)
    study.write(storage)  # the plan is another file now: no view is kept
    assert len(studies.snapshot("best-t").results.runs) == 2


def test_the_list_says_where_each_study_stands_and_what_cannot_be_read(study, full_study, studies, storage, owners):
    assert studies.summaries() == []
    full_study.name = "full"
    full_study.write(storage)
    study.baselines(2).write(storage)
    study_folder(storage, "torn").mkdir()
    (study_folder(storage, "torn") / "plan.json").write_text("{")
    owners["full"] = "process 7"
    progress(storage, "full", running={}, eta_s=90.0, updated=time.time(), standing="")
    full, done, torn = studies.summaries(math.inf)
    assert (full.name, full.state, full.planned, full.recorded, full.eta_s) == ("full", "running", 46, 45, 90.0)
    assert (done.name, done.state, len(done.trend)) == ("best-t", "complete", 4)
    assert done.headline == studies.snapshot("best-t").headline.text
    assert torn.state == "damaged"
    assert "torn/plan.json: damaged: " in torn.problem


@pytest.mark.parametrize("name", ["", ".", "..", "../studies/best-t", "best-t/../best-t", "/etc", "other", "best-t\0"])
def test_nothing_but_a_study_is_opened(study, studies, storage, name):
    study.baselines(2).write(storage)
    with pytest.raises(UnreadableStudyError, match="no study named"):
        studies.snapshot(name)


def test_two_runs_that_cannot_be_told_apart_are_a_problem_in_words(study, studies, storage):
    study.add("one", LOSS, 0)
    study.add("one", AdaptiveGCE(name="adaptive_gce"), 0)
    study.write(storage)
    with pytest.raises(UnreadableStudyError, match="give their arms different names"):
        studies.snapshot("best-t")
    assert studies.summaries(math.inf)[0].state == "damaged"


def test_what_is_under_way_comes_from_the_progress_file_of_a_study_that_somebody_runs(study, studies, storage, owners):
    run_id = study.add("cce", LOSS, 4, status=None)
    study.write(storage)
    said = {"running": {run_id: [3, 0.5], "gone": [1, None]}, "eta_s": 60.0, "standing": "s", "updated": time.time()}
    progress(storage, "best-t", **said)
    assert studies.live("best-t") == Live("")
    owners["best-t"] = "process 7"
    live = studies.live("best-t")
    (flight,) = live.flights
    assert (flight.configuration, flight.seed, flight.epoch, flight.epochs) == ("cce", "4", 3, 160)
    assert (flight.validation_accuracy, live.eta_s, live.standing) == (0.5, 60.0, "s")
    assert live.age_s < 60


def test_without_progress_only_the_owner_of_a_running_study_is_shown(study, studies, storage, owners):
    study.add("cce", LOSS, 0)
    study.write(storage)
    owners["best-t"] = "process 7"
    assert studies.live("best-t") == Live("process 7")
    (study_folder(storage, "best-t") / "progress.json").write_text("{}")
    assert studies.live("best-t") == Live("process 7")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"updated": "soon"}', '{"schema_version": 2}'])
def test_a_progress_file_that_cannot_be_read_is_named_beside_the_owner(study, studies, storage, owners, text):
    study.add("cce", LOSS, 0)
    study.write(storage)
    owners["best-t"] = "process 7"
    path = study_folder(storage, "best-t") / "progress.json"
    path.write_text(text)
    live = studies.live("best-t")
    assert live.owner == "process 7"
    assert live.standing.startswith(f"{path}: ")


def test_exploring_runs_stand_apart_and_show_no_test_accuracy(study):
    for seed, stage in ((0, "explore"), (1, "explore"), (10_000, "confirm"), (10_001, "confirm")):
        study.add("cce", LOSS, seed, validation=0.5 + seed % 2 / 10, stage=stage)
    study.add("gce", AdaptiveGCE(name="adaptive_gce"), 0, stage="explore", status=None)
    found = seeds_table(study.results())
    assert found.header == ("Configuration", "To", "Seeds", "Validation accuracy", "Test accuracy")
    assert [row[:3] for row in found.rows] == [
        ("cce", "explore", "2 of 2"),
        ("gce", "explore", "0 of 1"),
        ("cce", "report", "2 of 2"),
    ]
    assert [row[4] for row in found.rows[:2]] == ["-", "-"]
    assert found.rows[2][4] == "75.0 (75.0, 75.0)"


@pytest.mark.slow
def test_looking_writes_nothing(full_study, studies, storage):
    full_study.write(storage)
    before = {path: path.stat().st_mtime_ns for path in storage.rglob("*")}
    os.utime(storage)  # a clock that stands still would hide a change
    studies.warm()
    assert {path: path.stat().st_mtime_ns for path in storage.rglob("*")} == before


def test_the_list_of_many_studies_lists_the_location_once(study, studies, storage, monkeypatch):
    study.baselines(1)
    for number in range(5):
        study.name = f"study-{number}"
        study.write(storage)
    listed = []
    monkeypatch.setattr(
        "analysis.dashboard.studies.study_names", lambda place: listed.append(place) or study_names(place)
    )
    assert len(studies.summaries(math.inf)) == 5
    assert listed == [storage]
