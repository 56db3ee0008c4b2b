"""What the figures show, by their data; then that the drawings carry it with the right axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from analysis.figures import boxes, learning_curves, sweep, theme
from analysis.results import runs_table
from trainables.config import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from factories import Builder

NASTY = "<img src=x onerror=alert(1)> 50%{x}"
ARMS = ["adaptive", "cce", "gce"]


def _curves(results: StudyResults) -> list[list[learning_curves.Curve]]:
    quantities = ("validation_accuracy", "train_loss")
    return [
        learning_curves.learning_curves_data(results.runs, results.curves, quantity, runs_table.keys(results.runs))
        for quantity in quantities
    ]


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
    drawing = sweep.draw_sweep(sweep.sweep_data(runs, "temperature", "validation"), ["adaptive", "cce"])
    sweep.add_strip(drawing, spans, "temperature", list(means))
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


def test_a_box_holds_the_arms_configuration_that_validation_prefers(study: Builder) -> None:
    for temperature, validation, test in ((10.0, 0.8, 0.5), (100.0, 0.7, 0.9)):
        for seed in range(2):
            loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
            varied = {"temperature": temperature}
            study.add("adaptive", loss, seed, validation=validation, test=test, varied=varied)
    (box,) = boxes.boxes_data(study.results().runs, "test", study.finding().representatives)
    assert box.key.configuration == "adaptive T=10"
    assert box.accuracies == (0.5, 0.5)
    assert box.seeds == (0, 1)


def test_a_mean_curve_ends_where_the_first_complete_run_stops(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, epochs=3, validation=0.6)
    study.add("cce", CCE(name="cce"), 1, epochs=5, validation=0.8)
    study.add("cce", CCE(name="cce"), 2, epochs=1, status="diverged")
    results = study.results()
    (curve,) = learning_curves.learning_curves_data(
        results.runs, results.curves, "validation_accuracy", runs_table.keys(results.runs)
    )
    assert curve.epochs == (1, 2, 3)
    assert curve.n == 2
    assert curve.means[0] == pytest.approx((0.6 + 0.8) / 2 * (1 - math.exp(-1 / 4)))
    assert [len(epochs) for _, epochs, _ in curve.runs] == [3, 5, 1]


def test_temperature_is_drawn_on_a_logarithmic_axis_in_percent(full_study: Builder) -> None:
    figure = sweep.draw_sweep(sweep.sweep_data(full_study.results().runs, "temperature", "test"), ARMS)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.title.text == "Temperature T"
    assert figure.layout.yaxis.title.text == "Test accuracy (%)"
    means = next(trace for trace in figure.data if trace.mode == "lines+markers")
    assert all(60 < value < 90 for value in means.y)
    assert all(0 < value < 5 for value in means.error_y.array)


def test_q_is_drawn_on_a_linear_axis(study: Builder) -> None:
    for q in (0.3, 0.7):
        study.add("gce", GCE(name="gce", q=q), 0, varied={"q": q})
    figure = sweep.draw_sweep(sweep.sweep_data(study.results().runs, "q", "validation"), ["gce"])
    assert figure.layout.xaxis.type is None
    assert figure.layout.xaxis.title.text == "q"
    assert figure.layout.yaxis.title.text == "Validation accuracy (%)"


def test_of_many_runs_the_first_are_drawn_and_all_are_counted(study: Builder) -> None:
    seeds = theme.MOST_DRAWN + 10
    study.temperatures([2, 3], seeds)
    for seed in (0, seeds - 1):
        study.add("cce", CCE(name="cce"), seed + 1000, status="stopped", epochs=2)
    study.baselines(seeds)
    results = study.results()
    line, cce, _ = sweep.sweep_data(results.runs, "temperature", "test").lines
    assert [interval.n for interval in (*line.intervals, *cce.intervals)] == [seeds] * 3
    for figure in sweep.sweep(study.finding()):
        dots = [trace for trace in figure.drawing.data if trace.mode == "markers"]
        assert [len(trace.x) for trace in dots] == [2 * theme.MOST_DRAWN, theme.MOST_DRAWN, theme.MOST_DRAWN]
        assert [list(trace.customdata[:3]) for trace in dots] == [[0, 1, 2]] * 3
        assert f"the first {theme.MOST_DRAWN} in the plan's order are drawn" in figure.caption
    (figure,) = learning_curves.learning_curves(study.finding())
    thin = [trace for trace in figure.drawing.data if trace.line.width == 1]
    assert [list(trace.y).count(None) for trace in thin] == [theme.MOST_DRAWN] * 6
    assert f"n = {seeds}" in figure.drawing.data[1].hovertemplate
    assert f"the first {theme.MOST_DRAWN} in the plan's order are drawn" in figure.caption


def test_a_mark_of_a_run_that_is_not_complete_stands_at_a_line_that_is_drawn(study: Builder) -> None:
    for seed in range(theme.MOST_DRAWN + 2):
        late = seed in (1, theme.MOST_DRAWN + 1)
        study.add("cce", CCE(name="cce"), seed, status="stopped" if late else "complete", epochs=2 if late else 4)
    (figure,) = learning_curves.learning_curves(study.finding())
    (mark,) = [trace for trace in figure.drawing.data if trace.name == "stopped"]
    assert [seed for _, seed in mark.customdata] == [1]


def test_a_caption_says_nothing_of_a_part_where_all_runs_are_drawn(full_study: Builder) -> None:
    finding = full_study.finding()
    for figure in (*sweep.sweep(finding), *learning_curves.learning_curves(finding)):
        assert "are drawn;" not in figure.caption


def test_series_differ_in_colour_marker_and_dash() -> None:
    assert len(set(theme.COLOURS)) >= 6
    assert len(set(theme.DASHES)) == len(theme.DASHES)
    assert len(set(theme.MARKERS)) == len(theme.MARKERS)


def test_a_name_is_inert_in_every_drawing(study: Builder) -> None:
    study.temperatures([2, 3], 2, arm=NASTY).add(NASTY + "fixed", CCE(name="cce"), 0)
    results = study.results()
    names = runs_table.arms(results.runs)
    drawings = [
        sweep.draw_sweep(sweep.sweep_data(results.runs, "temperature", "test"), names),
        boxes.draw_boxes(boxes.boxes_data(results.runs, "test", study.finding().representatives), "test", names),
        learning_curves.draw_learning_curves(*_curves(results), names),
    ]
    for drawing in drawings:
        text = str(drawing.to_dict())
        assert "<img" not in text
        assert "&lt;img src=x onerror=alert(1)&gt; 50&#37;{x}" in text


def test_a_loss_that_is_not_finite_leaves_a_gap(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("cce", CCE(name="cce"), 1, status="diverged", epochs=2)
    results = study.results()
    figure = learning_curves.draw_learning_curves(*_curves(results), ["cce"])
    thin = [trace for trace in figure.data if trace.line.width == 1][1]
    assert list(thin.y)[-3:] == [None, None, None]


def test_an_arm_keeps_its_colour_in_every_figure(full_study: Builder) -> None:
    """In this sweep cce is drawn before the arm that varies q, and in the boxes without it, yet it is the third arm."""
    study = full_study
    study.planned.reverse()  # gce, cce, adaptive
    results = study.results()
    names = runs_table.arms(results.runs)
    assert names == ["adaptive", "gce", "cce"]
    swept = sweep.draw_sweep(sweep.sweep_data(results.runs, "temperature", "test"), names)
    some = results.runs[results.runs["arm"] != "adaptive"]
    boxed = boxes.draw_boxes(boxes.boxes_data(some, "test", study.finding().representatives), "test", names)
    curves = learning_curves.draw_learning_curves(
        *(
            learning_curves.learning_curves_data(some, results.curves, name, runs_table.keys(some))
            for name in ("validation_accuracy", "train_loss")
        ),
        names,
    )
    colours = dict(zip(names, theme.COLOURS, strict=False))
    drawn = {trace.name: trace.line.color for trace in swept.data if trace.line.width == 2.5}
    assert {name.partition(" ")[0]: colour for name, colour in drawn.items()} == colours
    for trace in boxed.data:
        assert trace.marker.color == colours[trace.name]
    thick = [trace for trace in curves.data if trace.line.width == 2.5]
    assert {trace.name: trace.line.color for trace in thick} == {name: colours[name] for name in ("gce", "cce")}


def test_two_lines_of_one_arm_differ_by_dash(study: Builder) -> None:
    study.temperatures([2, 3], 2).temperatures([2, 3], 2, subset="clean")
    figure = sweep.draw_sweep(sweep.sweep_data(study.results().runs, "temperature", "test"), ["adaptive"])
    means = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert {trace.line.color for trace in means} == {theme.COLOURS[0]}
    assert len({trace.line.dash for trace in means}) == 2
