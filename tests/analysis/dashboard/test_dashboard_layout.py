"""Nothing on a page lies over something else or moves once it is there, in windows of any width."""

from __future__ import annotations

import pytest

from analysis.dashboard.addresses import Address
from analysis.dashboard.pages.routes import make_page
from analysis.dashboard.pages.study import TABS
from clip_outputs import leave_manifest
from factories import Builder
from trainables.datasets.manifest import Clip
from trainables.losses.catalogue import CCE, GCE
from trainables.records import Test

expect = pytest.importorskip("playwright.sync_api").expect
CLASSES = ["Rain on a roof", "Wind in a tree"]
# The sum of all layout shifts so far that no input caused, as in https://web.dev/articles/cls, without its windows.
OBSERVE = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
MOST_SHIFTED = 0.1
# Where the buttons of a figure end, and where each name of a column begins: at one moment, as a drawer may still move.
BARS = """plot => [
  plot.querySelector(".modebar").getBoundingClientRect().bottom,
  [...plot.querySelectorAll(".xtick text")].map(name => name.getBoundingClientRect().top),
]"""


@pytest.fixture
def run_id(full_study, storage):
    """Write ``full_study`` and a study of two runs that confuse one of its listed test clips; return a run's id."""
    full_study.write(storage)
    study = Builder(name="clips", classes=CLASSES, clips={"test": 4})
    for arm, loss in (("cce", CCE(name="cce")), ("gce", GCE(name="gce"))):
        run_id = study.add(arm, loss, 0, test=0.75)
        test = Test(accuracy=0.75, predictions=[0, 1, 1, 1])
        study.records[run_id] = study.records[run_id].model_copy(update={"test": test})
    study.write(storage)
    of_class = [(f"{place}.wav", CLASSES[place // 2]) for place in range(4)]
    leave_manifest(storage, study.plan(), [Clip(name, label, "test", verified=True) for name, label in of_class])
    return run_id


def drawn(page):
    """Wait until every figure of a page is drawn."""
    figures = page.locator("main figure")
    expect(figures.locator(".modebar")).to_have_count(figures.count())


@pytest.mark.slow
@pytest.mark.parametrize("width", [400, 1000])
def test_pages_do_not_move_while_they_are_loaded(run_id, served, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.add_init_script(OBSERVE)
    pages = [f"/study/best-t?tab={tab}" for tab in TABS]
    pages += ["/study/best-t?tab=about&open=runs-and-their-cost,data", f"/study/clips/run/{run_id}"]
    for path in ["/", "/compare?study=best-t&study=clips", "/study/clips?tab=clips", *pages]:
        page.goto(f"{served}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if "tab=explore" in path or "tab=runs" in path:
            expect(page.locator("#runs-grid .ag-row:not(.ag-row-loading)").first).to_be_visible()
        drawn(page)
        assert page.evaluate("window.shifted") < MOST_SHIFTED, path


@pytest.mark.slow
@pytest.mark.parametrize(("place", "width"), [("drawer", 1000), ("tab", 400)])
def test_the_buttons_of_a_confusion_matrix_stand_above_the_names_of_its_columns(run_id, served, page, place, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served}/study/clips?{f'tab=runs&drawer={run_id}' if place == 'drawer' else 'tab=clips'}")
    matrix = page.locator(".js-plotly-plot:has(.heatmaplayer image, .heatmaplayer path, .hm)").first
    expect(matrix.locator(".xtick text")).to_have_count(len(CLASSES))
    expect(matrix.locator(".modebar")).to_be_attached()
    bottom, tops = matrix.evaluate(BARS)
    assert len(tops) == len(CLASSES)
    assert min(tops) >= bottom


@pytest.mark.slow
@pytest.mark.usefixtures("run_id")
def test_the_button_of_a_narrow_table_is_not_far_from_it_in_a_wide_window(served, page):
    page.set_viewport_size({"width": 1600, "height": 800})
    page.goto(f"{served}/study/clips?tab=clips")
    title = page.get_by_role("heading", name="Most frequent confusions").bounding_box()
    button = page.get_by_role("link", name="Most frequent confusions as CSV").bounding_box()
    assert button["x"] + button["width"] - title["x"] <= 46 * 16 + 8


@pytest.mark.slow
@pytest.mark.usefixtures("run_id")
def test_the_result_of_a_compared_study_has_room_in_a_narrow_window(served, page):
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{served}/compare?study=best-t&study=clips")
    result = page.get_by_role("region", name="Results").locator("tbody tr").first.locator("td").nth(1)
    expect(result).to_contain_text("No single winner: adaptive with T")
    box = result.bounding_box()
    assert box["width"] >= 200
    assert box["x"] + box["width"] <= 400  # seen without scrolling


def test_an_exploring_figure_that_is_not_drawn_yet_has_the_colour_of_the_page(full_studies):
    page = make_page(full_studies, Address(study="best-t", tab="explore"))
    parts = [part for block in page.blocks for part in block.parts]
    every = [one for part in parts for one in [part, *part._traverse()]]
    layout = next(one for one in every if getattr(one, "id", None) == "explore-figure").figure.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert layout.xaxis.visible is layout.yaxis.visible is False
