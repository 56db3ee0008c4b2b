"""What a running study shows: counts, an ETA that counts only work since its start, names that stay apart."""

import io
import json
import threading

import pytest
from rich.console import Console
from rich.text import Text

from analysis.results.study_state import progress_path
from factories import point, record
from study.engine.display.progress import Progress, duration
from study.engine.state import StudyState
from trainables.config import Configuration, Run, Training
from trainables.losses.catalogue import AdaptiveGCE
from trainables.naming import configuration_name
from trainables.plans import PlannedRun
from watching import until


def planned(temperature, seed=0, epochs=10):
    loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
    configuration = Configuration(loss=loss, training=Training(epochs=epochs))
    run = Run(configuration=configuration, seed=seed, dataset="d")
    return PlannedRun(arm="adaptive", varied={"temperature": temperature}, run=run)


def shown(storage, plans, console=None, **options):
    """A display that observes a state."""
    state = StudyState("s", plans)
    progress = Progress(state, storage, console=console or Console(file=io.StringIO()), **options)
    state.observers.append(progress)
    return progress


@pytest.fixture
def study(tmp_path):
    plans = [planned(t, s) for s in range(2) for t in (100.0, 1000.0)]
    return shown(tmp_path, plans, began=0.0), plans


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("study.engine.display.progress.time.monotonic", lambda: now[0])
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
    assert [(row.scores, row.leads) for row in progress.overview().rows] == [((0.2,), False), ((0.8,), True)]


def test_the_accuracies_shown_are_over_clips(study):
    progress, plans = study
    changes = {"validation_accuracy": 0.1, "validation_clip_accuracy": 0.7}
    progress.state.end_epoch(plans[0].run.run_id, point(1, **changes))
    assert progress.state.in_flight[plans[0].run.run_id].validation_accuracy == 0.7
    progress.state.record(record(plans[1], **changes))
    assert [row.scores for row in progress.overview().rows] == [(), (0.7,)]


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


