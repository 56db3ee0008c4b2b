"""Sizes of figures on paper and on slides."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from analysis.report.drawing.sizes import laid_out, needs_both_columns
from analysis.report.formats import SIZE_NAMES, SIZES, SizeName


def figure(**layout: object) -> go.Figure:
    return go.Figure(go.Scatter(x=[1, 2], y=[3, 4]), {"height": 460, **layout})


@pytest.mark.parametrize(("name", "width", "points"), [("column", 84, 8), ("double", 174, 8), ("slide", 300, 16)])
def test_text_of_fourteen_pixels_gets_the_size_in_points(name: SizeName, width: float, points: float) -> None:
    size = SIZES[name]
    assert 14 * size.scale / 96 * 72 == pytest.approx(points)
    assert size.layout_width * size.scale / 96 * 25.4 == pytest.approx(width)


@pytest.mark.parametrize("name", SIZE_NAMES)
def test_a_single_panel_is_wider_than_high(name: SizeName) -> None:
    layout = laid_out(figure(height=2000), SIZES[name])
    assert layout.height_mm < SIZES[name].width_mm


def test_rows_of_labels_keep_the_height_that_they_need() -> None:
    labels = figure(height=1000, yaxis={"type": "category"})
    assert laid_out(labels, SIZES["column"]).height == 1000


def test_rows_too_tall_for_a_page_are_pushed_together_with_the_same_text() -> None:
    layout = laid_out(figure(height=1200, yaxis={"type": "category"}, font={"size": 14}), SIZES["column"], 200)
    assert layout.height_mm == pytest.approx(200)
    assert layout.figure["layout"]["font"]["size"] == 14


def test_rows_are_pushed_together_to_three_fifths_at_most() -> None:
    assert laid_out(figure(height=3000, yaxis={"type": "category"}), SIZES["column"], 200).height == 1800


def test_panels_below_one_another_keep_the_height_that_they_need() -> None:
    panels = make_subplots(rows=2, cols=1).update_layout(height=700)
    assert laid_out(panels, SIZES["column"]).height == 700


def test_a_figure_with_panels_beside_one_another_needs_both_columns() -> None:
    assert needs_both_columns(make_subplots(rows=1, cols=2))
    assert not needs_both_columns(make_subplots(rows=2, cols=1))
    assert not needs_both_columns(figure())


def test_text_that_would_be_too_small_is_enlarged_and_the_figure_itself_stays() -> None:
    drawing = figure(legend={"font": {"size": 9}}, annotations=[{"text": "a", "font": {"size": 20}}])
    layout = laid_out(drawing, SIZES["column"]).figure["layout"]
    assert layout["legend"]["font"]["size"] == pytest.approx(13.3)
    assert layout["annotations"][0]["font"]["size"] == 20
    assert drawing.layout.legend.font.size == 9


def test_the_pixels_follow_from_size_and_resolution() -> None:
    layout = laid_out(figure(height=200), SIZES["double"])
    assert layout.pixels(300)[0] == 2055
    assert layout.pixels(600)[0] == 4110


def test_a_figure_with_long_labels_below_its_axis_needs_both_columns() -> None:
    labels = {"tickvals": [0, 1, 2, 3], "ticktext": ["training set"] * 4}
    assert not needs_both_columns(figure(xaxis=labels | {"ticktext": ["10", "20", "30", "40"]}))
    assert needs_both_columns(figure(xaxis=labels))
    assert not needs_both_columns(figure(yaxis=labels))
