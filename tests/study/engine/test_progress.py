"""What a running study shows: counts, an ETA that counts only work since its start, names that stay apart."""

import io
import json
import threading

import pytest
from rich.console import Console

from analysis.results.study_state import progress_path
from factories import point, record
from study.engine.progress import Progress, duration
from study.engine.state import StudyState
from trainables.config import AdaptiveGCE, Configuration, Run, Training
from trainables.naming import configuration_name
from trainables.plans import PlannedRun


def planned(temperature, seed=0, epochs=10):
    loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
    configuration = Configuration(loss=loss, training=Training(epochs=epochs))
    run = Run(configuration=configuration, seed=seed, dataset="d")
    return PlannedRun(arm="adaptive", varied={"temperature": temperature}, run=run)


def shown(storage, plans, **options):
    """A display that observes a state."""
    state = StudyState("s", plans)
    progress = Progress(state, storage, console=Console(file=io.StringIO()), **options)
    state.observers.append(progress)
    return progress


@pytest.fixture
def study(tmp_path):
    plans = [planned(t, s) for s in range(2) for t in (100.0, 1000.0)]
    return shown(tmp_path, plans, began=0.0), plans


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("study.engine.progress.time.monotonic", lambda: now[0])
    return now


def test_there_is_no_eta_before_an_epoch_has_ended(study, clock):
    progress, plans = study
    progress.state.start(plans[0].run.run_id)
    assert progress.eta_s() is None
    assert clock == [0.0]


def test_the_eta_follows_the_pace_of_epochs_and_runs(study, clock):
    progress, plans = study
    clock[0] = 20.0
    progress.state.end_epoch(plans[0].run.run_id, point(1, validation_accuracy=0.5), images_per_s=300.0)
    progress.state.end_epoch(plans[0].run.run_id, point(2, validation_accuracy=0.5), images_per_s=300.0)
    assert progress.eta_s() == pytest.approx(20 / 0.2 * 3.8)
    clock[0] = 100.0
    progress.state.record(record(plans[0]))
    assert progress.eta_s() == pytest.approx(300)


def test_epochs_of_an_earlier_start_do_not_count_towards_the_pace(study, clock):
    progress, plans = study
    clock[0] = 30.0
    progress.state.end_epoch(plans[0].run.run_id, point(8, validation_accuracy=0.5), images_per_s=300.0)
    assert progress.eta_s() == pytest.approx(30 / 0.1 * 3.2)


def test_records_that_the_ledger_held_do_not_count_towards_the_pace(study, clock):
    progress, plans = study
    progress.state.record(record(plans[0]), known=True)
    clock[0] = 100.0
    assert progress.eta_s() is None
    assert progress.console.file.getvalue() == ""
    progress.state.record(record(plans[1]))
    assert progress.eta_s() == pytest.approx(200)


def test_values_that_differ_little_are_named_apart_and_not_averaged(tmp_path):
    plans = [planned(1_000_001.0), planned(1_000_002.0)]
    assert len({configuration_name(p) for p in plans}) == 2
    progress = shown(tmp_path, plans)
    for plan, accuracy in zip(plans, (0.2, 0.8), strict=True):
        progress.state.record(record(plan, validation_accuracy=accuracy))
    assert "validation 80.0% (n = 1)" in progress.best()


def test_the_accuracies_shown_are_over_clips(study):
    progress, plans = study
    changes = {"validation_accuracy": 0.1, "validation_clip_accuracy": 0.7}
    progress.state.end_epoch(plans[0].run.run_id, point(1, **changes))
    assert progress.state.in_flight[plans[0].run.run_id].validation_accuracy == 0.7
    progress.state.record(record(plans[1], **changes))
    assert "validation 70.0%" in progress.best()


def test_the_display_can_be_drawn_while_runs_come_and_go(study):
    progress, plans = study
    faults = []

    def draw():
        try:
            for _ in range(300):
                progress.render()
        except RuntimeError as fault:
            faults.append(fault)

    thread = threading.Thread(target=draw)
    thread.start()
    while thread.is_alive():
        for plan in plans:
            progress.state.start(plan.run.run_id)
            progress.state.end_epoch(plan.run.run_id, point(1, validation_accuracy=0.1), images_per_s=1.0)
            progress.state.lose(plan.run.run_id)
    assert faults == []


def test_the_file_for_status_holds_what_is_running(study, tmp_path):
    progress, plans = study
    progress.state.end_epoch(plans[0].run.run_id, point(3, validation_accuracy=0.25), images_per_s=300.0)
    with progress:
        pass
    value = json.loads(progress_path(tmp_path, "s").read_text())
    assert value["running"] == {plans[0].run.run_id: [3, 0.25]}
    assert value["runs"] == 4
    assert value["ray_dashboard"] == ""
    progress.state.ray_dashboard = "http://127.0.0.1:8265"
    progress.state.end()
    assert json.loads(progress_path(tmp_path, "s").read_text())["ray_dashboard"] == "http://127.0.0.1:8265"


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "unknown"), (5, "5 s"), (89, "89 s"), (120, "2 min"), (3600, "1 h 0 min")]
)
def test_durations_read_as_people_write_them(seconds, text):
    assert duration(seconds) == text
