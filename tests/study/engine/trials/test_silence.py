"""A run that ends no epoch for much longer than epochs take is named."""

from types import SimpleNamespace

import pytest

from study.cluster.ray_environment import prepare_environment
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE


@pytest.fixture
def watched(monkeypatch, tmp_path):
    """A watched trial, and a clock that the test moves."""
    monkeypatch.setattr("study.cluster.ray_environment.os.environ", {})
    prepare_environment()
    import study.engine.trials.silence as module  # noqa: PLC0415 -- ray, after its environment

    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=3, dataset="0" * 20)
    conductor = SimpleNamespace(plan=SimpleNamespace(name="s"), storage=tmp_path)
    watching = module.Silence(SimpleNamespace(trials={"t": run}, conductor=conductor))
    trial = SimpleNamespace(trial_id="t")
    watching.on_trial_start(trial)
    log = tmp_path / "logs" / f"{run.run_id}.log"
    return SimpleNamespace(watching=watching, trial=trial, now=now, log=log)


def lines(watched, capsys, seconds):
    """Return what is printed while Tune's loop turns every ten seconds."""
    for _ in range(0, seconds, 10):
        watched.now[0] += 10
        watched.watching.on_step_begin(trials=[], iteration=1)
    return capsys.readouterr().err.splitlines()


def test_a_run_without_an_epoch_is_named_after_half_an_hour_and_again_after_twice_as_long(watched, capsys):
    assert lines(watched, capsys, 1790) == []
    how = f"if its code does not return, gce-study cancel s ends the study; log: {watched.log}"
    assert lines(watched, capsys, 1810) == [
        f"s: cce, seed 3: no epoch has ended for {time}; {how}" for time in ("30 min", "1 h 0 min")
    ]


def test_a_run_is_named_after_ten_times_its_longest_epoch(watched, capsys):
    watched.now[0] += 100
    watched.watching.on_trial_result(watched.trial)
    assert lines(watched, capsys, 990) == []
    assert len(lines(watched, capsys, 10)) == 1


def test_short_epochs_are_no_reason_to_name_a_run_within_ten_minutes(watched, capsys):
    watched.now[0] += 1
    watched.watching.on_trial_result(watched.trial)
    assert lines(watched, capsys, 590) == []
    assert len(lines(watched, capsys, 10)) == 1


def test_a_run_that_ended_is_not_named(watched, capsys):
    watched.watching.on_trial_complete(watched.trial)
    assert lines(watched, capsys, 4000) == []
