"""The figures of a settle study, by their data; then that the drawings carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.confidence_history import confidence_history_data, draw_confidence_history
from analysis.figures.posterior import draw_posterior, posterior_data
from trainables.config import CCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

SETTLE = {"name": "settle", "within": 0.5, "confidence": 0.9, "max_runs": None, "baselines": []}
DROPS = {100.0: 4.0, 1000.0: 0.0, 10000.0: 2.5}
NOISE = (0.3, -0.4, 0.1, 0.5)


def _explore(study: Builder, drops: dict[float, float] | None = None) -> Builder:
    """Add exploring runs, value by value in every seed; they end in the opposite order."""
    study.method = SETTLE
    for place, (temperature, drop) in enumerate((drops or DROPS).items()):
        for seed, noise in enumerate(NOISE):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed,
                validation=(80 - drop + noise) / 100,
                varied={"temperature": temperature},
                stage="explore",
                provenance={"ended": f"2026-01-01T00:{59 - 4 * place - seed:02d}:00+00:00"},
            )
    return study


def test_the_curve_spans_the_values_and_lies_in_its_band(study: Builder) -> None:
    data = posterior_data(_explore(study).finding())
    assert data is not None
    assert data.x[0] == pytest.approx(100)
    assert data.x[-1] == pytest.approx(10000)
    assert all(0 <= low < mean < high <= 1 for low, mean, high in zip(data.low, data.mean, data.high, strict=True))
    assert max(zip(data.mean, data.x, strict=True))[1] == pytest.approx(1000, rel=2)


def test_the_shaded_values_are_those_that_may_be_the_best(study: Builder) -> None:
    finding = _explore(study, {100.0: 6.0, 1000.0: 0.1, 10000.0: 0.0}).finding()
    data, standing = posterior_data(finding), finding.settled.standing
    assert data is not None
    assert standing is not None
    assert list(data.best.values()) == standing.best.tolist()
    assert data.possible == (1000.0, 10000.0)


def test_one_value_has_no_curve_yet_a_figure(study: Builder) -> None:
    data = posterior_data(_explore(study, {1000.0: 0.0}).finding())
    assert data is not None
    assert data.x == ()
    assert data.best == {1000.0: 1.0}
    draw_posterior(data, ["adaptive"])


def test_configurations_without_order_have_no_curve_but_a_history(study: Builder) -> None:
    _explore(study)
    study.add("cce", CCE(name="cce"), 0, stage="explore")
    assert posterior_data(study.finding()) is None
    assert confidence_history_data(study.finding()) is not None


def test_the_history_ends_where_the_verdict_stands(study: Builder) -> None:
    finding = _explore(study).finding()
    history, standing = confidence_history_data(finding), finding.settled.standing
    assert history is not None
    assert standing is not None
    assert [step.runs for step in history.steps] == list(range(1, 13))
    assert history.steps[-1].confidence == standing.confidence
    assert history.steps[-1].chosen == standing.chosen


def test_the_history_follows_the_order_in_which_runs_ended(study: Builder) -> None:
    history = confidence_history_data(_explore(study).finding())
    assert history is not None
    assert {step.chosen.configuration for step in history.steps[:4]} == {"adaptive T=10000"}
    assert history.steps[-1].chosen.configuration == "adaptive T=1000"


def test_a_run_without_a_score_is_a_step_of_the_history(study: Builder) -> None:
    _explore(study)
    loss = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
    study.add("adaptive", loss, 9, status="failed", varied={"temperature": 100.0}, stage="explore")
    history = confidence_history_data(study.finding())
    assert history is not None
    assert history.steps[0].runs == 2  # the failed run, whose record tells no time, is the first


def test_a_long_history_is_thinned_and_keeps_its_end(study: Builder) -> None:
    history = confidence_history_data(_explore(study).finding(), most=4)
    assert history is not None
    assert [step.runs for step in history.steps] == [1, 5, 8, 12]


def test_the_drawing_has_the_band_the_runs_and_the_probabilities(study: Builder) -> None:
    data = posterior_data(_explore(study).finding())
    assert data is not None
    figure = draw_posterior(data, ["adaptive"])
    assert figure.layout.xaxis2.type == "log"
    assert figure.layout.yaxis2.title.text == "P(best)"
    runs = next(trace for trace in figure.data if trace.marker.symbol == "circle-open")
    assert len(runs.x) == 12
    history = confidence_history_data(study.finding())
    assert history is not None
    asked = draw_confidence_history(history).data[-1]
    assert tuple(asked.y) == (0.9, 0.9)
