"""Published numbers over a study's own figures: only where the data are the paper's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from analysis.figures import boxes, sweep
from analysis.figures.published import published_marks
from analysis.figures.sweep_data import marks_on, sweep_data
from analysis.plotting.styles import styles
from trainables.losses.catalogue import CCE
from trainables.networks.catalogue import VGGLike

if TYPE_CHECKING:
    from factories import Builder


def test_other_data_have_no_published_marks(study: Builder) -> None:
    assert published_marks(study.baselines(2).results()) == []


def test_marks_belong_to_the_arms_of_the_published_loss(full_study: Builder) -> None:
    marks = published_marks(full_study.results())
    assert [(mark.loss, mark.subset, mark.arms, mark.mean) for mark in marks] == [
        ("CCE", "all", ("cce",), 0.706),
        ("L_q", "all", ("gce",), 0.741),
        ("adaptive", "all", ("adaptive",), 0.753),
    ]


def test_a_mark_does_not_belong_to_an_arm_with_another_network(full_study: Builder) -> None:
    full_study.add("vgg", CCE(name="cce"), 0, network=VGGLike())
    marks = published_marks(full_study.results())
    assert {arm for mark in marks for arm in mark.arms} >= {"cce"}
    assert "vgg" not in {arm for mark in marks for arm in mark.arms}


def test_against_t_only_the_adaptive_loss_has_a_place(full_study: Builder) -> None:
    finding = full_study.finding()
    (mark,) = known = published_marks(finding.reported, "temperature")
    assert (mark.loss, mark.x) == ("adaptive", 1000.0)
    runs, looks = finding.reported.runs, styles(finding.results.runs)
    marks = {"all": marks_on(finding, runs, "temperature", "all", known)}
    figure = sweep.draw_sweep(sweep_data(runs, "temperature", "test"), looks, marks)
    drawn = next(trace for trace in figure.data if trace.name == "published")
    assert list(drawn.y) == [75.3]
    assert 1000 < drawn.x[0] < 3162  # beside the mean at 1000, and nearer to it than to the next
    assert drawn.marker.color == looks["adaptive"].colour
    low, high = figure.layout.yaxis.range
    assert low < 74.8
    assert high > 75.8


def test_the_visible_caption_names_the_stars_where_there_are_any(full_study: Builder, study: Builder) -> None:
    finding = full_study.finding()
    (boxed,), (tested, chosen) = boxes.boxes(finding), sweep.sweep(finding)
    assert boxed.caption.endswith(" Stars: published.")
    assert tested.caption.endswith(" Star: published.")
    for figure in (chosen, *boxes.boxes(study.baselines(6).finding())):
        assert "published" not in figure.caption.lower()


def test_the_word_paper_stands_at_the_lower_end_of_the_plot_below_the_mark(full_study: Builder) -> None:
    finding = full_study.finding()
    known = published_marks(finding.reported, "temperature")
    runs, looks = finding.reported.runs, styles(finding.results.runs)
    marks = {"all": marks_on(finding, runs, "temperature", "all", known)}
    figure = sweep.draw_sweep(sweep_data(runs, "temperature", "test"), looks, marks)
    drawn = next(trace for trace in figure.data if trace.name == "published")
    (note,) = [note for note in figure.layout.annotations if note.text == "paper"]
    (line,) = [line for line in figure.layout.shapes if line.type == "line" and line.x0 == drawn.x[0]]
    assert (note.x, note.y, note.yref) == (pytest.approx(math.log10(drawn.x[0])), 0, "y domain")
    assert (line.y0, line.y1) == (figure.layout.yaxis.range[0], pytest.approx(75.3 - drawn.error_y.array[0]))


def test_published_numbers_that_cannot_be_read_are_not_drawn(full_study: Builder) -> None:
    full_study.baselines(2, subset="m_noisy+clean")
    marks = [mark for mark in published_marks(full_study.results()) if mark.subset == "m_noisy+clean"]
    assert [mark.loss for mark in marks] == ["CCE"]


def test_a_published_number_stands_beside_the_box_of_its_arm_in_its_colour(full_study: Builder) -> None:
    results, finding = full_study.results(), full_study.finding()
    data, looks = boxes.boxes_data(finding.scores("test"), finding.representatives), styles(results.runs)
    figure = boxes.draw_boxes(data, "test", looks, published_marks(results))
    marks = [trace for trace in figure.data if trace.type == "scatter" and trace.error_x.array is not None]
    drawn = {trace.marker.color: (trace.y[0], trace.x[0]) for trace in marks}
    published = {"adaptive": 75.3, "cce": 70.6, "gce": 74.1}
    for row, box in enumerate(data):
        at, accuracy = drawn[looks[box.key.arm].colour]
        assert row + boxes.WIDTH / 2 < at < row + 0.5
        assert accuracy == pytest.approx(published[box.key.arm])
