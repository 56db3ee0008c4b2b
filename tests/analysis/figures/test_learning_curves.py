"""Learning curves: their means, their gaps, and how many are drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from analysis.figures import learning_curves
from analysis.plotting import theme
from analysis.plotting.styles import styles_of_losses
from analysis.results import runs_table
from trainables.losses.catalogue import CCE

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from factories import Builder


def _curves(results: StudyResults) -> list[list[learning_curves.Curve]]:
    quantities = ("validation_accuracy", "train_loss")
    return [
        learning_curves.learning_curves_data(results.runs, results.curves, quantity, runs_table.keys(results.runs))
        for quantity in quantities
    ]


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


def test_the_curves_of_accuracy_are_over_clips(study: Builder) -> None:
    for seed in range(2):
        study.add("cce", CCE(name="cce"), seed, validation=0.6, patches=0.3)
    (figure,) = learning_curves.learning_curves(study.finding())
    mean = next(trace for trace in figure.drawing.data if trace.line.width == 2.5)
    assert mean.y[-1] == pytest.approx(60 * (1 - math.exp(-1)))


def test_a_mark_of_a_run_that_is_not_complete_stands_at_a_line_that_is_drawn(study: Builder) -> None:
    for seed in range(theme.MAX_DRAWN + 2):
        late = seed in (1, theme.MAX_DRAWN + 1)
        study.add("cce", CCE(name="cce"), seed, status="stopped" if late else "complete", epochs=2 if late else 4)
    (figure,) = learning_curves.learning_curves(study.finding())
    (mark,) = [trace for trace in figure.drawing.data if trace.name == "stopped"]
    assert [seed for _, seed in mark.customdata] == [1]


def test_a_loss_that_is_not_finite_leaves_a_gap(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("cce", CCE(name="cce"), 1, status="diverged", epochs=2)
    results = study.results()
    figure = learning_curves.draw_learning_curves(*_curves(results), styles_of_losses({"cce": "cce"}))
    thin = [trace for trace in figure.data if trace.line.width == 1][1]
    assert list(thin.y)[-3:] == [None, None, None]


def test_of_many_runs_the_first_lines_are_drawn_and_all_are_counted(study: Builder) -> None:
    seeds = theme.MAX_DRAWN + 10
    study.temperatures([2, 3], seeds)
    for seed in (0, seeds - 1):
        study.add("cce", CCE(name="cce"), seed + 1000, status="stopped", epochs=2)
    (figure,) = learning_curves.learning_curves(study.baselines(seeds).finding())
    thin = [trace for trace in figure.drawing.data if trace.line.width == 1]
    assert [list(trace.y).count(None) for trace in thin] == [theme.MAX_DRAWN] * 6
    assert f"n = {seeds}" in figure.drawing.data[1].hovertemplate
    assert f"the first {theme.MAX_DRAWN} in the plan's order are drawn" in figure.caption


def test_a_caption_says_nothing_of_a_part_where_all_runs_are_drawn(full_study: Builder) -> None:
    (figure,) = learning_curves.learning_curves(full_study.finding())
    assert "are drawn;" not in figure.caption
