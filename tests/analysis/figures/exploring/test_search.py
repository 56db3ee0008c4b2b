"""What a search tried and which parameters mattered: what the figures show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.exploring.search import draw_importance, draw_parallel, importance_data, parallel_data
from analysis.findings.method_finding import method_finding
from trainables.losses.catalogue import GCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder
    from trainables.losses.base import Reading


def _search(study: Builder) -> Builder:
    """Add nine configurations: accuracy rises with T, the reading matters not at all, the lowest T are stopped."""
    study.method = {"name": "search", "baselines": []}
    temperature = {"min": 1.0, "max": 1e6, "scale": "log"}
    study.spec = {"arms": [{"name": "adaptive", "loss": {"name": "adaptive_gce", "temperature": temperature}}]}
    readings: tuple[Reading, ...] = ("mean", "sample", "pooled")
    for i in range(9):
        reading = readings[(0, 1, 2, 2, 1, 0, 1, 0, 2)[i]]
        study.add(
            "adaptive",
            AdaptiveGCE(name="adaptive_gce", temperature=10.0**i, reading=reading),
            0,
            # A stopped run's last accuracy may be above that of one that went on.
            validation=0.7 + i / 100 if i > 2 else 0.9 + i / 100,
            varied={"temperature": 10.0**i, "reading": reading},
            status="complete" if i > 2 else "stopped",
            stage="explore",
        )
    return study


def test_stopped_configurations_are_known_as_such(study: Builder) -> None:
    found = _search(study).finding().sampled
    assert [each.complete for each in found] == [True] * 6 + [False] * 3
    assert found[0].parameters == {"temperature": 1e8, "reading": "pooled"}


def test_a_monotonic_number_explains_all_ranks(study: Builder) -> None:
    temperature, reading = importance_data(_search(study).finding().sampled)
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


def test_a_parameter_sampled_on_a_logarithmic_scale_has_such_an_axis(study: Builder) -> None:
    results = _search(study).results()
    (data,) = parallel_data(method_finding(results))
    temperature, reading, score = data.axes
    assert sorted(temperature.places) == pytest.approx([i / 8 for i in range(9)])
    assert [text for _, text in temperature.ticks] == ["1", "100", "10,000", "1,000,000", "100,000,000"]
    assert [text for _, text in reading.ticks] == ["mean", "pooled", "sample"]
    assert score.title == "score (%)"


def test_an_arm_that_leaves_nothing_open_has_no_axes(study: Builder) -> None:
    _search(study).add("gce", GCE(name="gce"), 0, stage="explore")
    results = study.results()
    assert [data.arm for data in parallel_data(method_finding(results))] == ["adaptive"]


def test_stopped_configurations_are_dashed(study: Builder) -> None:
    results = _search(study).results()
    figure = draw_parallel(parallel_data(method_finding(results))[0])
    assert [trace.line.dash for trace in figure.data] == ["dot"] * 3 + [None] * 6
    assert [trace.name for trace in figure.data if trace.showlegend] == ["stopped early", "complete"]


def test_the_bars_name_arm_parameter_and_method(study: Builder) -> None:
    figure = draw_importance(importance_data(_search(study).finding().sampled))
    assert list(figure.layout.yaxis.ticktext) == ["adaptive: T (ρ²)", "adaptive: reading (η²)"]
    assert figure.layout.xaxis.title.text == "Share of the variance of the score's ranks"
