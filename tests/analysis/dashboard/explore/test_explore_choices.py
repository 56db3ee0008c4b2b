"""What a reader has chosen, in an address; and the area selected in a figure."""

import numpy as np
import pytest

from analysis.dashboard.explore.brush import Brush
from analysis.dashboard.explore.choices import MAX_COMPARED, Choices

SOME = Choices(
    x="epoch",
    y="train_loss",
    colour="loss",
    facet="none",
    group="runs",
    smoothing=60,
    xlog="1",
    ylog="0",
    where='loss == "a&b" and seed < 3',
    brush="box2_0_10_0.5_0.7",
    pick="0123",
    arm="a",
    status="failed",
    sort="-validation,seed",
    columns=("seed", "loss"),
    runs=("01", "23"),
    compare="sides",
    drawer="0123",
)


@pytest.mark.parametrize("choices", [Choices(), SOME])
def test_choices_are_read_as_they_were_written(choices):
    assert Choices.of(choices.query()) == choices


def test_an_address_holds_only_what_differs_from_the_defaults():
    assert Choices().query() == {}
    assert Choices(smoothing=5).query() == {"smoothing": "5"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("smoothing", "x"),
        ("smoothing", "-1"),
        ("smoothing", "²"),
        ("group", "other"),
        ("xlog", "yes"),
        ("compare", "both"),
        ("brush", "box1_0_10_0.5"),
        ("brush", "lasso1_0_1_0_1"),
        ("brush", "box0_0_1_0_1"),
        ("brush", "box1_0_1_0_1e999"),
        ("brush", "box1_0_1_0_1.2.3"),
        ("brush", "circle1_0_1_0_1"),
        ("brush", "lasso1" + "_1" * 82),
        ("unknown", "1"),
    ],
)
def test_a_malformed_part_of_an_address_is_ignored(name, text):
    assert Choices.of({name: text}) == Choices()


def test_smoothing_has_an_upper_end_and_few_runs_are_compared():
    assert Choices.of({"smoothing": "100"}).smoothing == 99
    runs = Choices.of({"runs": ",".join(map(str, range(50)))}).runs
    assert runs == tuple(map(str, range(MAX_COMPARED)))


def test_the_order_of_a_sort_is_that_of_the_address():
    assert Choices(sort="-validation,seed,").sorted_by == [("validation", True), ("seed", False)]


def test_a_box_holds_the_points_between_its_corners():
    box = Brush.parse("box1_3_1_0_2")
    inside = box.inside(np.array([0.0, 1, 2, 3, np.nan]), np.array([1.0, 0, 2, 3, 1]))
    assert inside.tolist() == [False, True, True, False, False]


def test_a_lasso_holds_the_points_within_its_outline():
    triangle = Brush.parse("lasso3_0_4_0_0_0_4")
    inside = triangle.inside(np.array([1.0, 3, 0.5, np.nan]), np.array([1.0, 3, 3, 1]))
    assert inside.tolist() == [True, False, True, False]
    assert triangle.drawn() == {"xref": "x3", "yref": "y3", "type": "path", "path": "M0,0L4,0L0,4Z"}


def test_a_brush_is_drawn_in_its_panel():
    assert Brush.parse("box1_0_10_0.5_0.7").drawn() == {
        "xref": "x", "yref": "y", "type": "rect", "x0": 0, "x1": 10, "y0": 0.5, "y1": 0.7,
    }  # fmt: skip
