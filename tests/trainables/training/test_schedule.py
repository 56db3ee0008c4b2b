"""The cosine schedule against torch's, and the choice between the two schedules."""

import math
from dataclasses import asdict

import pytest
import torch

from trainables.config import Training
from trainables.training.plateau_schedule import PlateauSchedule
from trainables.training.schedule import CosineSchedule, make_schedule

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
