"""Accuracy by parameter: what a sweep shows, by its data, and that the drawing carries it with the right axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures import sweep
from analysis.plotting import theme
from analysis.plotting.palette import HUES
from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.styles import styles_of_losses
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

LOOKS = styles_of_losses({"adaptive": "adaptive_gce", "cce": "cce", "gce": "gce"})


def test_a_sweep_shows_every_complete_run_and_every_mean(full_study: Builder) -> None:
    data = sweep.sweep_data(full_study.results().runs, "temperature", "test")
    adaptive, cce, gce = data.lines
    assert adaptive.x == pytest.approx((100, 316.2278, 1000, 3162.2777, 10000))
    assert [interval.n for interval in adaptive.intervals] == [6] * 5
    assert len(adaptive.dots) == 30
    assert {line.label for line in (cce, gce)} == {"cce", "gce"}
    assert cce.x == gce.x == ()
    assert [interval.n for interval in (*cce.intervals, *gce.intervals)] == [6, 6]


def test_a_sweep_has_one_line_per_arm_and_subset(study: Builder) -> None:
    study.temperatures([2, 3], 2).temperatures([2, 3], 2, subset="clean")
    data = sweep.sweep_data(study.results().runs, "temperature", "validation")
    assert [line.label for line in data.lines] == ["adaptive · all", "adaptive · clean"]


def test_a_control_is_a_level_as_it_has_no_t(study: Builder) -> None:
    study.temperatures([2, 3], 2).baselines(2)
    for seed in range(2):
        varied = {"temperature": 1000.0}
        study.add("adaptive.fixed_q", GCE(name="gce", q=0.8), seed, varied=varied, stage="control")
    data = sweep.sweep_data(study.results().runs, "temperature", "validation")
    lines = {line.label: line.x for line in data.lines}
    assert lines == {"adaptive": (100.0, 1000.0), "cce": (), "gce": (), "adaptive.fixed_q T=1000": ()}


def test_values_that_may_be_best_are_the_choice_and_what_is_not_told_apart_from_it(study: Builder) -> None:
    """Two groups of neighbours, with 1000 between them clearly worse; 10 and 1e5 are clearly worse too."""
    means = {10.0: 0.5, 100.0: 0.8, 316.0: 0.801, 1000.0: 0.6, 3162.0: 0.8, 100000.0: 0.5}
    for i, (temperature, mean) in enumerate(means.items()):
        for seed in range(5):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed,
                validation=mean + 0.001 * ((seed * (i + 1)) % 7),
                varied={"temperature": temperature},
            )
    study.add("cce", CCE(name="cce"), 0, validation=0.1)
    runs = study.results().runs
    spans = sweep.best_spans(study.finding(), runs, "temperature")
    assert spans == [(100.0, 316.0), (3162.0, 3162.0)]
    drawing = sweep.draw_sweep(
        sweep.sweep_data(runs, "temperature", "validation"),
        styles_of_losses({"adaptive": "adaptive_gce", "cce": "cce"}),
    )
    sweep.add_strip(drawing, spans, ParameterAxis("temperature", list(means)))
    first, second = drawing.layout.shapes
    assert 10 < first.x0 < 100
    assert 316 < first.x1 < 1000 < second.x0 < 3162 < second.x1 < 100000
    lost = study.add(
        "adaptive",
        AdaptiveGCE(name="adaptive_gce", temperature=200.0),
        0,
        status="diverged",
        varied={"temperature": 200.0},
    )
    assert sweep.best_spans(study.finding(), study.results().runs, "temperature")[:2] == [
        (100.0, 100.0),
        (316.0, 316.0),
    ], lost
    study.baselines(1, subset="clean")  # the choice is one subset's own
    assert sweep.best_spans(study.finding(), study.results().runs, "temperature") == []


def test_one_seed_marks_no_value_as_perhaps_the_best(study: Builder) -> None:
    study.temperatures([2, 3, 4], 1)
    assert sweep.best_spans(study.finding(), study.results().runs, "temperature") == []


def test_a_sweep_is_sorted_by_the_parameter(study: Builder) -> None:
    study.temperatures([4, 2, 3], 1)
    data = sweep.sweep_data(study.results().runs, "temperature", "test")
    assert data.lines[0].x == (100.0, 1000.0, 10000.0)
    assert all(interval.half_width is None for interval in data.lines[0].intervals)


def test_an_arm_that_varies_another_parameter_has_its_own_figure(study: Builder) -> None:
    study.temperatures([2, 3], 1)
    for q in (0.3, 0.7):
        study.add("fixed q", GCE(name="gce", q=q), 0, varied={"q": q})
    runs = study.results().runs
    assert sweep.sweep_parameters(runs) == ["temperature", "q"]
    assert [line.label for line in sweep.sweep_data(runs, "q", "test").lines] == ["fixed q"]


def test_temperature_is_drawn_on_a_logarithmic_axis_in_percent(full_study: Builder) -> None:
    figure = sweep.draw_sweep(sweep.sweep_data(full_study.results().runs, "temperature", "test"), LOOKS)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.title.text == "Temperature T"
    assert figure.layout.yaxis.title.text == "Test accuracy (%)"
    means = next(trace for trace in figure.data if trace.mode == "lines+markers")
    assert all(60 < value < 90 for value in means.y)
    assert all(0 < value < 5 for value in means.error_y.array)


def test_q_is_drawn_on_a_linear_axis(study: Builder) -> None:
    for q in (0.3, 0.7):
        study.add("gce", GCE(name="gce", q=q), 0, varied={"q": q})
    figure = sweep.draw_sweep(
        sweep.sweep_data(study.results().runs, "q", "validation"), styles_of_losses({"gce": "gce"})
    )
    assert figure.layout.xaxis.type is None
    assert figure.layout.xaxis.title.text == "q"
    assert figure.layout.yaxis.title.text == "Validation accuracy (%)"


def test_two_lines_of_one_arm_differ_by_dash(study: Builder) -> None:
    study.temperatures([2, 3], 2).temperatures([2, 3], 2, subset="clean")
    figure = sweep.draw_sweep(
        sweep.sweep_data(study.results().runs, "temperature", "test"), styles_of_losses({"adaptive": "adaptive_gce"})
    )
    means = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert {trace.line.color for trace in means} == {HUES["blue"][0].light}
    assert len({trace.line.dash for trace in means}) == 2


def test_of_many_runs_the_first_dots_are_drawn_and_all_are_counted(study: Builder) -> None:
    seeds = theme.MAX_DRAWN + 10
    study.temperatures([2, 3], seeds).baselines(seeds)
    line, cce, _ = sweep.sweep_data(study.results().runs, "temperature", "test").lines
    assert [interval.n for interval in (*line.intervals, *cce.intervals)] == [seeds] * 3
    for figure in sweep.sweep(study.finding()):
        dots = [trace for trace in figure.drawing.data if trace.mode == "markers"]
        assert [len(trace.x) for trace in dots] == [2 * theme.MAX_DRAWN, theme.MAX_DRAWN, theme.MAX_DRAWN]
        assert [list(trace.customdata[:3]) for trace in dots] == [[0, 1, 2]] * 3
        assert f"the first {theme.MAX_DRAWN} in the plan's order are drawn" in figure.caption


def test_a_caption_says_nothing_of_a_part_where_all_runs_are_drawn(full_study: Builder) -> None:
    for figure in sweep.sweep(full_study.finding()):
        assert "are drawn;" not in figure.caption


def test_configurations_that_differ_in_everything_make_no_sweep(study: Builder) -> None:
    for number in (1, 2):
        varied = {"q": number / 10, "learning_rate": number / 100}
        training = Training(learning_rate=number / 100)
        study.add("gce", GCE(name="gce", q=number / 10), 0, varied=varied, training=training)
    assert sweep.sweep(study.finding()) == ()
