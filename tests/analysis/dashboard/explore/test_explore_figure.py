"""The exploring figure by its data: dots, squares, means, levels, lines, bands, panels and colours."""

import numpy as np
import pytest

from analysis.dashboard.explore.brush import Brush
from analysis.dashboard.explore.choices import Choices
from analysis.dashboard.explore.dots import Mean, marks_of, means_of
from analysis.dashboard.explore.figure import draw
from analysis.dashboard.explore.levels import named_ends
from analysis.dashboard.explore.lines import MAX_LINES, bundled, lines_of, smoothed
from analysis.dashboard.explore.panels import log_ticks
from analysis.dashboard.explore.table import RunsTable
from analysis.dashboard.snapshot import Live
from analysis.plotting.styles import styles
from analysis.results.study_results import load_results
from analysis.statistics.intervals import accuracy_interval
from trainables.losses.catalogue import CCE

EVIL = "<b>%{x}"


def explored(builder):
    return RunsTable.of(builder.results(), Live(""))


@pytest.fixture(scope="module")
def table(full_storage):
    return RunsTable.of(load_results(full_storage, "best-t"), Live(""))


def drawn(table, **choices):
    wanted = Choices(**choices)
    shown = table.resolved(wanted)
    return draw(table.scene(wanted), {}, means=shown.group == "seeds", smoothing=shown.smoothing)


def test_a_study_is_first_shown_by_what_it_varies_and_chooses_by(table):
    shown = table.resolved(Choices())
    assert (shown.x, shown.y, shown.colour, shown.facet, shown.xlog) == (
        "temperature",
        "validation",
        "arm",
        "none",
        "1",
    )


def test_a_choice_that_the_study_lacks_is_the_default(table):
    assert table.resolved(Choices(x="nothing", y="test_top3", colour="x", facet="y")) == table.resolved(Choices())
    assert table.resolved(Choices(x="epoch", y="test_accuracy")).y == "validation"


def test_a_run_is_a_dot_in_percent_and_a_run_without_a_value_is_counted(table):
    scene = table.scene(Choices(group="runs"))
    assert len(scene.xs) == 33  # those with T and a record
    assert scene.omitted == 1
    first = table.runs.iloc[0]
    assert (scene.xs[0], scene.ys[0]) == (first["temperature"], pytest.approx(100 * first["validation"]))


def test_a_logarithmic_axis_has_the_ticks_of_reports(table):
    axis = drawn(table).figure.layout.xaxis
    assert (axis.dtick, axis.exponentformat, axis.minor.dtick) == (1, "power", "D2")


@pytest.mark.parametrize(
    ("values", "ticks"), [([40.0, 80.0], [40, 50, 60, 70, 80]), ([71.0, 83.0], None), ([0.0], None)]
)
def test_a_short_logarithmic_axis_has_round_ticks_or_those_of_plotly(values, ticks):
    assert log_ticks(np.array(values), 8).get("tickvals") == ticks


def test_a_mean_is_that_of_the_complete_runs_of_a_configuration(table):
    means = {mean.x: mean for mean in means_of(table.scene(Choices()))}
    runs = table.runs[(table.runs["temperature"] == 100) & (table.runs["status"] == "complete")]
    interval = accuracy_interval(runs["validation"])
    assert means[100].n == 6
    assert means[100].y == pytest.approx(100 * interval.mean)
    assert (means[100].low, means[100].high) == pytest.approx((100 * interval.low, 100 * interval.high))


def test_configurations_without_a_place_on_the_x_axis_are_levels(table):
    figure = drawn(table).figure
    levels = [trace for trace in figure.data if trace.mode == "lines+markers+text"]
    assert len(levels) == 2
    assert {level.text[0].split(",")[0] for level in levels} == {"cce", "gce"}
    assert levels[0].y[0] == levels[0].y[1]
    assert list(levels[0].x) == [100, 10_000]


def test_a_level_has_its_name_at_an_end_and_near_ones_at_different_ends(table):
    levels = [trace for trace in drawn(table).figure.data if trace.mode == "lines+markers+text"]
    assert [level.texttemplate for level in levels] == [("", "<b>cce</b>"), ("", "<b>gce</b>")]
    means = [Mean(0, 0, "", 0, 0.0, y, None, None, 1) for y in (70.0, 70.1, 90.0)]
    assert named_ends(means, np.array([50.0, 95.0])) == [1, 0, 1]


def test_many_levels_have_no_names():
    means = [Mean(0, 0, "", 0, 0.0, float(y), None, None, 1) for y in range(9)]
    assert named_ends(means, np.array([50.0])) == [None] * 9


def test_a_run_that_is_not_complete_is_a_cross(table):
    figure = drawn(table, group="runs").figure
    symbols = [symbol for trace in figure.data for symbol in trace.marker.symbol]
    assert symbols.count("x-thin-open") == 3


def test_arms_have_their_own_colours(table):
    looks = styles(table.results.runs)
    figure = draw(table.scene(Choices(x="seed", group="runs")), looks, means=False).figure
    assert {trace.name: trace.marker.color for trace in figure.data} == {
        arm: look.colour for arm, look in looks.items()
    }


