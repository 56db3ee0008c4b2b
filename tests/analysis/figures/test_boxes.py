"""The boxes of the arms show the configuration that validation prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures import boxes
from analysis.plotting.series import MAX_DOTS
from analysis.plotting.styles import styles
from analysis.results.runs_table import scores
from trainables.losses.catalogue import CCE, AdaptiveGCE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from factories import Builder


def _drawn(study: Builder) -> go.Figure:
    finding = study.finding()
    data = boxes.boxes_data(finding.scores("test"), finding.representatives)
    return boxes.draw_boxes(data, "test", styles(finding.results.runs))


def _means(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.marker.symbol == "diamond" and trace.x[0] is not None]


def test_a_box_holds_the_arms_configuration_that_validation_prefers(study: Builder) -> None:
    for temperature, validation, test in ((10.0, 0.8, 0.5), (100.0, 0.7, 0.9)):
        for seed in range(2):
            loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
            varied = {"temperature": temperature}
            study.add("adaptive", loss, seed, validation=validation, test=test, varied=varied)
    (box,) = boxes.boxes_data(scores(study.results().runs, "test"), study.finding().representatives)
    assert box.key.configuration == "adaptive T=10"
    assert box.accuracies == (0.5, 0.5)
    assert box.seeds == (0, 1)


def test_on_one_subset_every_arm_is_a_row_that_bears_its_name(study: Builder) -> None:
    figure = _drawn(study.baselines(6))
    assert list(figure.layout.yaxis.ticktext) == ["cce", "gce"]
    assert {trace.orientation for trace in figure.data if trace.type == "box"} == {"h"}


def test_on_several_subsets_the_arms_of_a_subset_stand_side_by_side_around_its_tick(study: Builder) -> None:
    figure = _drawn(study.baselines(6).baselines(6, subset="clean"))
    assert list(figure.layout.xaxis.ticktext) == ["all", "clean"]
    cce, gce = _means(figure)
    assert [x + y for x, y in zip(cce.x, gce.x, strict=True)] == pytest.approx([0, 2])  # on either side of 0 and 1
    assert cce.x[0] < 0 < gce.x[0]


def test_every_second_subset_has_a_light_band(study: Builder) -> None:
    figure = _drawn(study.baselines(6).baselines(6, subset="clean").baselines(6, subset="s_noisy+clean"))
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(-0.5, 0.5), (1.5, 2.5)]


def test_a_diamond_stands_at_the_mean_and_states_its_interval_on_hover(study: Builder) -> None:
    figure = _drawn(study.baselines(6))
    finding = study.finding()
    for trace, (key, by_seed) in zip(_means(figure), finding.scores("test").items(), strict=True):
        assert trace.x[0] == pytest.approx(100 * sum(by_seed.values()) / 6)
        assert trace.customdata[0].startswith(f"{key.configuration}<br>")
        assert trace.customdata[0].endswith("% (95 % t-interval, n = 6)")


def test_the_legend_explains_the_marks(study: Builder) -> None:
    figure = _drawn(study.baselines(6))
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["mean", "run"]


def test_few_runs_have_no_box(study: Builder) -> None:
    figure = _drawn(study.baselines(4))
    assert [len(trace.x) for trace in figure.data if trace.type == "box"] == [0, 0]


def test_of_many_runs_only_those_beyond_the_whiskers_are_drawn(study: Builder) -> None:
    figure = _drawn(study.baselines(MAX_DOTS + 1))
    assert {trace.boxpoints for trace in figure.data if trace.type == "box"} == {"outliers"}
    assert not any(len(trace.x) for trace in figure.data if trace.marker.size == 5 and trace.showlegend is False)


def test_a_long_name_is_shortened_on_the_axis_and_in_the_legend(study: Builder) -> None:
    for subset in ("all", "clean"):
        study.temperatures([2], 6, arm="x" * 300, subset=subset)
        names = [trace.name for trace in _drawn(study).data if trace.type == "box"]
        assert names == ["x" * 13 + "…" + "x" * 12]


def test_the_caption_speaks_of_boxes_only_where_there_are_some(study: Builder) -> None:
    (few,) = boxes.boxes(study.baselines(4).finding())
    assert few.caption.startswith("Diamonds are means. ")
    (many,) = boxes.boxes(study.baselines(6, subset="all").finding())
    assert many.caption.startswith("Diamonds are means; boxes span the quartiles")


@pytest.mark.parametrize(("arms", "most"), [(6, 440), (27, 640)])
def test_the_rows_of_many_arms_are_closer_together(study: Builder, arms: int, most: int) -> None:
    for number in range(arms):
        study.add(f"arm{number}", CCE(name="cce"), number)
    finding = study.finding()
    data = boxes.boxes_data(finding.scores("test"), finding.representatives)
    assert boxes.draw_boxes(data, "test", styles(finding.results.runs)).layout.height <= most
