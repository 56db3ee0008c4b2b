"""Differences between arms by seed: what the figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.pairs import draw_pairs, pairs_data
from analysis.statistics.intervals import t_interval
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
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


def test_differences_are_drawn_in_points(study: Builder) -> None:
    figure = draw_pairs(pairs_data(_two(study).finding()), "test")
    assert figure.layout.xaxis.title.text == "Difference in<br>test accuracy (points)"
    assert list(figure.data[0].x) == pytest.approx([2, 3, 4])
    assert figure.data[1].x[0] == pytest.approx(3)
