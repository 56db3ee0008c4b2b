"""Every page passes axe-core in both themes, and fits a window of 400 pixels."""

from __future__ import annotations

import pytest

from analysis.dashboard.pages.study import TABS

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
expect = pytest.importorskip("playwright.sync_api").expect
STUDY = "/study/best-t"
PAGES = ["/", "/queue", "/nowhere", *(f"{STUDY}?tab={tab}" for tab in TABS), f"{STUDY}?open=results,comparisons"]


@pytest.fixture
def pages(full_study, storage, owners):
    """Return the addresses of all pages, with one run in training."""
    full_study.write(storage)
    owners["best-t"] = "process 7 of me on here"
    return [*PAGES, f"{STUDY}/run/{next(iter(full_study.records))}"]


def faults(page):
    """Return what axe-core finds that is serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_fault(pages, served, page, theme):
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for path in pages:
        page.goto(f"{served}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        figures = page.locator("main figure")
        expect(figures.locator(".main-svg").first if figures.count() else page.locator("main")).to_be_visible()
        assert faults(page) == [], path


def test_every_page_fits_a_narrow_window(pages, served, page):
    page.set_viewport_size({"width": 400, "height": 800})
    for path in pages:
        page.goto(f"{served}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
