"""Which parameters of a search mattered: what the figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.exploring.importance import draw_importance, importance, importance_data
from analysis.plotting.styles import styles
from trainables.losses.catalogue import AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder


def test_stopped_configurations_are_known_as_such(search: Builder) -> None:
    found = search.finding().sampled
    assert [each.complete for each in found] == [True] * 6 + [False] * 3
    assert found[0].parameters == {"temperature": 1e8, "reading": "pooled"}


def test_a_monotonic_number_explains_all_ranks(search: Builder) -> None:
    temperature, reading = importance_data(search.finding().sampled)
    assert (temperature.parameter, temperature.method) == ("temperature", "ρ²")
    assert temperature.share == pytest.approx(1)
    assert temperature.chance == 1 / 8
    assert (reading.parameter, reading.method) == ("reading", "η²")
    assert 0 <= reading.share < 0.1
    assert reading.chance == 2 / 8


def test_a_choice_that_decides_explains_all_ranks(study: Builder) -> None:
    study.method = {"name": "search", "baselines": []}
    for seed, reading in enumerate(("mean", "mean", "pooled", "pooled")):
        varied = {"reading": reading, "temperature": 10.0 + seed // 2}
        loss = AdaptiveGCE(name="adaptive_gce", temperature=10.0 + seed // 2, reading=reading)
        accuracy = 0.8 if reading == "mean" else 0.7
        study.add("a", loss, seed, validation=accuracy, varied=varied, stage="explore")
    assert importance_data(study.finding().sampled) == []  # two configurations say nothing
    for i in range(2):
        varied = {"reading": "mean", "temperature": 20.0 + i}
        loss = AdaptiveGCE(name="adaptive_gce", temperature=20.0 + i)
        study.add("a", loss, 0, validation=0.8, varied=varied, stage="explore")
    shares = {each.parameter: each.share for each in importance_data(study.finding().sampled)}
    assert shares["reading"] == pytest.approx(1)


def test_a_bar_has_the_colour_of_its_arm_and_names_its_parameter(search: Builder) -> None:
    looks = styles(search.results().runs)
    figure = draw_importance(importance_data(search.finding().sampled), looks)
    assert list(figure.layout.yaxis.ticktext) == ["adaptive: T", "adaptive: reading"]
    assert set(figure.data[0].marker.color) == {looks["adaptive"].colour}
    assert list(figure.data[1].x) == [1 / 8, 2 / 8]  # expected by chance


def test_a_caption_has_at_most_35_words(search: Builder) -> None:
    (figure,) = importance(search.finding())
    assert len(figure.caption.split()) <= 35
