"""All runs at a glance, what they cost, and where they were cut: what the figures show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.learning_curves import learning_curves, learning_curves_data
from analysis.figures.run_map import LEAST, MAX_ROWS, UNSCORED, draw_run_map, run_map, run_map_data
from analysis.figures.training_time import (
    TrainingTime,
    draw_training_time,
    pareto_front,
    training_time,
    training_time_data,
)
from analysis.plotting.styles import styles_of_losses
from analysis.results.runs_table import Key, keys
from analysis.statistics.intervals import t_interval
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from factories import Builder

LOOKS = styles_of_losses({"cce": "cce"})


def test_the_map_has_every_planned_run(full_study: Builder) -> None:
    data = run_map_data(full_study.results().runs)
    assert len(data.rows) == 7
    assert data.seeds == (0, 1, 2, 3, 4, 5, 90, 91, 92, 93)
    statuses = [(row, data.seeds[column], status) for row, column, status in data.left_out]
    assert statuses == [(0, 90, "stopped"), (0, 91, "diverged"), (0, 92, "failed"), (0, 93, "missing")]
    assert data.accuracies[0][9] is None
    assert data.accuracies[1][6] is None


def test_a_complete_run_that_cannot_be_scored_is_marked(study: Builder) -> None:
    study.spec = {"select_on": "verified"}
    study.add("cce", CCE(name="cce"), 0)
    assert run_map_data(study.results().runs).left_out == ((0, 0, UNSCORED),)


def test_a_large_map_counts_what_it_leaves_out(study: Builder) -> None:
    for i in range(MAX_ROWS + 3):
        study.add("gce", GCE(name="gce", q=i / 100), 0, varied={"q": i / 100})
    data = run_map_data(study.results().runs)
    assert (len(data.rows), data.dropped) == (MAX_ROWS, 3)


def test_every_status_has_a_mark_of_its_own(full_study: Builder) -> None:
    figure = draw_run_map(run_map_data(full_study.results().runs))
    shown = [trace for trace in figure.data[1:] if trace.showlegend]
    assert [trace.name for trace in shown] == ["stopped", "diverged", "failed", "missing"]
    assert len({trace.marker.symbol for trace in shown}) == 4


def test_cost_is_the_mean_time_of_complete_runs(study: Builder) -> None:
    first, second = (study.add("cce", CCE(name="cce"), seed, test=0.7 + seed / 10) for seed in range(2))
    study.records[first].cost.wall_s, study.records[second].cost.wall_s = 3600, 10800
    study.add("cce", CCE(name="cce"), 2, status="failed")
    (price,) = found = training_time_data(study.results().runs, "test")
    assert price.wall_s == 7200
    assert price.accuracy.mean == pytest.approx(0.75)
    figure = draw_training_time(found, "test", styles_of_losses({"cce": "cce"}))
    assert figure.layout.xaxis.title.text == "Time of a run (hours)"
    assert list(figure.data[0].x) == [2]


def test_short_trainings_are_drawn_in_a_smaller_unit(study: Builder) -> None:
    run_id = study.add("cce", CCE(name="cce"), 0)
    study.records[run_id].cost.wall_s = 90
    figure = draw_training_time(
        training_time_data(study.results().runs, "test"), "test", styles_of_losses({"cce": "cce"})
    )
    assert figure.layout.xaxis.title.text == "Time of a run (minutes)"
    assert list(figure.data[0].x) == [1.5]


def test_a_cut_run_is_marked_at_its_last_epoch(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, epochs=5)
    study.add("cce", CCE(name="cce"), 1, epochs=2, status="stopped")
    results = study.results()
    (curve,) = learning_curves_data(results.runs, results.curves, "validation_accuracy", keys(results.runs))
    (cut,) = curve.cuts
    assert (cut.seed, cut.status, cut.epoch) == (1, "stopped", 2)
    (figure,) = learning_curves(study.finding())
    (mark,) = [trace for trace in figure.drawing.data if trace.name == "stopped"]
    assert list(mark.x) == [2]


def test_the_lowest_accuracy_stands_out_from_the_paper_that_no_run_has(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, validation=0.5)
    study.add("cce", CCE(name="cce"), 1, validation=0.6)
    study.add("gce", GCE(name="gce"), 0, validation=0.7)
    (figure,) = run_map(study.results())
    (map_,) = figure.drawing.data
    assert [list(row) for row in map_.z] == [[50, 60], [70, None]]
    assert (map_.zmin, map_.zmax) == (50 - LEAST * 20, 70)
    assert figure.more == "Cells in the colour of the paper are not planned."


def test_seeds_are_categories_whose_labels_make_room_for_each_other(study: Builder) -> None:
    for seed in (7, 100):
        study.add("cce", CCE(name="cce"), seed)
    figure = draw_run_map(run_map_data(study.results().runs))
    assert (figure.layout.xaxis.type, list(figure.layout.xaxis.categoryarray)) == ("category", ["7", "100"])


def timed(name: str, mean: float, wall_s: float) -> TrainingTime:
    """Return what a configuration of one run reached and cost."""
    return TrainingTime(Key("cce", name, "all"), t_interval([mean]), wall_s)


def test_the_front_holds_what_nothing_beats_in_time_and_accuracy() -> None:
    data = [timed("slow", 0.7, 90), timed("fast", 0.5, 10), timed("best", 0.8, 50), timed("beaten", 0.5, 20)]
    assert [price.key.configuration for price in pareto_front(data)] == ["fast", "best"]
    figure = draw_training_time(data, "test", LOOKS)
    assert list(figure.data[0].x) == [10 / 60, 50 / 60]
    low, high = figure.layout.xaxis.range
    assert 0 < low < 10 / 60
    assert high > 1.5


def test_an_interval_is_spoken_of_where_one_is_drawn(study: Builder) -> None:
    for seed in range(5):
        study.add("cce", CCE(name="cce"), seed, test=0.7 + seed / 100)
    assert "95 % t-interval" in training_time(study.results())[0].caption
    study.records.popitem()
    assert "interval" not in training_time(study.results())[0].caption


def test_marks_have_names_as_far_as_there_is_room() -> None:
    apart = draw_training_time([timed("fast", 0.5, 10), timed("slow", 0.8, 50)], "test", LOOKS)
    assert [label.text for label in apart.layout.annotations] == ["<b>slow</b>", "<b>fast</b>"]
    assert apart.layout.showlegend is False
    crowd = [timed(f"configuration {i}", 0.5 + i / 1000, 100 + i) for i in range(60)]
    assert 0 < len(draw_training_time(crowd, "test", LOOKS).layout.annotations) < 60
