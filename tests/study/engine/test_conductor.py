"""What stands between a method and its runs: the ledger answers first, the plan is kept before a run starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conducting import RUNS, Guard, LostError, OneByOne, checkpoint, conductor
from factories import point, read_records, record, write_record
from study.engine.conductor import BUSY_S, Conductor
from study.engine.state import Observer
from study.methods.grid import Grid
from study.methods.method import Decision, Signal
from trainables.plans import DataSummary, PlannedRun, StudyPlan, read_plan
from trainables.records import Cost, Epoch, Spent, log_path
from trainables.runs.ownership import owned
from trainables.storage.location import location
from trainables.training.checkpoint import Checkpoint, checkpoint_path, load_checkpoint, save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trainables.storage.object_location import ObjectLocation


def test_a_run_is_in_the_plan_before_it_is_handed_out(tmp_path: Path) -> None:
    conducted = conductor(tmp_path, OneByOne())
    for count in range(1, 4):
        assert conducted.next() == RUNS[count - 1]
        assert read_plan(tmp_path, "s").runs == RUNS[:count]


class Journal(Observer):
    """Counts what it would write."""

    written = 0

    def changed(self) -> None:
        self.written += 1


def test_who_has_lost_a_study_leaves_plan_journal_and_records_to_the_new_owner(tmp_path: Path) -> None:
    journal, guard = Journal(), Guard()
    conducted = conductor(tmp_path, OneByOne(), guard)
    conducted.state.observers.append(journal)
    conducted.next()
    conducted.on_epoch(RUNS[0].run, point(1))
    guard.then = guard.lose
    before = journal.written
    assert before > 0
    for write in (
        conducted.next,
        lambda: conducted.stop(RUNS[0].run),
        lambda: conducted.on_epoch(RUNS[0].run, point(2)),
    ):
        with pytest.raises(LostError):
            write()
    assert read_plan(tmp_path, "s").runs == RUNS[:1]
    assert read_records(tmp_path) == {}
    assert journal.written == before


def test_the_ledger_answers_before_anything_is_trained(tmp_path: Path) -> None:
    for planned in RUNS[:2]:
        write_record(tmp_path, record(planned))
    conducted = conductor(tmp_path, OneByOne())
    assert conducted.next() == RUNS[2]
    assert conducted.state.recorded.keys() == {p.run.run_id for p in RUNS[:2]}
    assert read_plan(tmp_path, "s").runs == RUNS


def test_a_run_that_another_search_stopped_is_trained_anew_and_its_record_kept_aside(tmp_path: Path) -> None:
    write_record(tmp_path, record(RUNS[0], "stopped"))
    conducted = conductor(tmp_path, OneByOne())
    assert conducted.next() == RUNS[0]
    assert read_records(tmp_path) == {}
    assert (tmp_path / "records" / "stopped" / f"{RUNS[0].run.run_id}.json").exists()


def test_a_run_that_another_study_trains_is_not_cut_but_its_record_taken_when_it_is_there(tmp_path: Path) -> None:
    conducted = conductor(tmp_path, OneByOne())
    planned = conducted.next()
    assert isinstance(planned, PlannedRun)
    for epoch in (1, 2):
        conducted.on_epoch(planned.run, point(epoch))
    checkpoint(tmp_path, planned, 2)
    with owned(tmp_path, planned.run.run_id):
        conducted.stop(planned.run)
        assert conducted.next() == RUNS[1]
        assert read_records(tmp_path) == {}
        write_record(tmp_path, record(planned))
    assert conducted.next() == RUNS[2]
    assert read_records(tmp_path)[planned.run.run_id].status == "complete"
    assert planned.run.run_id in conducted.state.recorded


def test_a_record_that_another_search_cut_meanwhile_is_put_aside(tmp_path: Path) -> None:
    conducted = conductor(tmp_path, OneByOne())
    conducted.next()
    write_record(tmp_path, record(RUNS[0], "stopped"))
    assert not conducted.ended(RUNS[0].run.run_id)
    assert read_records(tmp_path) == {}
    assert len(conducted.ledger.warnings) == 1


def choosing_by_macro_f1(storage: Path) -> Conductor:
    """Return a conductor of a grid that chooses by macro F1."""
    data = DataSummary(name="d", kind="synthetic", fingerprint="d", classes=["x", "y"], clips={})
    spec = {"select_on": {"metric": "macro_f1", "labels": "given"}}
    plan = StudyPlan(name="s", description="", method="search", spec=spec, dataset=data, runs=[])
    return Conductor(OneByOne(), storage, plan, {})


def test_a_record_without_the_metric_that_the_study_chooses_by_is_put_aside(tmp_path: Path) -> None:
    conducted = choosing_by_macro_f1(tmp_path)
    write_record(tmp_path, record(RUNS[0], epochs=[point(1)]))
    assert conducted.next() == RUNS[0]
    assert "earlier record (an earlier version did not measure macro F1)" in conducted.ledger.warnings[0]
    assert conducted.ledger.warnings[0].endswith("the run is trained again")


def test_a_record_with_the_metric_that_the_study_chooses_by_counts(tmp_path: Path) -> None:
    conducted = choosing_by_macro_f1(tmp_path)
    write_record(tmp_path, record(RUNS[0], epochs=[point(1, validation_macro_f1=0.5)]))
    assert conducted.next() == RUNS[1]


def test_a_foreign_checkpoint_is_none(tmp_path: Path) -> None:
    foreign = Checkpoint.model_construct(
        training={"curve": [{"epoch": 2}]}, spent=Spent(wall_s=0.0, cpu_s=0.0), earlier=[]
    )
    save_checkpoint(checkpoint_path(tmp_path, RUNS[0].run.run_id), foreign)
    method = OneByOne()
    assert conductor(tmp_path, method).next() == RUNS[0]
    assert method.reported == []


def test_a_run_that_is_cut_is_recorded_as_stopped_from_its_checkpoint(tmp_path: Path) -> None:
    conducted = conductor(tmp_path, OneByOne())
    planned = conducted.next()
    assert isinstance(planned, PlannedRun)
    assert conducted.on_epoch(planned.run, point(1)) is Decision.CONTINUE
    assert conducted.on_epoch(planned.run, point(2)) is Decision.STOP
    checkpoint(tmp_path, planned, 2)
    conducted.stop(planned.run)
    found = read_records(tmp_path)[planned.run.run_id]
    assert (found.status, found.validation_accuracy, found.test, found.error) == ("stopped", 0.2, None, None)
    assert log_path(tmp_path, planned.run.run_id).read_text().endswith("stopped after 2 epochs by study s\n")
    assert found.epochs == [point(1), point(2)]
    assert found.cost == Cost(wall_s=3.0, cpu_s=2.5, images=640, images_per_s=320.0)
    assert found.provenance.root.items() >= {"commit": "c", "host": "h", "attempts": 1, "earlier_attempts": []}.items()
    assert load_checkpoint(checkpoint_path(tmp_path, planned.run.run_id)) is None
    assert conducted.next() == RUNS[1]


def test_a_cut_run_whose_checkpoint_is_lost_is_recorded_from_what_it_reported(tmp_path: Path) -> None:
    conducted = conductor(tmp_path, OneByOne())
    planned = conducted.next()
    assert isinstance(planned, PlannedRun)
    for epoch in (1, 2):
        conducted.on_epoch(planned.run, point(epoch))
    conducted.stop(planned.run)
    found = read_records(tmp_path)[planned.run.run_id]
    assert (found.status, len(found.epochs), found.cost.wall_s) == ("stopped", 2, 0.0)


def test_a_record_that_a_worker_wrote_last_moment_is_not_replaced_in_an_object_store(bucket: ObjectLocation) -> None:
    guard = Guard()
    conducted = conductor(bucket, OneByOne(), guard)
    planned = conducted.next()
    assert isinstance(planned, PlannedRun)
    for epoch in (1, 2):
        conducted.on_epoch(planned.run, point(epoch))
    there = record(planned)
    guard.then = lambda: write_record(bucket, there)  # between the look for a record and its writing
    conducted.stop(planned.run)
    assert read_records(bucket) == {planned.run.run_id: there}
    assert conducted.state.recorded[planned.run.run_id].cost == there.cost


def test_a_run_whose_checkpoint_stands_at_a_rung_is_decided_before_it_trains(tmp_path: Path) -> None:
    checkpoint(tmp_path, RUNS[0], 2)
    method = OneByOne()
    assert conductor(tmp_path, method).next() == RUNS[1]
    assert method.reported == [[1, 2]]
    assert read_records(tmp_path)[RUNS[0].run.run_id].status == "stopped"


def test_a_run_that_is_paused_is_not_handed_out(tmp_path: Path) -> None:
    checkpoint(tmp_path, RUNS[0], 2)
    assert conductor(tmp_path, OneByOne(Decision.PAUSE)).next() == RUNS[1]
    assert read_records(tmp_path) == {}


def test_epochs_trained_again_after_a_lost_process_are_told_once(tmp_path: Path) -> None:
    method = OneByOne()
    checkpoint(tmp_path, RUNS[0], 1)
    conducted = conductor(tmp_path, method)
    planned = conducted.next()
    assert isinstance(planned, PlannedRun)
    conducted.on_epoch(planned.run, point(1))
    conducted.on_epoch(planned.run, point(2))
    assert method.reported == [[1], [1], [1, 2]]


def test_a_run_that_ends_without_a_record_is_asked_for_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("study.engine.conductor.time.monotonic", lambda: now[0])
    conducted = conductor(tmp_path, Grid(RUNS[:1]))
    assert conducted.next() == RUNS[0]
    assert not conducted.ended(RUNS[0].run.run_id)
    assert conducted.next() is Signal.WAIT
    now[0] = BUSY_S
    assert conducted.next() == RUNS[0]


def test_a_method_that_waits_is_not_asked_again_before_it_has_heard_something(tmp_path: Path) -> None:
    class Counted(Grid):
        asked = 0

        def ask(self) -> PlannedRun | Signal:
            self.asked += 1
            return super().ask()

    method = Counted(RUNS[:2])
    conducted = conductor(tmp_path, method)
    assert [conducted.next() for _ in range(4)] == [*RUNS[:2], Signal.WAIT, Signal.WAIT]
    assert method.asked == 3
    for planned, answer in zip(RUNS[:2], (Signal.WAIT, Signal.DONE), strict=True):
        write_record(tmp_path, record(planned))
        assert conducted.ended(planned.run.run_id)
        assert conducted.next() is answer
    assert method.asked == 5


def test_who_waits_is_told_that_the_study_is_anothers_meanwhile(tmp_path: Path) -> None:
    guard = Guard()
    conducted = conductor(tmp_path, Grid(RUNS[:1]), guard)
    assert [conducted.next() for _ in range(2)] == [RUNS[0], Signal.WAIT]
    guard.then = guard.lose
    with pytest.raises(LostError):
        conducted.next()


def test_a_method_that_waits_is_asked_again_when_an_epoch_was_judged(tmp_path: Path) -> None:
    class Holding(OneByOne):
        def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
            decision = super().report(run_id, curve)
            if decision is Decision.PAUSE:
                self._queue.release(run_id)  # as when another seed of the configuration gets there
            return decision

    conducted = conductor(tmp_path, Holding(Decision.PAUSE))
    assert [conducted.next() for _ in range(4)] == [*RUNS, Signal.WAIT]
    for epoch in (1, 2):
        conducted.on_epoch(RUNS[0].run, point(epoch))
    assert conducted.next() == RUNS[0]


def test_a_run_that_another_process_owns_is_named_once_and_asked_for_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("study.engine.conductor.time.monotonic", lambda: now[0])
    storage = location(tmp_path)
    conducted = conductor(storage, Grid(RUNS[:1]))
    conducted.state.plan(RUNS[:1])
    run_id = RUNS[0].run.run_id
    assert conducted.next() == RUNS[0]
    with owned(storage, run_id):
        assert not conducted.ended(run_id)  # as after a worker that could not own it
        (holder,) = conducted.state.held.values()
        assert holder.startswith(f"process {os.getpid()} of ")
        for _ in range(3):
            now[0] += BUSY_S
            assert conducted.next() is Signal.WAIT
    assert log_path(tmp_path, run_id).read_text().count(f"study s waits for {holder}, which trains it") == 1
    now[0] += BUSY_S
    assert conducted.next() == RUNS[0]
