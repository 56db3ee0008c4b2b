"""The bundle of plotly.js that reports contain: that of plotly.py's version, with every type of trace that is drawn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from plotly.offline import get_plotlyjs

from analysis.report.plotly.source import plotly_js
from analysis.report.sections import figures_of, report_sections

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from factories import Builder


def _version(source: str) -> str:
    found = re.search(r"plotly\.js .*?v(\d+\.\d+\.\d+)", source[:200])
    assert found is not None
    return found[1]


def test_the_bundle_is_of_the_version_that_plotly_py_ships() -> None:
    assert _version(plotly_js()) == _version(get_plotlyjs())


def test_the_bundle_is_a_third_of_the_whole_and_ends_no_script_element() -> None:
    assert len(plotly_js()) < 1_600_000
    assert "</script" not in plotly_js().lower()


@pytest.mark.slow
def test_the_bundle_draws_every_type_of_trace_that_reports_have(page: Page, full_study: Builder) -> None:
    page.set_content("<p></p>")
    page.add_script_tag(content=plotly_js())
    drawn_by_bundle = page.evaluate("Object.keys(Plotly.PlotSchema.get().traces)")
    figures = figures_of(report_sections(full_study.report())).values()
    types = {trace.type for figure in figures for trace in figure.drawing.data}
    assert types <= set(drawn_by_bundle)
    assert len(types) > 2
