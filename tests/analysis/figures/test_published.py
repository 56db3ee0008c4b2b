"""Published numbers over a study's own figures: only where the data are the paper's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures import boxes, sweep
from analysis.figures.published import add_to_boxes, add_to_sweep, published_marks
from analysis.plotting.styles import styles_of_losses
from trainables.losses.catalogue import CCE
from trainables.networks.catalogue import VGGLike

if TYPE_CHECKING:
    from factories import Builder

LOOKS = styles_of_losses({"adaptive": "adaptive_gce", "cce": "cce", "gce": "gce"})


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
    (mark,) = marks = published_marks(full_study.results(), "temperature")
    assert (mark.loss, mark.x) == ("adaptive", 1000.0)
    figure = sweep.draw_sweep(sweep.sweep_data(full_study.results().runs, "temperature", "test"), LOOKS)
    add_to_sweep(figure, marks)
    assert (figure.data[-1].name, list(figure.data[-1].y)) == ("published: adaptive on all", [75.3])


def test_published_numbers_that_cannot_be_read_are_not_drawn(full_study: Builder) -> None:
    full_study.baselines(2, subset="m_noisy+clean")
    marks = [mark for mark in published_marks(full_study.results()) if mark.subset == "m_noisy+clean"]
    assert [mark.loss for mark in marks] == ["CCE"]


def test_a_published_number_stands_in_its_arms_column(full_study: Builder) -> None:
    results, finding = full_study.results(), full_study.finding()
    figure = boxes.draw_boxes(boxes.boxes_data(finding.scores("test"), finding.representatives), "test", LOOKS)
    add_to_boxes(figure, published_marks(results))
    columns = {trace.name: trace.offsetgroup for trace in figure.data[3:]}
    assert columns == {"published: CCE": "cce", "published: L_q": "gce", "published: adaptive": "adaptive"}
    low, high = figure.layout.yaxis.range
    assert 60 < low < 70
    assert 76 < high < 85
