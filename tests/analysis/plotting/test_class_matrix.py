"""A matrix of classes: its scale, its names and its size for few classes and for many."""

from __future__ import annotations

import numpy as np
import plotly.io as pio
import pytest
from plotly.colors import sample_colorscale

from analysis.plotting.class_matrix import MAX_NAME, MAX_PRINTED, axis_names, class_sizes, draw_class_matrix
from analysis.plotting.dark import dark_colour
from analysis.plotting.palette import on_scale
from colours import contrast

NAN = float("nan")


def matrix(classes: int) -> list[list[float]]:
    """Return shares of which 97 % lie on the diagonal."""
    return np.where(np.eye(classes, dtype=bool), 0.97, 0.03 / (classes - 1)).tolist()


def test_few_classes_have_their_shares_printed_but_for_those_that_round_to_0() -> None:
    drawn = draw_class_matrix([[0.996, 0.004], [NAN, NAN]], ["a", "b"], rows="r", columns="c", hovertemplate="")
    assert [(text, x, y) for text, x, y in zip(drawn.data[1].text, drawn.data[1].x, drawn.data[1].y, strict=True)] == [
        ("100", "a", "a")
    ]
    assert list(drawn.data[0].z[1]) == [None, None]


def test_a_share_in_a_cell_has_a_contrast_of_4_5_on_both_papers() -> None:
    for paper in ("gce_light", "gce_dark"):
        stops = pio.templates[paper].layout.colorscale.sequential
        for share in np.linspace(0, 1, 201):
            (cell,) = sample_colorscale([[place, colour] for place, colour in stops], [share], colortype="tuple")
            text = on_scale(share) if paper == "gce_light" else dark_colour(on_scale(share))
            assert contrast(text, "#" + "".join(f"{round(255 * part):02x}" for part in cell)) >= 4.5, (paper, share)


def test_of_more_classes_nothing_is_printed() -> None:
    names = [str(i) for i in range(MAX_PRINTED + 1)]
    assert len(draw_class_matrix(matrix(len(names)), names, rows="r", columns="c", hovertemplate="").data) == 1


@pytest.mark.parametrize("classes", [2, 20, 60, 200])
def test_a_matrix_fits_a_screen(classes: int) -> None:
    names = [f"class {i}" for i in range(classes)]
    drawn = draw_class_matrix(matrix(classes), names, rows="r", columns="c", hovertemplate="")
    assert 100 < drawn.layout.height < 1100
    assert list(drawn.layout.yaxis.range) == [classes - 0.5, -0.5]


def test_every_name_of_up_to_60_classes_has_room_for_its_letters() -> None:
    assert all(row >= 1.2 * font for row, font in map(class_sizes, range(1, 61)))


def test_long_names_are_cut_and_stay_distinct() -> None:
    names = axis_names(["a" * 300, "a" * 301, "<b>", "Rain"])
    assert names[2:] == ["&lt;b&gt;", "Rain"]
    assert names[0] != names[1]
    assert max(map(len, names)) <= MAX_NAME + 2


def test_the_ends_of_the_scale_are_labelled_on_paper_of_any_width() -> None:
    bar = draw_class_matrix(matrix(2), ["a", "b"], rows="r", columns="c", hovertemplate="").data[0].colorbar
    assert (list(bar.ticktext), bar.ticklabeloverflow) == (["0 %", "50 %", "100 %"], "allow")
