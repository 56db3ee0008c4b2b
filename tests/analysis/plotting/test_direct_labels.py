"""Names beside the ends of lines do not overlap, and stay short."""

from __future__ import annotations

from itertools import pairwise

import pytest

from analysis.plotting.direct_labels import LINES, WIDTH, EndLabel, add_end_labels, keep_apart, spread
from analysis.plotting.theme import empty


def test_labels_with_room_stay_where_they_belong() -> None:
    assert spread([10, 50, 90], [16, 16, 16], 100) == pytest.approx([10, 50, 90])


def test_labels_that_overlap_are_pushed_apart_evenly_and_keep_their_order() -> None:
    assert spread([52, 50], [16, 16], 100) == pytest.approx([59, 43])


def test_labels_stay_in_the_room() -> None:
    assert spread([0, 100], [16, 16], 100) == pytest.approx([8, 92])
    assert spread([99, 100, 98], [16, 16, 16], 100) == pytest.approx([76, 92, 60])


def test_more_labels_than_fit_do_not_overlap_either() -> None:
    places = sorted(spread([5.0] * 10, [16] * 10, 100))
    assert [after - before for before, after in pairwise(places)] == pytest.approx([16] * 9)


@pytest.mark.parametrize(
    ("name", "value", "lines"),
    [
        ("gce", "74.2", ["gce 74.2"]),
        ("adaptive", "", ["adaptive"]),
        ("adaptive.fixed_q T=1000", "75.5", ["adaptive.", "fixed_q", "T=1000 75.5"]),
        ("soft_bootstrapping", "75.5", ["soft_", "bootstrapping", "75.5"]),
    ],
)
def test_a_long_name_is_wrapped_at_its_parts(name: str, value: str, lines: list[str]) -> None:
    assert EndLabel(name, 0, "#000000", value).lines == lines


def test_a_name_of_any_length_takes_little_room() -> None:
    lines = EndLabel("x" * 300, 0, "#000000").lines
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= WIDTH
    assert "…" in "".join(lines)


def test_a_name_with_markup_is_shown_as_it_is() -> None:
    assert EndLabel("<i>%{x}", 0, "#000000", "1.0").text == "<b>&lt;i&gt;&#37;{x}</b> 1.0"


def test_a_label_points_at_its_height_and_is_shifted_by_pixels() -> None:
    figure = empty(height=240)
    figure.update_layout(margin={"t": 20, "b": 20})
    labels = [EndLabel("a", 70.0, "#000000"), EndLabel("b", 70.4, "#111111"), EndLabel("c", 60.0, "#222222")]
    add_end_labels(figure, labels, (50.0, 90.0))
    notes = figure.layout.annotations
    assert [note.y for note in notes] == [70.0, 70.4, 60.0]
    assert [note.yshift for note in notes] == pytest.approx([-7, 7, 0])  # 200 pixels for 40 points, 16 a line
    assert figure.layout.margin.r > 16
    assert not figure.layout.showlegend


def test_labels_stay_apart_in_a_lower_figure() -> None:
    figure = empty(height=240)
    figure.update_layout(margin={"t": 20, "b": 20})
    add_end_labels(figure, [EndLabel("a", 70.0, "#000000"), EndLabel("b", 73.0, "#111111")], (50.0, 90.0))
    assert [note.yshift for note in figure.layout.annotations] == pytest.approx([-0.5, 0.5])
    layout = figure.to_plotly_json()["layout"]
    keep_apart(layout, 140)
    assert [note["yshift"] for note in layout["annotations"]] == pytest.approx([-4.25, 4.25])
    keep_apart({}, 100)  # a figure without labels
