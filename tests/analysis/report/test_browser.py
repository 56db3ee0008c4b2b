"""A real browser opens the report from its folder, with the network off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.report.write import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from factories import Builder

expect = pytest.importorskip("playwright.sync_api").expect

CUT = """() => [...document.querySelectorAll("figure .main-svg text")].filter(text => {
    const [own, plot] = [text, text.closest(".js-plotly-plot")].map(element => element.getBoundingClientRect());
    return own.left < plot.left - 1 || own.right > plot.right + 1;
}).map(text => text.textContent)"""  # words that leave their figure at a side


@pytest.mark.parametrize("width", [400, 1600])
def test_the_report_draws_every_figure_offline_in_its_window(
    full_study: Builder, tmp_path: Path, page: Page, width: int
) -> None:
    folder = write_report(tmp_path, full_study.write(tmp_path))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(offline=True)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((folder / "report.html").as_uri())
    expect(page.locator(".verdict")).to_be_in_viewport()
    assert page.locator("figure").count() > 5
    expect(page.locator("figure .modebar")).to_have_count(page.locator("figure").count())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(CUT) == []
    assert [address for address in asked if not address.startswith(("data:", "blob:"))] == [page.url]
