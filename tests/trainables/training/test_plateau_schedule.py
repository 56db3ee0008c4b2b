"""Halving and stopping against traces of the real Keras 2.1.5 callbacks."""

import json
from dataclasses import asdict

import pytest

from trainables.training.plateau_schedule import PlateauSchedule


def new():
    return PlateauSchedule(learning_rate=1e-3, halve_after=5, halve_gain=1e-4, stop_after=15, stop_gain=1e-3)


@pytest.mark.parametrize("name", ["plateau", "tiny", "small", "late"])
def test_rates_and_stop_equal_keras(golden, name):
    trace = json.loads((golden / "callbacks.json").read_text())[name]
    schedule, rates, stopped = new(), [], None
    for epoch, accuracy in enumerate(trace["val_acc"]):
        schedule.step(accuracy)
        rates.append(schedule.learning_rate)
        if schedule.stopped:
            stopped = epoch
            break
    assert stopped == trace["stopped_after_epoch_index"]
    # Keras keeps the rate in float32, hence the tolerance; a halving is exact.
    assert rates == pytest.approx(trace["lr_after_epoch"], rel=1e-6)


def test_a_schedule_goes_on_from_its_state():
    one, other = new(), new()
    for accuracy in [0.5] * 4:
        one.step(accuracy)
        other.step(accuracy)
    other = PlateauSchedule(**json.loads(json.dumps(asdict(other))))
    for accuracy in [0.5, 0.6, *[0.6] * 14]:
        one.step(accuracy)
        other.step(accuracy)
    assert one == other
