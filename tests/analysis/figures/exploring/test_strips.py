"""The configurations of a search in a row for each arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.exploring import strips as strips_module
from analysis.figures.exploring.strips import draw_strips, stacked, strip_data, strips
from analysis.figures.sweep_data import Pick
from analysis.plotting.styles import styles
from analysis.report.first_screen import FirstScreen
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from factories import Builder

SCREEN = 560  # pixels that Figure 1 may take


@pytest.fixture
def losses(study: Builder) -> Builder:
    """Return a search of two losses: three configurations of gce, the first stopped early, and two of cce."""
    study.method = {"name": "search", "baselines": []}
    for number, accuracy in enumerate((0.5, 0.6, 0.7)):
        q, status = 0.2 * (number + 1), "complete" if number else "stopped"
        loss = GCE(name="gce", q=q)
        study.add("gce", loss, 0, varied={"q": q}, stage="explore", status=status, validation=accuracy)
    for lr, accuracy in ((0.001, 0.65), (0.01, 0.75)):
        training = Training(learning_rate=lr)
        varied = {"learning_rate": lr}
        study.add("cce", CCE(name="cce"), 0, varied=varied, training=training, stage="explore", validation=accuracy)
    return study


def _drawn(study: Builder, **marked: object) -> go.Figure:
    finding = study.finding()
    looks = styles(finding.results.runs)
    return draw_strips(strip_data(finding.sampled), looks, "validation", finding.names, **marked)  # type: ignore[arg-type]


def test_each_arm_has_a_row_and_that_of_the_best_configuration_is_on_top(losses: Builder) -> None:
    axis = _drawn(losses).layout.yaxis
    assert [name.partition("<br>")[0] for name in axis.ticktext] == ["cce", "gce"]
    assert axis.range == (1.5, -0.5)


def test_a_row_states_how_many_configurations_were_tried(losses: Builder) -> None:
    assert ["2 tried" in name for name in _drawn(losses).layout.yaxis.ticktext] == [True, False]


def test_marks_stand_at_the_accuracy_and_crosses_were_stopped_early(losses: Builder) -> None:
    drawn = [trace for trace in _drawn(losses).data if trace.hovertemplate]
    marks = {(trace.name, trace.marker.symbol): sorted(round(x, 1) for x in trace.x) for trace in drawn}
    assert marks == {("cce", "diamond"): [65.0, 75.0], ("gce", "square"): [60.0, 70.0], ("gce", "x-thin"): [50.0]}


def test_the_choice_is_named_at_its_mark(losses: Builder) -> None:
    best = losses.finding().sampled[0]
    (note,) = _drawn(losses, pick=Pick(best.key, "pick")).layout.annotations
    assert (note.text, note.x) == ("<b>pick</b>", pytest.approx(75))


def test_what_was_confirmed_has_a_ring_and_an_entry_of_the_legend(losses: Builder) -> None:
    best = losses.finding().sampled[0]
    rings = [trace for trace in _drawn(losses, confirmed={best.key}).data if trace.marker.symbol == "circle-open"]
    assert [trace.x for trace in rings] == [(pytest.approx(75),), (None,)]
    assert rings[1].name == "confirmed on fresh seeds"


def test_marks_of_about_the_same_accuracy_are_stacked_around_the_line() -> None:
    assert stacked([0.5, 0.7, 0.501, 0.9], 0.01) == pytest.approx([-0.1, 0, 0.1, 0])


def test_a_stack_of_any_height_stays_in_its_row() -> None:
    assert max(stacked([0.5] * 50, 0.01)) < 0.5


def test_of_very_many_configurations_the_best_are_drawn(losses: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips_module, "MAX_DRAWN", 1)
    data = strip_data(losses.finding().sampled)
    assert [(len(strip.configurations), strip.tried) for strip in data] == [(1, 2), (1, 3)]
    assert "Of each arm, the best 1 are drawn." in strips(losses.finding())[0].caption


@pytest.mark.parametrize("arms", [2, 6, 27])
def test_the_rows_of_any_usual_number_of_arms_fit_on_a_screen(losses: Builder, arms: int) -> None:
    (strip, *_) = strip_data(losses.finding().sampled)
    finding = losses.finding()
    height = draw_strips([strip] * arms, styles(finding.results.runs), "validation", finding.names).layout.height
    assert height <= SCREEN


def test_a_search_of_one_arm_has_no_strips(search: Builder) -> None:
    assert strips(search.finding()) == ()


def test_a_search_of_several_arms_opens_with_its_strips(losses: Builder) -> None:
    figure = FirstScreen(losses.report()).figure
    assert figure is not None
    assert figure.name == "exploring_validation_accuracy_per_arm"
    assert figure.title == "Validation accuracy of the configurations of each arm"
