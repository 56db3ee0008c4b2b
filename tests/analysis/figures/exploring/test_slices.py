"""Each parameter of a search by itself: a mark for each configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.exploring.slices import draw_slice, slice_data, slices
from analysis.plotting.styles import styles_of_losses
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
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


def test_configurations_that_were_stopped_are_crosses(study: Builder) -> None:
    finding = _search(study).finding()
    (_, rate) = slice_data(finding.sampled)
    drawing = draw_slice(rate, styles_of_losses({"gce": "gce", "cce": "cce"}), "validation", finding.names)
    marks = {trace.name: (trace.marker.symbol, list(trace.x)) for trace in drawing.data if trace.showlegend}
    assert marks["gce, stopped early"] == ("x-thin-open", [1e-4])
    assert sorted(marks["gce"][1]) == [1e-3, 1e-2]
    assert marks["cce"][1] == [3e-3]


def test_a_search_over_several_parameters_has_a_figure_for_each_and_no_series_for_each_configuration(
    study: Builder,
) -> None:
    names = [figure.name for figure in slices(_search(study).finding())]
    assert names == ["exploring_validation_accuracy_vs_q", "exploring_validation_accuracy_vs_learning_rate"]


def test_a_search_over_one_parameter_is_drawn_as_a_sweep(study: Builder) -> None:
    (figure,) = slices(_search(study, several=False).finding())
    assert figure.caption == "Marks: runs."
