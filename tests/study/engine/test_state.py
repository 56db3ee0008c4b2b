"""The state of a running study: what it keeps, and what its observers hear."""

import pytest

from factories import point, record
from study.engine.state import InFlight, Observer, StudyState
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE
from trainables.plans import PlannedRun
from trainables.records import Test


def planned(seed, stage="explore"):
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=seed, dataset="d")
    return PlannedRun(arm="cce", varied={}, run=run, stage=stage)


EXPLORING, CONFIRMING = planned(0), planned(10_000, "confirm")
RUN_ID = EXPLORING.run.run_id


class Heard(Observer):
    """Keeps what it hears."""

    def __init__(self):
        self.events = []

    def run_started(self):
        self.events.append("started")

    def epoch_ended(self, planned, point, earlier):
        self.events.append((planned.run.seed, point.epoch, [before.epoch for before in earlier]))

    def run_recorded(self, planned, record, *, known):
        self.events.append((planned.run.seed, record.status, len(record.epochs), known))

    def changed(self):
        self.events.append("changed")

    def chosen(self, choice):
        self.events.append(choice)

    def ended(self):
        self.events.append("ended")

    def gone(self, reason):
        self.events.append(reason)


@pytest.fixture
def state():
    return StudyState("s", [EXPLORING])


@pytest.fixture
def heard(state):
    """What each of two observers has heard, which is the same."""
    observers = [Heard(), Heard()]
    state.observers += [Observer(), *observers]
    yield observers[0].events
    assert observers[0].events == observers[1].events


def test_of_curves_and_predictions_the_last_epoch_alone_is_held_in_memory(state):
    state.plan([planned(1)])
    whole = record(EXPLORING, epochs=[point(1), point(2)], test=Test(accuracy=0.5, predictions=[0, 1]))
    state.record(whole)
    state.record(record(planned(1), epochs=[point(1), point(2)]), known=True)
    held = [("complete", [point(2)], None)] * 2
    assert [(kept.status, kept.epochs, kept.test) for kept in state.recorded.values()] == held
    assert whole.epochs == [point(1), point(2)]


def test_every_observer_hears_of_a_run_from_its_start_to_its_whole_record(state, heard):
    state.start(RUN_ID)
    state.end_epoch(RUN_ID, point(3), [point(1), point(2)], 300.0)
    assert state.in_flight == {RUN_ID: InFlight(3, 0.3, 300.0, first_epoch=3)}
    state.end_epoch(RUN_ID, point(4))
    assert state.in_flight == {RUN_ID: InFlight(4, 0.4, None, first_epoch=3)}
    state.record(record(EXPLORING, epochs=[point(1)]))
    assert state.in_flight == {}
    state.record(record(EXPLORING, "failed"), known=True)
    assert heard == ["started", (0, 3, [1, 2]), (0, 4, []), (0, "complete", 1, False), (0, "failed", 0, True)]


def test_a_run_that_is_lost_is_no_longer_in_flight(state):
    state.start(RUN_ID)
    state.lose(RUN_ID)
    assert state.in_flight == {}


def test_a_choice_is_announced_once_when_its_confirmation_is_planned(state, heard):
    state.change("exploring", 3)
    state.plan([CONFIRMING])
    state.change("confirming x", 2)
    state.change("confirming x", 1)
    assert heard == ["changed", "changed", "confirming x", "changed"]
    assert (state.standing, state.most_left) == ("confirming x", 1)


def test_a_choice_of_an_earlier_start_is_not_announced_again():
    state, heard = StudyState("s", [EXPLORING, CONFIRMING]), Heard()
    state.observers.append(heard)
    state.change("confirming x", 1)
    assert heard.events == ["changed"]


def test_a_study_that_ends_or_loses_its_cluster_tells_its_observers(state, heard):
    state.end()
    state.lose_cluster("the cluster is gone")
    assert heard == ["ended", "the cluster is gone"]
    assert state.is_over


def test_a_run_that_failed_or_was_stopped_is_not_complete(state):
    state.record(record(EXPLORING, "failed"))
    assert not state.any_complete
    state.record(record(EXPLORING, "stopped"))
    assert not state.any_complete
    state.record(record(EXPLORING))
    assert state.any_complete


def test_records_are_counted_by_status_and_a_later_record_of_a_run_replaces_its_count(state):
    state.record(record(EXPLORING, status="failed"))
    assert state.counts == {"failed": 1}
    state.record(record(EXPLORING))
    assert +state.counts == {"complete": 1}
