"""What q the adaptive loss chose: what the figures show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from analysis.figures.adaptive_q.against_t import draw_q_vs_t, q_vs_t_data
from analysis.figures.adaptive_q.per_epoch import MAX_BANDS, draw_q_per_epoch, q_per_epoch_data
from analysis.plotting.styles import styles_of_losses
from analysis.plotting.theme import strength
from trainables.losses.catalogue import CCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder


def _adaptive(study: Builder, temperature: float, seed: int, q: float, epochs: int = 3) -> None:
    loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
    run_id = study.add("adaptive", loss, seed, varied={"temperature": temperature}, epochs=epochs)
    for epoch in study.records[run_id].epochs:
        epoch.q_mean, epoch.q_sd = q + epoch.epoch / 100, 0.03


def test_the_band_holds_the_spread_within_and_between_runs(study: Builder) -> None:
    _adaptive(study, 100, 0, 0.5)
    _adaptive(study, 100, 1, 0.58, epochs=2)
    (curve,) = q_per_epoch_data(study.results())
    assert curve.epochs == (1, 2)
    assert curve.means == pytest.approx((0.55, 0.56))
    assert curve.sds[0] == pytest.approx(math.hypot(0.03, 0.04))


def test_only_complete_adaptive_runs_have_a_q(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("adaptive", AdaptiveGCE(name="adaptive_gce"), 0, status="stopped")
    assert q_per_epoch_data(study.results()) == []
    assert q_vs_t_data(study.results()) is None


def test_many_configurations_are_thinned_from_the_lowest_t_to_the_highest(study: Builder) -> None:
    for temperature in (1000, 10, 100, 1):
        _adaptive(study, temperature, 0, 0.5)
    shown = [curve.key.configuration for curve in q_per_epoch_data(study.results(), most=3)]
    assert shown == ["adaptive T=1", "adaptive T=100", "adaptive T=1000"]


def test_mean_q_against_t_is_over_epochs_then_runs(study: Builder) -> None:
    for temperature, q in ((1000, 0.7), (100, 0.5)):
        for seed in range(3):
            _adaptive(study, temperature, seed, q + seed / 10)
    data = q_vs_t_data(study.results())
    assert data is not None
    (line,) = data.lines
    assert line.temperatures == (100, 1000)
    assert [interval.mean for interval in line.intervals] == pytest.approx([0.62, 0.82])
    assert [interval.n for interval in line.intervals] == [3, 3]


def test_the_limit_is_that_of_equal_classes(study: Builder) -> None:
    study.classes = ["a", "b", "c", "d"]
    _adaptive(study, 100, 0, 0.5)
    _adaptive(study, 1000, 0, 0.6)
    data = q_vs_t_data(study.results())
    assert data is not None
    assert data.limit == 0.75
    figure = draw_q_vs_t(data, styles_of_losses({"adaptive": "adaptive_gce"}))
    assert figure.layout.xaxis.type == "log"
    assert figure.data[0].name == "noise-blind limit 0.750"


def test_one_t_has_curves_and_no_axis(study: Builder) -> None:
    _adaptive(study, 100, 0, 0.5)
    assert q_vs_t_data(study.results()) is None
    assert len(draw_q_per_epoch(q_per_epoch_data(study.results())).data) == 2


def test_mean_q_is_drawn_against_relative_temperatures_where_there_are_no_others(study: Builder) -> None:
    for relative in (0.3, 0.03):
        loss = AdaptiveGCE(name="adaptive_gce", relative_temperature=relative)
        run_id = study.add("adaptive", loss, 0, varied={"relative_temperature": relative})
        for epoch in study.records[run_id].epochs:
            epoch.q_mean, epoch.q_sd = 0.5, 0.03
    shown = [curve.key.configuration for curve in q_per_epoch_data(study.results())]
    assert shown == ["adaptive T/median=0.03", "adaptive T/median=0.3"]
    data = q_vs_t_data(study.results())
    assert data is not None
    assert (data.parameter, data.lines[0].temperatures) == ("relative_temperature", (0.03, 0.3))


def test_the_curves_share_a_panel_and_are_darker_for_higher_t(study: Builder) -> None:
    for temperature in (10, 100, 1000):
        _adaptive(study, temperature, 0, 0.5 + temperature / 10_000)
    figure = draw_q_per_epoch(q_per_epoch_data(study.results()))
    lines = [trace for trace in figure.data if trace.hovertemplate]
    assert [trace.line.color for trace in lines] == [strength(share) for share in (0, 0.5, 1)]
    assert [label.text for label in figure.layout.annotations] == [f"<b>T = {t}</b>" for t in (10, 100, 1000)]
    assert {trace.yaxis for trace in lines} == {None}


def test_bands_are_drawn_where_they_do_not_hide_each_other(study: Builder) -> None:
    for temperature in range(1, MAX_BANDS + 2):
        _adaptive(study, temperature, 0, 0.5)
    data = q_per_epoch_data(study.results())
    assert [sum(trace.fill == "toself" for trace in draw_q_per_epoch(part).data) for part in (data[1:], data)] == [
        *(MAX_BANDS, 0),
    ]


def test_arms_differ_by_their_dash(study: Builder) -> None:
    for arm in ("one", "other"):
        loss = AdaptiveGCE(name="adaptive_gce", temperature=100)
        for epoch in study.records[study.add(arm, loss, 0, subset="all")].epochs:
            epoch.q_mean, epoch.q_sd = 0.5, 0.03
        study.add(arm, loss, 1 if arm == "one" else 2, status="failed")
    figure = draw_q_per_epoch(q_per_epoch_data(study.results()))
    assert [(trace.name, trace.line.dash) for trace in figure.data if trace.showlegend] == [
        *(("one on all", "solid"), ("other on all", "dash")),
    ]
