"""The figures of a settle study, by their data; then that the drawings carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.exploring.posterior import draw_posterior, posterior, posterior_data
from analysis.plotting.styles import styles_of_losses
from trainables.losses.catalogue import CCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

DROPS = {100.0: 4.0, 1000.0: 0.0, 10000.0: 2.5}


def test_the_curve_spans_the_values_and_lies_in_its_band(study: Builder) -> None:
    data = posterior_data(study.exploring_temperatures(DROPS).finding())
    assert data is not None
    assert data.x[0] == pytest.approx(100)
    assert data.x[-1] == pytest.approx(10000)
    assert all(0 <= low < mean < high <= 1 for low, mean, high in zip(data.low, data.mean, data.high, strict=True))
    assert max(zip(data.mean, data.x, strict=True))[1] == pytest.approx(1000, rel=2)


def test_the_shaded_values_are_those_that_may_be_the_best(study: Builder) -> None:
    finding = study.exploring_temperatures({100.0: 6.0, 1000.0: 0.1, 10000.0: 0.0}).finding()
    data, standing = posterior_data(finding), finding.settled.standing
    assert data is not None
    assert standing is not None
    assert list(data.best.values()) == standing.best.tolist()
    assert data.possible == (1000.0, 10000.0)


def test_one_value_has_no_curve_yet_a_figure(study: Builder) -> None:
    data = posterior_data(study.exploring_temperatures({1000.0: 0.0}).finding())
    assert data is not None
    assert data.x == ()
    assert data.best == {1000.0: 1.0}
    draw_posterior(data, styles_of_losses({"adaptive": "adaptive_gce"}))


def test_configurations_without_order_have_no_curve(study: Builder) -> None:
    study.exploring_temperatures(DROPS)
    study.add("cce", CCE(name="cce"), 0, stage="explore")
    assert posterior_data(study.finding()) is None


def _shaded(drops: dict[float, float], study: Builder) -> list[tuple[float, float]]:
    data = posterior_data(study.exploring_temperatures(drops).finding())
    assert data is not None
    shapes = draw_posterior(data, styles_of_losses({"adaptive": "adaptive_gce"})).layout.shapes
    return [(shape.x0, shape.x1) for shape in shapes if shape.type == "rect" and shape.xref == "x"]


def test_shading_reaches_halfway_to_the_values_that_are_ruled_out(study: Builder) -> None:
    ((left, right),) = _shaded({100.0: 6.0, 1000.0: 0.0, 10000.0: 6.0}, study)
    assert (left, right) == pytest.approx((10**2.5, 10**3.5))


def test_nothing_is_shaded_where_every_value_may_be_the_best(study: Builder) -> None:
    assert _shaded({100.0: 0.0, 1000.0: 0.0}, study) == []
    assert posterior(study.finding())[0].caption.endswith("No value is ruled out.")


def test_once_exploring_has_stopped_the_choice_is_the_pick(study: Builder) -> None:
    data = posterior_data(study.exploring_temperatures(DROPS).finding())
    assert data is not None
    (note,) = draw_posterior(data, styles_of_losses({"adaptive": "adaptive_gce"})).layout.annotations
    assert note.text == "<b>pick</b>"


def test_until_exploring_stops_the_choice_is_what_leads(study: Builder) -> None:
    loss = AdaptiveGCE(name="adaptive_gce", temperature=1000)
    study.exploring_temperatures(DROPS)
    study.add("adaptive", loss, 9, status=None, varied={"temperature": 1000}, stage="explore")
    data = posterior_data(study.finding())
    assert data is not None
    assert data.pick == 1000.0
    (note,) = draw_posterior(data, styles_of_losses({"adaptive": "adaptive_gce"})).layout.annotations
    assert (note.text, note.x) == ("<b>leads</b>", pytest.approx(3))


def test_the_drawing_has_the_band_the_runs_and_the_probabilities(study: Builder) -> None:
    data = posterior_data(study.exploring_temperatures(DROPS).finding())
    assert data is not None
    figure = draw_posterior(data, styles_of_losses({"adaptive": "adaptive_gce"}))
    assert figure.layout.xaxis2.type == "log"
    assert figure.layout.yaxis2.title.text == "P(best)"
    runs = next(trace for trace in figure.data if trace.marker.size == 6)
    assert len(runs.x) == 12
