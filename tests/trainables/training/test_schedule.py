"""The cosine schedule against torch's, the choice between the two schedules, and when they end a run."""

import math
from dataclasses import asdict

import pytest
import torch

from runs_in_process import CPU, train
from trainables.config import Training
from trainables.training import run_training
from trainables.training.plateau_schedule import PlateauSchedule
from trainables.training.run_training import RunTraining
from trainables.training.schedule import CosineSchedule, make_schedule

pytestmark = pytest.mark.usefixtures("one_thread")
COSINE = Training(schedule="cosine", learning_rate=0.01, epochs=7)


def test_the_rates_of_cosine_equal_those_of_torch():
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    annealing = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=7)
    schedule, ours, theirs = make_schedule(COSINE), [], []
    for _ in range(7):
        ours.append(schedule.learning_rate)
        theirs.append(optimiser.param_groups[0]["lr"])
        schedule.step(0.5)
        optimiser.step()
        annealing.step()
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert ours[0] == 0.01
    assert math.isclose(ours[-1], 0.01 * (1 + math.cos(math.pi * 6 / 7)) / 2)


def test_accuracies_neither_stop_a_cosine_schedule_nor_change_its_rates():
    one, other = make_schedule(COSINE), make_schedule(COSINE)
    for accuracy in (0.1, 0.9, 0.2, 0.0):
        one.step(accuracy)
        other.step(0.5)
    assert one == other
    assert not one.stopped


def test_a_cosine_schedule_continues_from_its_state():
    schedule = make_schedule(COSINE)
    schedule.step(0.5)
    assert CosineSchedule(**asdict(schedule)).learning_rate == schedule.learning_rate < 0.01


def test_the_default_schedule_is_the_plateau_schedule_of_the_protocol():
    assert make_schedule(Training()) == PlateauSchedule(1e-3, 5, 1e-4, 15, 1e-3)


def test_a_run_ends_after_its_epochs(loader, make_run):
    training = train(loader, make_run(epochs=2), 1)
    assert not training.finished
    training.train_epoch()
    assert training.finished


def test_a_run_stops_when_validation_no_longer_rises(loader, make_run):
    training = RunTraining(make_run(epochs=50, stop_after=1, stop_gain=1.0), loader.run_data(make_run()), CPU)
    while not training.finished:
        training.train_epoch()
    assert len(training.curve) == 2


def test_a_cosine_run_trains_all_its_epochs_at_falling_rates(loader, make_run):
    run = make_run(epochs=3, stop_after=1, stop_gain=1.0, schedule="cosine")
    training = RunTraining(run, loader.run_data(run), CPU)
    while not training.finished:
        training.train_epoch()
    assert [point.learning_rate for point in training.curve] == pytest.approx([1e-3, 0.75e-3, 0.25e-3])


def test_schedule_and_early_stopping_follow_the_accuracy_over_patches(loader, make_run, monkeypatch):
    training = RunTraining(run := make_run(epochs=4), loader.run_data(run), CPU)
    seen = []
    monkeypatch.setattr(
        run_training,
        "validation_metrics",
        lambda *_: {"validation_clip_accuracy": 0.0, "verified_accuracy": 0.0},
    )
    monkeypatch.setattr(training.schedule, "step", seen.append)
    while not training.finished:
        training.train_epoch()
    assert seen == [point.validation_accuracy for point in training.curve]
