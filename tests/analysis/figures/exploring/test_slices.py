"""Each parameter of a search by itself: a mark for each configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.exploring import slices as slices_module
from analysis.figures.exploring.slices import draw_slices, slice_data, slices
from analysis.figures.sweep_data import Pick
from analysis.plotting.styles import styles
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE
from trainables.settings import OpenRange

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from factories import Builder

RATES = (1e-4, 1e-3, 1e-2)


def _search(study: Builder, *, several: bool = True) -> Builder:
    study.method = {"name": "search", "baselines": []}
    for i, rate in enumerate(RATES):
        training = Training(learning_rate=rate)
        varied = {"learning_rate": rate, **({"q": 0.2 * (i + 1), "reading": "mean"} if several else {})}
        loss = GCE(name="gce", q=0.2 * (i + 1)) if several else GCE(name="gce")
        status = "stopped" if i == 0 else "complete"
        study.add(
            "gce", loss, 0, varied=varied, training=training, stage="explore", status=status, validation=0.5 + i / 10
        )
    study.add(
        "cce",
        CCE(name="cce"),
        0,
        varied={"learning_rate": 3e-3},
        training=Training(learning_rate=3e-3),
        stage="explore",
    )
    return study


def test_every_parameter_that_is_a_number_has_a_slice_with_the_arms_that_vary_it(study: Builder) -> None:
    q, rate = slice_data(_search(study).finding().sampled)
    assert (q.parameter, list(q.configurations)) == ("q", ["gce"])
    assert (rate.parameter, sorted(rate.configurations)) == ("learning_rate", ["cce", "gce"])
    assert sorted(rate.x(rate.configurations["gce"])) == list(RATES)
    assert rate.axis.logarithmic


def _drawn(study: Builder) -> go.Figure:
    finding = study.finding()
    looks = styles(finding.results.runs)
    pick = Pick(finding.sampled[0].key, "pick")
    return draw_slices(slice_data(finding.sampled), looks, "validation", finding.names, pick)


def test_every_parameter_has_a_panel_and_all_share_the_range_of_accuracy(study: Builder) -> None:
    layout = _drawn(_search(study)).layout
    assert (layout.xaxis.title.text, layout.xaxis2.title.text) == ("q", "Learning rate")
    assert layout.yaxis.range == layout.yaxis2.range
    assert (layout.yaxis.title.text, layout.yaxis2.title.text) == ("Validation accuracy (%)", "")


@pytest.mark.parametrize("parameters", [1, 2, 4, 6])
def test_the_slices_of_one_arm_fit_on_a_screen(study: Builder, parameters: int) -> None:
    study.method = {"name": "search", "baselines": []}
    for value in (0.2, 0.4):
        varied = dict.fromkeys(("q", "alpha", "beta", "a", "r", "w")[:parameters], value)
        study.add("gce", GCE(name="gce", q=value), 0, varied=varied, stage="explore")
    finding = study.finding()
    drawn = draw_slices(slice_data(finding.sampled), styles(finding.results.runs), "validation", finding.names)
    assert drawn.layout.height <= 560


def test_configurations_that_were_stopped_are_crosses(study: Builder) -> None:
    drawn = [trace for trace in _drawn(_search(study)).data if trace.xaxis == "x2" and trace.showlegend is False]
    marks = {(trace.name, trace.marker.symbol): sorted(trace.x) for trace in drawn}
    assert marks == {("gce", "square"): [1e-3, 1e-2], ("gce", "x-thin"): [1e-4], ("cce", "diamond"): [3e-3]}


def test_the_legend_names_each_arm_once_and_the_crosses(study: Builder) -> None:
    shown = [trace.name for trace in _drawn(_search(study)).data if trace.showlegend is not False]
    assert sorted(shown) == ["cce", "gce", "stopped early"]


def test_the_word_pick_stands_in_every_panel_that_has_the_choice(study: Builder) -> None:
    notes = _drawn(_search(study)).layout.annotations
    assert {note.text for note in notes} == {"<b>pick</b>"}
    assert {note.xref for note in notes} <= {"x", "x2"}


def test_a_parameter_has_the_scale_on_which_it_was_sampled(study: Builder) -> None:
    ranges = {("gce", "q"): OpenRange(min=0.1, max=1.0, scale="log")}
    q, rate = slice_data(_search(study).finding().sampled, ranges)
    assert (q.axis.logarithmic, q.scale, rate.scale) == (True, "log", "")


def test_very_many_configurations_are_binned(study: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices_module, "MAX_MARKS", 1)
    drawn = [trace for trace in _drawn(_search(study)).data if trace.xaxis == "x2" and trace.showlegend is False]
    assert all("1 configuration, " in text for trace in drawn for text in trace.customdata)


def test_a_search_over_several_parameters_has_one_figure(study: Builder) -> None:
    (figure,) = slices(_search(study).finding())
    assert figure.name == "exploring_validation_accuracy_vs_parameters"
    assert figure.title == "Validation accuracy against each parameter"


def test_a_search_over_one_parameter_is_drawn_as_a_sweep(study: Builder) -> None:
    (figure,) = slices(_search(study, several=False).finding())
    assert figure.caption == "Marks: runs."
