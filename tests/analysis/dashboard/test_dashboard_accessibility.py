"""Every page passes axe-core in both themes, and fits a window of 400 pixels."""

from __future__ import annotations

import pytest

from analysis.dashboard.pages.study import TABS
from clip_outputs import leave_manifest
from factories import Builder
from trainables.datasets.manifest import Clip
from trainables.losses.catalogue import CCE
from trainables.records import Test

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
expect = pytest.importorskip("playwright.sync_api").expect
STUDY = "/study/best-t"
COMPARED = "/compare?study=best-t&study=clips"
PAGES = [
    "/",
    "/queue",
    "/nowhere",
    COMPARED,
    "/study/clips?tab=clips",
    *(f"{STUDY}?tab={tab}" for tab in TABS),
    f"{STUDY}?open=results,comparisons",
    f"{STUDY}?tab=about&open=runs-and-their-cost,data,methods,provenance,study-file",
]


@pytest.fixture
def pages(full_study, storage, owners):
    """Return the addresses of all pages, with one run in training, and a study with predictions of its test clips."""
    full_study.write(storage)
    clips = Builder(name="clips", clips={"test": 2})
    run_id = clips.add("cce", CCE(name="cce"), 0, test=0.5)
    test = Test(accuracy=0.5, predictions=[1, 1])
    clips.records[run_id] = clips.records[run_id].model_copy(update={"test": test})
    clips.write(storage)
    leave_manifest(
        storage, clips.plan(), [Clip(f"{name}.wav", name, "test", verified=True) for name in ("Rain", "Wind")]
    )
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
        if "tab=explore" in path or "tab=runs" in path:
            expect(page.locator("#runs-grid .ag-row:not(.ag-row-loading)").first).to_be_visible()
        assert faults(page) == [], path


def test_every_page_fits_a_narrow_window(pages, served, page):
    page.set_viewport_size({"width": 400, "height": 800})
    for path in pages:
        page.goto(f"{served}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
