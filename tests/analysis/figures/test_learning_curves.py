"""Learning curves: medians, bands, what is hidden, and one panel for each training loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from analysis.figures.learning_curves import (
    comparable,
    highest,
    learning_curve_of_run,
    learning_curves,
    learning_curves_data,
)
from analysis.plotting import theme
from analysis.plotting.curve_panels import MAX_LOSSES, MIN_BAND, Curve, draw_learning_curves
from analysis.plotting.styles import styles, styles_of_losses
from analysis.results.runs_table import Key, keys
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from analysis.results.study_results import StudyResults
    from factories import Builder

LOOKS = styles_of_losses({"cce": "cce"})


def curves(results: StudyResults, quantity: str = "validation_accuracy") -> list[Curve]:
    """Return the learning curves of all configurations."""
    return learning_curves_data(results.runs, results.curves, quantity, keys(results.runs))


def medians(figure: go.Figure) -> list[Any]:
    """Return the lines of medians, of all panels."""
    return [trace for trace in figure.data if trace.line.width == 2.5]


def single_runs(figure: go.Figure) -> list[Any]:
    """Return the traces of single runs, of all panels."""
    return [trace for trace in figure.data if trace.legendgroup == "runs"]


def test_the_median_is_over_the_runs_that_train_and_ends_where_fewer_than_half_do(study: Builder) -> None:
    for seed, epochs in enumerate((3, 5, 5, 6)):
        study.add("cce", CCE(name="cce"), seed, epochs=epochs, validation=0.6 + seed / 10)
    study.add("cce", CCE(name="cce"), 9, epochs=1, status="diverged")
    (curve,) = curves(study.results())
    assert curve.epochs == (1, 2, 3, 4, 5)
    assert curve.training == (4, 4, 4, 3, 3)
    assert (curve.n, curve.whole) == (4, 3)
    assert curve.medians[0] == pytest.approx(0.75 * (1 - math.exp(-1 / 4)))
    assert curve.medians[3] == pytest.approx(0.8 * (1 - math.exp(-4 / 4)))
    assert [len(epochs) for _, epochs, _ in curve.runs] == [3, 5, 5, 6, 1]


def test_the_line_is_dotted_from_where_a_run_has_stopped_and_a_panel_counts_those_that_train(study: Builder) -> None:
    for seed in range(4):
        study.add("cce", CCE(name="cce"), seed, epochs=3 if seed == 0 else 5)
    (figure,) = learning_curves(study.finding())
    whole, part = medians(figure.drawing)[:2]
    assert (list(whole.x), whole.line.dash) == ([1, 2, 3], "solid")
    assert (list(part.x), part.line.dash) == ([3, 4, 5], "dot")
    (steps,) = [trace for trace in figure.drawing.data if trace.line.shape == "hv"]
    assert list(steps.y) == [4, 4, 4, 3, 3]
    assert "dotted once some have stopped" in figure.caption


def test_runs_that_train_equally_long_have_no_panel_of_their_number(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("cce", CCE(name="cce"), 1)
    (figure,) = learning_curves(study.finding())
    assert not [trace for trace in figure.drawing.data if trace.line.shape == "hv"]
    assert "dotted" not in figure.caption


def test_the_curves_of_accuracy_are_over_clips(study: Builder) -> None:
    for seed in range(2):
        study.add("cce", CCE(name="cce"), seed, validation=0.6, patches=0.3)
    (figure,) = learning_curves(study.finding())
    assert medians(figure.drawing)[0].y[-1] == pytest.approx(60 * (1 - math.exp(-1)), abs=0.005)


@pytest.mark.parametrize(("seeds", "visible", "bands"), [(MIN_BAND - 1, True, 0), (MIN_BAND, "legendonly", 2)])
def test_few_runs_are_drawn_one_by_one_and_more_have_a_band(
    study: Builder, seeds: int, visible: object, bands: int
) -> None:
    for seed in range(seeds):
        study.add("cce", CCE(name="cce"), seed, validation=0.5 + seed / 100)
    (figure,) = learning_curves(study.finding())
    assert [trace.visible for trace in single_runs(figure.drawing)] == [visible] * 2
    assert len([trace for trace in figure.drawing.data if trace.fill == "toself"]) == bands


def test_the_band_holds_half_of_the_runs(study: Builder) -> None:
    for seed in range(9):
        study.add("cce", CCE(name="cce"), seed, validation=(seed + 1) / 10, epochs=1)
    (curve,) = curves(study.results())
    share = 1 - math.exp(-1 / 4)
    assert curve.quartiles[0] == pytest.approx((0.3 * share, 0.5 * share, 0.7 * share))


def test_a_mark_of_a_run_that_is_not_complete_stands_at_a_line_that_is_drawn(study: Builder) -> None:
    for seed in range(theme.MAX_DRAWN + 2):
        late = seed in (1, theme.MAX_DRAWN + 1)
        study.add("cce", CCE(name="cce"), seed, status="stopped" if late else "complete", epochs=2 if late else 4)
    (figure,) = learning_curves(study.finding())
    (mark,) = [trace for trace in figure.drawing.data if trace.name == "stopped"]
    assert [seed for _, seed in mark.customdata] == [1]


def test_a_loss_that_is_not_finite_leaves_a_gap(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("cce", CCE(name="cce"), 1, status="diverged", epochs=2)
    results = study.results()
    figure = draw_learning_curves(curves(results), [curves(results, "train_loss")], LOOKS)
    assert list(single_runs(figure)[1].y)[-3:] == [None, None, None]


def test_of_many_runs_the_first_lines_wait_in_the_legend_and_all_are_counted(study: Builder) -> None:
    seeds = theme.MAX_DRAWN + 10
    study.temperatures([2, 3], seeds)
    for seed in (0, seeds - 1):
        study.add("cce", CCE(name="cce"), seed + 1000, status="stopped", epochs=2)
    (figure,) = learning_curves(study.baselines(seeds).finding())
    assert [list(trace.y).count(None) for trace in single_runs(figure.drawing)] == [theme.MAX_DRAWN] * 6
    assert [trace.showlegend for trace in single_runs(figure.drawing)] == [True, False, False, False, False, False]
    assert f"of {seeds} runs" in medians(figure.drawing)[0].hovertemplate
    assert f"of more than {theme.MAX_DRAWN} the first ones" in figure.more


def test_nothing_is_said_of_a_part_where_all_runs_are_drawn(full_study: Builder) -> None:
    (figure,) = learning_curves(full_study.finding())
    assert "the first ones" not in figure.more


def test_losses_that_differ_have_a_panel_each_and_equal_ones_share_it(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("slow", CCE(name="cce"), 0, training=Training(learning_rate=0.01))
    study.add("gce", GCE(name="gce", q=0.7), 0)
    study.add("q", GCE(name="gce", q=0.3), 0)
    results = study.results()
    groups = comparable(curves(results, "train_loss"), results.plan)
    assert [[curve.key.arm for curve in group] for group in groups] == [["cce", "slow"], ["gce"], ["q"]]
    figure = draw_learning_curves(curves(results), groups, styles(results.runs))
    assert [trace.yaxis for trace in medians(figure)] == ["y", "y", "y", "y", "y2", "y2", "y3", "y4"]


def test_of_many_configurations_those_that_end_highest_have_colours(study: Builder) -> None:
    for place in range(10):
        study.add(f"arm{place}", GCE(name="gce", q=place / 10), 0, validation=place / 20)
    finding = study.finding()
    assert [key.arm for key in highest(curves(study.results()))] == [f"arm{place}" for place in (9, 8, 7, 6, 5, 4)]
    (figure,) = learning_curves(finding)
    others = [trace for trace in figure.drawing.data if trace.legendgroup == "others"]
    assert len(others) == 10 - MAX_LOSSES
    assert "other 4 are grey" in figure.more


def test_every_line_has_its_name_at_its_end(study: Builder) -> None:
    for seed in range(2):
        study.add("cce", CCE(name="cce"), seed)
        study.add("gce", GCE(name="gce"), seed)
    (figure,) = learning_curves(study.finding())
    assert [label.text for label in figure.drawing.layout.annotations if label.yref == "y"] == [
        *("<b>cce</b>", "<b>gce</b>"),
    ]


def test_the_curve_of_one_run_has_a_mark_at_each_epoch(study: Builder) -> None:
    record = study.records[study.add("cce", CCE(name="cce"), 0, epochs=1)]
    figure = learning_curve_of_run(record, Key("cce", "cce", "all"), LOOKS)
    assert [(list(trace.x), trace.mode) for trace in figure.drawing.data] == [([1], "lines+markers")] * 2
