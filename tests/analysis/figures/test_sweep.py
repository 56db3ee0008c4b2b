"""Accuracy by parameter: what a sweep shows, by its data, and that the drawing carries it with the right axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures import sweep, sweep_data
from analysis.plotting.series import MAX_DOTS
from analysis.plotting.styles import styles, styles_of_losses
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

LOOKS = styles_of_losses({"adaptive": "adaptive_gce", "cce": "cce", "gce": "gce"})


def test_a_sweep_shows_every_complete_run_and_every_mean(full_study: Builder) -> None:
    data = sweep_data.sweep_data(full_study.results().runs, "temperature", "test")
    adaptive, cce, gce = data.lines
    assert adaptive.x == pytest.approx((100, 316.2278, 1000, 3162.2777, 10000))
    assert [interval.n for interval in adaptive.intervals] == [6] * 5
    assert len(adaptive.dots) == 30
    assert {line.label for line in (cce, gce)} == {"cce", "gce"}
    assert cce.x == gce.x == ()
    assert [interval.n for interval in (*cce.intervals, *gce.intervals)] == [6, 6]


def test_a_sweep_has_one_line_per_arm_and_subset(study: Builder) -> None:
    study.temperatures([2, 3], 2).temperatures([2, 3], 2, subset="clean")
    data = sweep_data.sweep_data(study.results().runs, "temperature", "validation")
    assert [(line.label, line.subset) for line in data.lines] == [("adaptive", "all"), ("adaptive", "clean")]


def test_a_control_is_a_level_as_it_has_no_t(study: Builder) -> None:
    study.temperatures([2, 3], 2).baselines(2)
    for seed in range(2):
        varied = {"temperature": 1000.0}
        study.add("adaptive.fixed_q", GCE(name="gce", q=0.8), seed, varied=varied, stage="control")
    data = sweep_data.sweep_data(study.results().runs, "temperature", "validation")
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
    spans = sweep_data.best_spans(study.finding(), runs, "temperature")
    assert spans == [(100.0, 316.0), (3162.0, 3162.0)]
    looks = styles_of_losses({"adaptive": "adaptive_gce", "cce": "cce"})
    data = sweep_data.sweep_data(runs, "temperature", "validation")
    drawing = sweep.draw_sweep(data, looks, {"all": sweep_data.Marks(spans=tuple(spans))})
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
    assert sweep_data.best_spans(study.finding(), study.results().runs, "temperature")[:2] == [
        (100.0, 100.0),
        (316.0, 316.0),
    ], lost
    study.baselines(1, subset="clean")  # the choice is one subset's own
    assert sweep_data.best_spans(study.finding(), study.results().runs, "temperature") == []


def test_one_seed_marks_no_value_as_perhaps_the_best(study: Builder) -> None:
    study.temperatures([2, 3, 4], 1)
    assert sweep_data.best_spans(study.finding(), study.results().runs, "temperature") == []


def test_a_sweep_is_sorted_by_the_parameter(study: Builder) -> None:
    study.temperatures([4, 2, 3], 1)
    data = sweep_data.sweep_data(study.results().runs, "temperature", "test")
    assert data.lines[0].x == (100.0, 1000.0, 10000.0)
    assert all(interval.half_width is None for interval in data.lines[0].intervals)


def test_an_arm_that_varies_another_parameter_has_its_own_figure(study: Builder) -> None:
    study.temperatures([2, 3], 1)
    for q in (0.3, 0.7):
        study.add("fixed q", GCE(name="gce", q=q), 0, varied={"q": q})
    runs = study.results().runs
    assert sweep_data.sweep_parameters(runs) == ["temperature", "q"]
    assert [line.label for line in sweep_data.sweep_data(runs, "q", "test").lines] == ["fixed q"]


def test_temperature_is_drawn_on_a_logarithmic_axis_in_percent(full_study: Builder) -> None:
    figure = sweep.draw_sweep(sweep_data.sweep_data(full_study.results().runs, "temperature", "test"), LOOKS)
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
        sweep_data.sweep_data(study.results().runs, "q", "validation"), styles_of_losses({"gce": "gce"})
    )
    assert figure.layout.xaxis.type is None
    assert figure.layout.xaxis.title.text == "q"
    assert figure.layout.yaxis.title.text == "Validation accuracy (%)"


def test_every_subset_has_a_panel_and_the_legend_names_each_series_once(study: Builder) -> None:
    study.temperatures([2, 3], 5).temperatures([2, 3], 5, subset="clean").baselines(5).baselines(5, subset="clean")
    data = sweep_data.sweep_data(study.results().runs, "temperature", "test")
    figure = sweep.draw_sweep(data, styles(study.results().runs))
    assert [title.text for title in figure.layout.annotations] == ["all", "clean"]
    means = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert [trace.xaxis for trace in means] == ["x", "x2"]
    assert sorted(trace.name for trace in figure.data if trace.showlegend) == ["adaptive", "cce", "gce"]


def test_test_accuracy_shares_an_axis_and_validation_accuracy_does_not(study: Builder) -> None:
    study.temperatures([2, 3], 5).temperatures([2, 3], 5, subset="clean", shift=-0.2)
    for metric, axes in (("test", 1), ("validation", 2)):
        data = sweep_data.sweep_data(study.results().runs, "temperature", metric)
        layout = sweep.draw_sweep(data, styles(study.results().runs)).layout
        assert len({layout.yaxis.range, layout.yaxis2.range}) == axes


def test_series_with_the_same_values_stand_beside_each_other(study: Builder) -> None:
    study.temperatures([2, 3], 5).temperatures([2, 3], 5, arm="other", shift=0.01)
    data = sweep_data.sweep_data(study.results().runs, "temperature", "test")
    one, other = (t for t in sweep.draw_sweep(data, styles(study.results().runs)).data if t.mode == "lines+markers")
    assert one.x[0] < 100 < other.x[0]
    assert "T = 100<br>" in one.customdata[0]


def test_lines_bear_their_names_and_levels_their_means(full_study: Builder) -> None:
    data = sweep_data.sweep_data(full_study.results().runs, "temperature", "test")
    labels = [note.text for note in sweep.draw_sweep(data, LOOKS).layout.annotations]
    means = {line.label: 100 * line.intervals[0].mean for line in data.lines if not line.x}
    assert labels == ["<b>adaptive</b>", *(f"<b>{name}</b> {mean:.1f}" for name, mean in means.items())]


def test_more_series_than_there_is_room_for_have_a_legend(study: Builder) -> None:
    study.temperatures([2, 3], 2)
    for q in range(1, 9):
        study.add(f"q{q}", GCE(name="gce", q=q / 10), 0)
    data = sweep_data.sweep_data(study.results().runs, "temperature", "test")
    figure = sweep.draw_sweep(data, styles(study.results().runs))
    assert figure.layout.showlegend
    assert figure.layout.annotations == ()


def test_single_runs_are_not_joined(study: Builder) -> None:
    study.temperatures([2, 3, 4], 1)
    for seed in (1, 2):
        for temperature in (100.0, 1000.0):
            loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
            study.add("adaptive", loss, seed, varied={"temperature": temperature})
    data = sweep_data.sweep_data(study.results().runs, "temperature", "test")
    means = next(t for t in sweep.draw_sweep(data, LOOKS).data if t.mode == "lines+markers")
    assert list(means.x) == [pytest.approx(100), pytest.approx(1000), None, pytest.approx(10000)]


def test_a_seed_stands_at_the_same_side_of_every_value(full_study: Builder) -> None:
    data = sweep_data.sweep_data(full_study.results().runs, "temperature", "test")
    dots = next(trace for trace in sweep.draw_sweep(data, LOOKS).data if trace.mode == "markers")
    shifts = {}
    for x, text, dot in zip(dots.x, dots.customdata, data.lines[0].dots, strict=True):
        assert text == f"T = {dot.x:g}, seed {dot.seed}" or dot.x not in (100, 1000, 10000)
        shifts.setdefault(dot.seed, set()).add(round(x / dot.x, 6))
    assert all(len(shift) == 1 for shift in shifts.values())
    assert len({shift for (shift,) in shifts.values()}) == 6


def test_of_many_runs_the_spread_is_drawn_and_all_are_counted(study: Builder) -> None:
    seeds = MAX_DOTS + 1
    study.temperatures([2, 3], seeds).baselines(seeds)
    line, cce, _ = sweep_data.sweep_data(study.results().runs, "temperature", "test").lines
    assert [interval.n for interval in (*line.intervals, *cce.intervals)] == [seeds] * 3
    for figure in sweep.sweep(study.finding()):
        assert not [trace for trace in figure.drawing.data if trace.mode == "markers"]
        bars = [trace for trace in figure.drawing.data if trace.line.width in (3, 9)]
        (low, high, _), (first, third, _) = (trace.y[:3] for trace in bars)
        assert low < first < third < high
        assert figure.caption.startswith("Bars: the middle 50 and 90 % of more than 20 runs.")


def test_a_line_leads_from_the_word_pick_to_the_interval_of_the_choice_and_not_over_it(full_study: Builder) -> None:
    figure = next(figure for figure in sweep.sweep(full_study.finding()) if figure.name == "accuracy_vs_t")
    means = next(trace for trace in figure.drawing.data if trace.mode == "lines+markers")
    place = [round(x) for x in means.x].index(1000)
    layout = figure.drawing.layout
    (line,) = (shape for shape in layout.shapes if shape.type == "line" and shape.y1 == layout.yaxis.range[1])
    assert line.x0 == line.x1 == means.x[place]
    assert line.y0 == pytest.approx(means.y[place] + means.error_y.array[place])
    assert "<b>pick</b>" in [note.text for note in figure.drawing.layout.annotations]


def test_nothing_is_shaded_where_every_value_may_be_the_best(study: Builder) -> None:
    for seed, noise in enumerate((0.0, 0.02, -0.01, 0.01, -0.02)):
        for place, temperature in enumerate((100.0, 1000.0)):
            loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
            accuracy = 0.7 + noise * (-1) ** place
            study.add("adaptive", loss, seed, validation=accuracy, varied={"temperature": temperature})
    figure = sweep.sweep(study.finding())[0]
    assert not [shape for shape in figure.drawing.layout.shapes if shape.type == "rect"]
    assert figure.caption.endswith("Validation accuracy rules no value out.")


def test_equal_accuracies_have_an_axis_within_0_and_100_percent(study: Builder) -> None:
    for seed in range(3):
        for q in (0.3, 0.7):
            study.add("gce", GCE(name="gce", q=q), seed, validation=1.0, test=1.0, varied={"q": q})
    assert [figure.drawing.layout.yaxis.range for figure in sweep.sweep(study.finding())] == [(99, 100)] * 2


def test_a_caption_has_at_most_35_words(full_study: Builder) -> None:
    for figure in sweep.sweep(full_study.finding()):
        assert len(figure.caption.split()) <= 35


def test_configurations_that_differ_in_everything_make_no_sweep(study: Builder) -> None:
    for number in (1, 2):
        varied = {"q": number / 10, "learning_rate": number / 100}
        training = Training(learning_rate=number / 100)
        study.add("gce", GCE(name="gce", q=number / 10), 0, varied=varied, training=training)
    assert sweep.sweep(study.finding()) == ()
