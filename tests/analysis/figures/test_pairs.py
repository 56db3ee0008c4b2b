"""Differences between arms by seed: what the figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.pairs import draw_pairs, pairs, pairs_data
from analysis.plotting.series import MAX_DOTS
from analysis.statistics.intervals import t_interval
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from factories import Builder


def _two(study: Builder, *, shift: int = 0) -> Builder:
    for seed, gap in enumerate((0.02, 0.03, 0.04)):
        study.add("gce", GCE(name="gce"), seed, test=0.7 + seed / 10 + gap)
        study.add("cce", CCE(name="cce"), seed + shift, test=0.7 + seed / 10)
    return study


def test_a_pair_holds_the_differences_seed_by_seed(study: Builder) -> None:
    (pair,) = pairs_data(_two(study).finding())
    assert pair.differences == pytest.approx({0: 0.02, 1: 0.03, 2: 0.04})
    assert pair.interval.half_width == pytest.approx(t_interval([0.02, 0.03, 0.04]).half_width)
    assert pair.clear


def test_only_common_seeds_are_paired(study: Builder) -> None:
    (pair,) = pairs_data(_two(study, shift=2).finding())
    assert list(pair.differences) == [2]
    assert pair.interval.half_width is None
    assert not pair.clear


def test_without_a_common_seed_there_is_no_pair(study: Builder) -> None:
    assert pairs_data(_two(study, shift=3).finding()) == []


def test_every_pair_of_few_arms_is_shown_within_a_subset(full_study: Builder) -> None:
    full_study.baselines(3, subset="clean")
    shown = [(p.first.arm, p.second.arm, p.first.subset) for p in pairs_data(full_study.finding())]
    within_all = [("adaptive", "cce", "all"), ("adaptive", "gce", "all"), ("cce", "gce", "all")]
    assert shown == [*within_all, ("cce", "gce", "clean")]


def test_of_many_arms_the_choice_is_compared_with_each(study: Builder) -> None:
    for q in range(1, 8):
        study.add(f"q{q}", GCE(name="gce", q=q / 10), 0, validation=0.9 if q == 3 else 0.8)
    assert [pair.first.arm for pair in pairs_data(study.finding())] == ["q3"] * 6


def _drawn(study: Builder) -> go.Figure:
    finding = study.finding()
    return draw_pairs(pairs_data(finding), finding.names)


def test_differences_are_drawn_in_points(study: Builder) -> None:
    figure = _drawn(_two(study))
    assert figure.layout.xaxis.title.text.startswith("Difference (points)")
    assert list(figure.data[0].x) == pytest.approx([2, 3, 4])
    assert figure.data[1].x[0] == pytest.approx(3)


def test_on_one_subset_a_row_names_both_configurations(study: Builder) -> None:
    assert list(_drawn(_two(study)).layout.yaxis.ticktext) == ["gce \u2212 cce"]


def test_on_several_subsets_two_arms_are_a_heading_over_their_subsets(study: Builder) -> None:
    figure = _drawn(study.baselines(5).baselines(5, subset="clean"))
    assert list(figure.layout.yaxis.ticktext) == ["<b>cce \u2212 gce</b>", "all", "clean"]
    assert [round(place) for trace in figure.data[1:] for place in trace.y] == [1, 2]


def test_a_long_name_gives_way_to_that_of_the_arm(study: Builder) -> None:
    _two(study)
    finding = study.finding()
    names = {key: f"{key.arm} with a great many parameters" for key in finding.names}
    assert list(draw_pairs(pairs_data(finding), names).layout.yaxis.ticktext) == ["gce \u2212 cce"]


def test_zero_is_within_the_axis(study: Builder) -> None:
    low, high = _drawn(_two(study)).layout.xaxis.range
    assert low < 0
    assert high > 4


def test_the_mark_tells_whether_the_interval_contains_zero(study: Builder) -> None:
    for seed, gap in enumerate((0.02, 0.03, 0.04, 0.03, 0.02)):
        study.add("a", GCE(name="gce", q=0.1), seed, test=0.7 + gap)
        study.add("b", GCE(name="gce", q=0.2), seed, test=0.7)
        study.add("c", GCE(name="gce", q=0.3), seed, test=0.7 + (-1) ** seed / 100)
    marks = {trace.name: (trace.marker.symbol, len(trace.x)) for trace in _drawn(study).data[1:]}
    assert marks == {"mean; interval excludes 0": ("diamond", 2), "mean; interval contains 0": ("diamond-open", 1)}


def test_the_mean_of_few_seeds_has_no_interval(study: Builder) -> None:
    mean = _drawn(_two(study)).data[-1]
    assert (mean.name, list(mean.error_x.array)) == ("mean without interval", [None])


def test_of_many_seeds_the_spread_is_drawn(study: Builder) -> None:
    figure = _drawn(study.baselines(MAX_DOTS + 1))
    assert [trace.name for trace in figure.data[:2]] == ["90 % of the seeds", "50 % of the seeds"]
    wide, narrow = (max(trace.x[:2]) - min(trace.x[:2]) for trace in figure.data[:2])
    assert wide > narrow > 0


def test_the_caption_speaks_of_intervals_only_where_there_are_some(study: Builder) -> None:
    (few,) = pairs(_two(study).finding())
    assert few.caption.startswith("Circles: mean differences")
    (many,) = pairs(study.baselines(6).finding())
    assert many.caption.startswith("Diamonds: mean differences with 95 % t-intervals")
