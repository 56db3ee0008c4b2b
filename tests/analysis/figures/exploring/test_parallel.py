"""The sampled configurations of a search as lines over their parameters: what the figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.exploring import parallel
from analysis.figures.exploring.parallel import draw_parallel, parallel_data
from trainables.losses.catalogue import GCE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from factories import Builder


def _drawn(search: Builder) -> go.Figure:
    return draw_parallel(parallel_data(search.finding()))


def test_a_parameter_sampled_on_a_logarithmic_scale_has_such_an_axis(search: Builder) -> None:
    (data,) = parallel_data(search.finding())
    temperature, reading, score = data.axes
    assert sorted(temperature.places) == pytest.approx([i / 8 for i in range(9)])
    powers = [f"10<sup>{power}</sup>" for power in range(4, 9)]
    assert [text for _, text in temperature.ticks] == ["1", "10", "100", "1000", *powers]
    assert [text for _, text in reading.ticks] == ["mean", "pooled", "sample"]
    assert score.title == "score (%)"


def test_ticks_of_a_linear_axis_are_round(search: Builder) -> None:
    (data,) = parallel_data(search.finding())
    assert [text for _, text in data.axes[-1].ticks] == ["75", "80", "85", "90"]


def test_an_arm_that_leaves_at_most_one_parameter_open_has_no_panel(search: Builder) -> None:
    search.add("gce", GCE(name="gce"), 0, stage="explore")
    for q in (0.1, 0.2):
        search.add("one", GCE(name="gce", q=q), 0, stage="explore", varied={"q": q})
    assert [data.arm for data in parallel_data(search.finding())] == ["adaptive"]


def test_stopped_configurations_are_dotted_and_share_a_trace(search: Builder) -> None:
    lines = [trace for trace in _drawn(search).data if trace.showlegend is False]
    assert [trace.line.dash for trace in lines] == ["dot"] + [None] * (len(lines) - 1)
    assert [len(trace.x) // 4 for trace in lines] == [3] + [1] * 6  # three axes and a gap


def test_the_best_configuration_lies_above_the_others(search: Builder) -> None:
    best = [trace for trace in _drawn(search).data if trace.showlegend is False][-1]
    assert best.customdata[0] == "adaptive reading=pooled T=100000000<br>78.0 %, complete"


def test_of_very_many_configurations_the_best_are_drawn(search: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "MAX_LINES", 4)
    (data,) = parallel_data(search.finding())
    assert [round(100 * c.score) for c in data.configurations] == [78, 77, 76, 75]
    assert parallel.parallel(search.finding())[0].caption.endswith("Of an arm, the best 4 are drawn.")


def test_a_caption_has_at_most_35_words(search: Builder) -> None:
    (figure,) = parallel.parallel(search.finding())
    assert len(figure.caption.split()) <= 35