def record_one_of_each(progress, plans):
    for plan, status, error in zip(
        plans,
        ("complete", "failed", "diverged", "stopped"),
        (None, "RuntimeError: no \x1b[2Jmemory", "the loss is not finite in epoch 3", None),
        strict=True,
    ):
        progress.state.start(plan.run.run_id)
        progress.state.record(record(plan, status=status, error=error, validation_accuracy=0.75))


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    """A display on a terminal, its plans, and what it has printed."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, force_interactive=True, color_system="standard", width=200)
    plans = [planned(t, s) for s in range(2) for t in (100.0, 1000.0)]
    return shown(tmp_path, plans, console), plans, screen


def test_a_terminal_shows_how_each_run_ended_above_the_live_table(terminal, tmp_path):
    progress, plans, screen = terminal
    with progress:
        record_one_of_each(progress, plans)
    lines = [Text.from_ansi(line).plain.strip() for line in screen.getvalue().splitlines()]
    for plan, text in zip(
        plans,
        (
            "adaptive T=100, seed 0: complete, validation 75.0 %",
            "adaptive T=1000, seed 0: failed: RuntimeError: no \\u001b[2Jmemory; log: {}",
            "adaptive T=100, seed 1: diverged: the loss is not finite in epoch 3; log: {}",
            "adaptive T=1000, seed 1: stopped, validation 75.0 %",
        ),
        strict=True,
    ):
        assert lines.count(text.format(tmp_path / "logs" / f"{plan.run.run_id}.log")) == 1


def test_a_terminal_counts_failed_and_diverged_runs_in_red(terminal):
    progress, plans, screen = terminal
    with progress:
        record_one_of_each(progress, plans)
    counts = "1 done · 1 stopped early · 1 failed · 1 diverged · "
    assert counts in progress.line()
    for text in ("1 failed", "1 diverged", "adaptive T=1000, seed 0: failed"):
        assert f"\x1b[31m{text}" in screen.getvalue()
    assert "\x1b[31m1 done" not in screen.getvalue()


def test_no_color_leaves_the_words(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = io.StringIO()
    plans = [planned(t, s) for s in range(2) for t in (100.0, 1000.0)]
    progress = shown(tmp_path, plans, Console(file=screen, force_terminal=True, width=200))
    with progress:
        record_one_of_each(progress, plans)
    assert "failed: RuntimeError" in screen.getvalue()
    assert "[31m" not in screen.getvalue()


def test_a_file_has_a_line_for_every_run_that_ends_with_the_counts(study):
    progress, plans = study
    with progress:
        record_one_of_each(progress, plans)
    lines = progress.console.file.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("s: 0 done · 0 running · 4 waiting; ")
    assert lines[1].startswith(
        "s: adaptive T=100, seed 0: complete, validation 75.0 %; 1 done · 0 running · 3 waiting; "
    )
    assert lines[2].startswith("s: adaptive T=1000, seed 0: failed: RuntimeError: no \\u001b[2Jmemory; log: ")
    assert "; 1 done · 1 failed · 0 running · 2 waiting; " in lines[2]


def test_a_file_has_a_line_a_minute_while_runs_train(study, monkeypatch):
    progress, plans = study
    monkeypatch.setattr("study.engine.display.heartbeat.QUIET_S", 0.05)
    with progress:
        progress.state.start(plans[0].run.run_id)
        until(lambda: progress.console.file.getvalue().count("1 running") > 3, "four lines")
    lines = progress.console.file.getvalue().splitlines()
    assert lines[-1].startswith("s: 0 done · 1 running · 3 waiting; ETA unknown")


def test_an_output_without_the_middle_dot_has_commas(tmp_path):
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    progress = shown(tmp_path, [planned(100.0)], console)
    assert progress.line().startswith("0 done, 0 running, 1 waiting; ")


def test_runs_that_the_method_may_still_plan_are_counted_as_at_most(study):
    progress, _ = study
    progress.state.change("searching", 30)
    assert progress.line() == "0 done · 0 running · at most 30 more; searching; ETA unknown"


def test_a_run_that_another_process_trains_is_named_once_and_counted_until_it_ends(study):
    progress, plans = study
    for _ in range(3):
        for plan in plans[:2]:
            progress.state.hold(plan.run.run_id, "process 12 of bob on host since 10:00")
    printed = progress.console.file.getvalue()
    assert (
        printed.count("adaptive T=100, seed 0: waits for process 12 of bob on host since 10:00, which trains it") == 1
    )
    assert "2 runs wait for process 12 of bob on host since 10:00" in progress.line()
    progress.state.record(record(plans[0]), known=True)
    assert "1 run waits for process 12 of bob on host since 10:00" in progress.line()
    progress.state.start(plans[1].run.run_id)
    assert "process 12" not in progress.line()


def test_before_the_first_run_it_states_that_none_has_started(tmp_path):
    progress = shown(tmp_path, [planned(100.0)])
    assert progress.line() == "0 done · 0 running · 1 waiting; no run has started yet; ETA unknown"


def test_equal_means_tie_for_the_best(study):
    progress, plans = study
    for plan in plans[:2]:
        progress.state.record(record(plan, validation_accuracy=0.5))
    assert [row.leads for row in progress.overview().rows] == [True, True]


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "unknown"), (5, "5 s"), (89, "89 s"), (120, "2 min"), (3600, "1 h 0 min")]
)
def test_durations_read_as_people_write_them(seconds, text):
    assert duration(seconds) == text


def test_a_notebook_shows_the_state_and_the_last_runs_that_ended_in_one_output(tmp_path, monkeypatch, capsys):
    outputs = []
    monkeypatch.setattr("study.engine.display.notebook.REFRESH_S", 600.0)  # nothing is shown between start and end
    monkeypatch.setattr(
        "study.engine.display.notebook.NotebookDisplay._show", lambda _, data: outputs.append(data["text/plain"])
    )
    plans = [planned(float(t)) for t in range(100, 800, 100)]
    progress = shown(tmp_path, plans, Console(force_jupyter=True))
    with progress:
        for plan in plans:
            progress.state.record(record(plan))
    first, last = outputs
    assert first.startswith("s  ░░░░░░░░░░░░░░░░░░░░  0/7")
    assert last.startswith("s  ████████████████████  7/7")
    assert [line for line in last.splitlines() if "complete" in line] == [
        f"adaptive T={t}, seed 0: complete, validation 50.0 %" for t in range(300, 800, 100)
    ]
    assert capsys.readouterr() == ("", "")
