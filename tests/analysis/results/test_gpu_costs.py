"""GPU hours and money: of a run, of a study, and of what was in vain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from analysis.results.gpu_costs import hourly
from analysis.tables.provenance import cost_table
from trainables.losses.catalogue import CCE

if TYPE_CHECKING:
    from factories import Builder

A10G = {"device": "NVIDIA A10G", "gpus": 0.5}
H100 = {"device": "NVIDIA H100 80GB HBM3", "gpus": 1.0}


def priced(study: Builder, prices: object) -> Builder:
    study.spec = {"resources": {"price_per_gpu_hour": prices}}
    return study


@pytest.mark.parametrize(
    ("prices", "rate"),
    [(None, None), (2, 2.0), ({"a10g": 1.2}, 1.2), ({"A10": 1, "A10G": 1.2}, 1.2), ({"H100": 4}, None), ({}, None)],
)
def test_the_longest_part_of_a_devices_name_decides_its_price(prices, rate):
    assert hourly("NVIDIA A10G", prices) == rate


def test_a_study_on_cpu_shows_neither_gpu_hours_nor_a_price(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    assert cost_table(priced(study, 3.0).results()).header[-1] == "Epochs"


def test_gpu_hours_and_prices_stand_in_the_runs_and_are_summed_by_what_became_of_them(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, provenance=A10G)
    study.add("cce", CCE(name="cce"), 1, provenance=H100)
    study.add("cce", CCE(name="cce"), 2, provenance=H100, status="stopped")
    study.add("cce", CCE(name="cce"), 3, provenance=H100, status="failed")
    study.add("cce", CCE(name="cce"), 4, status=None)
    results = priced(study, {"A10G": 1.2, "H100": 4.0}).results()
    assert list(results.runs["gpu_hours"])[:4] == [0.25, 0.5, 0.5, 0.5]
    assert list(results.runs["price"])[:4] == pytest.approx([0.3, 2.0, 2.0, 2.0])
    assert math.isnan(results.runs["price"].iloc[4])
    table = cost_table(results)
    assert table.header[-2:] == ("GPU hours", "Price")
    assert [(row[0], *row[-2:]) for row in table.rows] == [
        ("Recorded", "1.75", "6.30"),
        ("Complete", "0.75", "2.30"),
        ("Stopped", "0.50", "2.00"),
        ("Failed", "0.50", "2.00"),
    ]
    assert "No price is stated" not in table.note


def test_each_attempt_is_priced_by_its_own_gpu(study: Builder) -> None:
    """Half an hour in all: a fifth of it on half an A10G, the same on CPU, and what remains on an H100."""
    earlier = [A10G | {"wall_s": 360.0}, {"device": "cpu", "wall_s": 360.0}]
    study.add("cce", CCE(name="cce"), 0, provenance=H100 | {"attempts": 3, "earlier_attempts": earlier})
    old = [A10G]  # of an earlier version
    study.add("cce", CCE(name="cce"), 1, provenance=H100 | {"attempts": 2, "earlier_attempts": old})
    runs = priced(study, {"A10G": 1.2, "H100": 4.0}).results().runs
    assert list(runs["gpu_hours"]) == pytest.approx([0.05 + 0.3, 0.5])
    assert list(runs["price"]) == pytest.approx([0.06 + 1.2, 2.0])
    table = cost_table(priced(study, {"H100": 4.0}).results())
    assert "No price is stated for: NVIDIA A10G." in table.note


def test_a_device_without_a_price_is_named(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, provenance=A10G)
    study.add("cce", CCE(name="cce"), 1, provenance=H100)
    table = cost_table(priced(study, {"H100": 4.0}).results())
    assert "No price is stated for: NVIDIA A10G." in table.note


def test_lost_attempts_count_an_epoch_each_at_most(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, provenance={"attempts": 3})  # half an hour for 4 epochs
    assert "at most an epoch for each, 0.25 hours together" in cost_table(study.results()).note


def test_an_attempt_that_was_paused_at_a_rung_lost_nothing(study: Builder) -> None:
    earlier = [{"from_epoch": 1, "at_rung": True}, {"from_epoch": 2}]
    study.add("cce", CCE(name="cce"), 0, provenance={"attempts": 3, "earlier_attempts": earlier})
    assert "at most an epoch for each, 0.12 hours together" in cost_table(study.results()).note
