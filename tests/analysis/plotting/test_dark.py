"""Figures on dark paper: everything that is drawn stands out, shades keep their meaning, names keep their letters."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from plotly.utils import PlotlyJSONEncoder

from analysis.plotting.dark import dark_colour, differing_colours, on_dark, without_template
from analysis.plotting.palette import GRID, INK, PAPER, STRENGTHS
from analysis.report.method_report import method_report
from analysis.report.sections import figures_of, report_sections
from colours import contrast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from factories import Builder


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


@pytest.mark.parametrize("paper", [PAPER.light, PAPER.dark])
def test_every_mark_stands_out_from_its_paper(drawn: dict[str, dict[str, Any]], paper: str) -> None:
    seen = set()
    for light in drawn.values():
        figure = without_template(light if paper == PAPER.light else on_dark(light))
        for key, colour in colours(figure):
            if colour.startswith("#") and colour not in {*PAPER, *GRID, *STRENGTHS}:
                seen.add(colour)
                assert contrast(colour, paper) >= 3, (key, colour)
    assert len(seen) > 3


def test_a_figure_on_dark_paper_has_the_dark_template(drawn: dict[str, dict[str, Any]]) -> None:
    papers = {on_dark(light)["layout"]["template"]["layout"]["paper_bgcolor"] for light in drawn.values()}
    assert papers == {PAPER.dark}


@pytest.mark.parametrize(
    ("colour", "changed"),
    [
        ("#1B1F24", INK.dark),
        ("#ffffff", PAPER.dark),
        ("rgba(27,31,36,0.10)", "rgba(230,233,237,0.10)"),
        ("rgba(255,255,255,0.9)", "rgba(20,23,27,0.9)"),
        ("#0b5ab0", "#4a8af0"),
        ("rgba(11,90,176,0.2)", "rgba(74,138,240,0.2)"),
        ("rgba(0,0,0,0)", "rgba(0,0,0,0)"),
        ("white", "white"),
    ],
)
def test_each_colour_of_the_palette_becomes_its_partner(colour: str, changed: str) -> None:
    assert dark_colour(colour) == changed


def test_a_name_that_is_a_colour_stays_and_the_figure_too() -> None:
    figure = {"data": [{"name": "#ffffff", "text": ["#1b1f24"], "marker": {"color": ["#1b1f24", "#D55E00"]}}]}
    before = copy.deepcopy(figure)
    themed = on_dark(figure)["data"]
    assert themed == [{"name": "#ffffff", "text": ["#1b1f24"], "marker": {"color": [INK.dark, "#D55E00"]}}]
    assert figure == before


def test_the_colours_that_differ_are_listed_with_what_they_become() -> None:
    figure = {"data": [{"name": "#ffffff", "line": {"color": "#1b1f24"}, "fillcolor": "#D55E00"}]}
    assert differing_colours([figure]) == {"#1b1f24": INK.dark}
