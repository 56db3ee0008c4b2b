"""Figures on dark paper: everything that is drawn stands out, shades keep their meaning, names keep their letters."""

from __future__ import annotations

import colorsys
import copy
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pytest
from plotly.colors import get_colorscale
from plotly.utils import PlotlyJSONEncoder

from analysis.plotting import dark, theme
from analysis.plotting.dark import DARK_INK, DARK_PAPER, dark_colour, differing_colours, on_dark
from analysis.report.method_report import method_report
from analysis.report.sections import figures_of, report_sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from factories import Builder


def rgb(colour: str) -> tuple[float, float, float]:
    """Return the parts of ``#rrggbb``, each from 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` as WCAG defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colours(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """List every colour of a figure with its key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from colours(inner, name)
    elif isinstance(value, list | tuple) and not key.endswith("scale"):
        for inner in value:
            yield from colours(inner, key)
    elif isinstance(value, str) and key.endswith("color"):
        yield key, value


@pytest.fixture
def drawn(full_study: Builder) -> dict[str, dict[str, Any]]:
    """Return every figure of a report as plain data, by its name."""
    figures = figures_of(report_sections(method_report(full_study.results())))
    return {name: json.loads(json.dumps(figure.drawing, cls=PlotlyJSONEncoder)) for name, figure in figures.items()}


def test_text_and_hover_text_have_a_contrast_of_4_5_on_both_papers(drawn: dict[str, dict[str, Any]]) -> None:
    assert len(drawn) > 5
    for light in drawn.values():
        for figure in (light, on_dark(light)):
            layout = figure["layout"]["template"]["layout"]
            assert contrast(layout["font"]["color"], layout["paper_bgcolor"]) > 4.5
            assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == layout["hoverlabel"]["bgcolor"]
            assert layout["hoverlabel"]["font"]["color"] == layout["font"]["color"]


def test_every_mark_stands_out_from_dark_paper(drawn: dict[str, dict[str, Any]]) -> None:
    seen = set()
    for light in drawn.values():
        for key, colour in colours(on_dark(light)):
            if colour.startswith("#") and colour not in {DARK_PAPER, dark.DARK_GRID}:
                seen.add(colour)
                assert contrast(colour, DARK_PAPER) > 3, (key, colour)
    assert DARK_INK in seen
    assert set(theme.COLOURS) & seen


def test_the_palette_stands_out_from_dark_paper_in_distinct_colours_of_the_same_hues() -> None:
    dark = [dark_colour(colour) for colour in theme.COLOURS]
    assert all(contrast(colour, DARK_PAPER) > 4.5 for colour in dark)
    assert len(set(dark)) == len(dark)
    hues = [[colorsys.rgb_to_hls(*rgb(colour))[0] for colour in palette[:-1]] for palette in (theme.COLOURS, dark)]
    assert hues[1] == pytest.approx(hues[0], abs=0.03)


def test_a_higher_value_is_brighter_on_both_papers() -> None:
    figure = go.Figure(go.Heatmap(z=[[0, 1]], colorscale=theme.SCALE)).to_plotly_json()
    assert on_dark(figure)["data"][0]["colorscale"] == list(figure["data"][0]["colorscale"])
    shades = [
        "#" + "".join(f"{int(part):02x}" for part in text[4:-1].split(",")) if text.startswith("rgb") else text
        for _, text in get_colorscale(theme.SCALE)
    ]
    assert all(luminance(low) < luminance(high) for low, high in pairwise(shades))


def test_the_stronger_line_stands_out_more_on_both_papers() -> None:
    lines = [theme.strength(share / 20) for share in range(21)]
    for paper, line in ((theme.PAPER, lines), (DARK_PAPER, [dark_colour(line) for line in lines])):
        contrasts = [contrast(colour, paper) for colour in line]
        assert all(weak <= strong for weak, strong in pairwise(contrasts))
        assert contrasts[-1] > 2 * contrasts[0]


@pytest.mark.parametrize(
    ("colour", "changed"),
    [
        ("#1B1F24", DARK_INK),
        ("#ffffff", DARK_PAPER),
        ("rgba(27,31,36,0.10)", "rgba(230,233,237,0.10)"),
        ("rgba(255,255,255,0.9)", "rgba(20,20,20,0.9)"),
        ("#D55E00", "#D55E00"),
        ("rgba(0,158,115,0.2)", "rgba(0,158,115,0.2)"),
        ("rgba(0,0,0,0)", "rgba(245,245,245,0)"),
        ("white", "white"),
    ],
)
def test_ink_and_paper_change_places_and_hues_stay(colour: str, changed: str) -> None:
    assert dark_colour(colour) == changed


def test_a_name_that_is_a_colour_stays_and_the_figure_too() -> None:
    figure = {"data": [{"name": "#ffffff", "text": ["#1b1f24"], "marker": {"color": ["#1b1f24", "#D55E00"]}}]}
    before = copy.deepcopy(figure)
    themed = on_dark(figure)
    assert themed == {"data": [{"name": "#ffffff", "text": ["#1b1f24"], "marker": {"color": [DARK_INK, "#D55E00"]}}]}
    assert figure == before


def test_the_colours_that_differ_are_listed_with_what_they_become() -> None:
    figure = {"data": [{"name": "#ffffff", "line": {"color": "#1b1f24"}, "fillcolor": "#D55E00"}]}
    assert differing_colours([figure]) == {"#1b1f24": DARK_INK}