def test_near_runs_share_a_mark_where_there_are_too_many(table):
    scene = table.scene(Choices(x="seed", group="runs"))
    marks = marks_of(scene, most=20)
    assert len(marks.x) <= 20
    assert marks.counts.sum() == len(scene.xs)
    assert marks.cell > (0.0, 0.0)
    for place, first in enumerate(marks.first):
        assert abs(marks.x[place] - scene.xs[first]) <= marks.cell[0]
        assert abs(marks.y[place] - scene.ys[first]) <= marks.cell[1]


def test_every_panel_has_the_runs_of_its_value(study):
    for subset in ("all", "s_noisy+clean"):
        study.temperatures([2, 3], 5, subset=subset)
    figure = drawn(explored(study), group="runs").figure
    assert [note.text for note in figure.layout.annotations] == ["Subset: all", "Subset: s_noisy+clean"]
    assert [(trace.xaxis, len(trace.x)) for trace in figure.data] == [("x", 10), ("x2", 10)]


def test_texts_on_an_axis_are_its_ticks(table):
    figure = drawn(table, x="configuration", group="runs").figure
    assert figure.layout.xaxis.ticktext[0] == "adaptive T=100"
    assert len(figure.layout.xaxis.ticktext) == 7


def test_more_texts_than_colours_share_the_last_colour(study):
    for arm in range(12):
        study.add(f"arm {arm}", CCE(name="cce"), arm)
    scene = explored(study).scene(Choices(x="seed", group="runs"))
    assert scene.colours.names[-1] == "5 others"
    assert np.bincount(scene.colours.codes).tolist() == [1] * 7 + [5]


def test_a_number_with_many_values_is_coloured_by_ranges(table):
    scene = table.scene(Choices(x="seed", colour="validation", group="runs"))
    assert len(scene.colours.names) == 4
    assert " to " in scene.colours.names[0]


def test_markup_in_names_is_shown_as_it_is(study):
    study.temperatures([2, 3], 5, arm=EVIL)
    study.add("cce", CCE(name="cce"), 0)
    figure = drawn(explored(study)).figure
    assert any(trace.name == "&lt;b&gt;&#37;{x}" for trace in figure.data)
    assert EVIL not in figure.to_json()


def test_the_selected_area_lists_the_runs_inside(table):
    runs = table.selected(Choices(brush="box1_90_110_0_100", group="runs"))
    assert set(runs["temperature"]) == {100}
    assert len(runs) == 9
    curves = table.selected(Choices(x="epoch", brush="box1_1_2_0_100"))
    assert len(curves) == 45


def test_a_click_on_a_mean_lists_its_configuration(table):
    picked = table.selected(Choices(pick=table.runs["run_id"].iloc[0]))
    assert set(picked["configuration"]) == {"adaptive T=100"}
    assert len(picked) == 10


def test_the_brush_is_drawn_again(table):
    brush = Brush.parse("box1_90_110_0_100")
    figure = draw(table.scene(Choices()), {}, means=True, brush=brush).figure
    assert figure.layout.selections[0].x1 == 110


def test_smoothing_is_the_exponential_mean_without_its_bias():
    values = np.array([[1.0, 3.0, np.nan, 5.0]])
    weighted = [1.0, (0.5 * 1 + 3) / 1.5, (0.25 * 1 + 0.5 * 3 + 5) / 1.75]
    assert smoothed(values, 0.5)[0, [0, 1, 3]] == pytest.approx(weighted)
    assert np.isnan(smoothed(values, 0.5)[0, 2])
    assert smoothed(values, 0.0) is values


def test_a_smoothed_line_has_the_raw_one_faint_below(table):
    figure = drawn(table, x="epoch", smoothing=80, group="runs", where='arm == "cce"').figure
    raw, line = figure.data
    assert raw.line.color.startswith("rgba(")
    assert max(value for value in raw.y if value) > max(value for value in line.y if value)
    assert "weight 0.8" in drawn(table, x="epoch", smoothing=80).note


def test_the_mean_curve_ends_where_the_first_run_ends(study):
    for seed, epochs in enumerate((4, 6, 6, 6, 6)):
        study.add("cce", CCE(name="cce"), seed, epochs=epochs)
    (line,) = lines_of(explored(study).scene(Choices(x="epoch")), means=True, smoothing=0)
    assert np.isfinite(line.values).tolist() == [True] * 4 + [False] * 2
    assert line.n == 5
    assert (line.low[:4] <= line.values[:4]).all()


def test_many_runs_of_a_colour_are_bands_of_quantiles(study):
    for seed in range(MAX_LINES + 1):
        study.add("cce", CCE(name="cce"), seed, validation=0.5 + seed / 100)
    scene = explored(study).scene(Choices(x="epoch", group="runs"))
    lines, (band,) = bundled(lines_of(scene, means=False, smoothing=0))
    assert lines == []
    assert band.n == MAX_LINES + 1
    assert band.median == pytest.approx(np.median(scene.ys, axis=0))
    assert np.array(band.ends[0]) == pytest.approx(np.quantile(scene.ys, [0.1, 0.9], axis=0))


def test_a_run_of_two_arms_is_drawn_for_both(study):
    study.add("one", CCE(name="cce"), 0)
    study.add("other", CCE(name="cce"), 0)
    scene = explored(study).scene(Choices(x="epoch", group="runs"))
    assert scene.ys.shape[0] == 2
    assert np.array_equal(scene.ys[0], scene.ys[1])


def test_a_study_without_records_has_nothing_to_draw(study):
    study.add("cce", CCE(name="cce"), 0, status=None)
    assert explored(study).scene(Choices()) is None
