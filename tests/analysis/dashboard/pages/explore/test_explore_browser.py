"""A real browser explores a study: axes, brush, drawer, filters, selected runs. One study and one server for all.

The fixture ``page`` fails a test that saw a console error, a dialog or a foreign address.
"""

import csv
import re
import socket
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.server import serving
from analysis.dashboard.studies import Studies

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.slow
UPDATES = re.compile("/_dash-update-component")  # Dash adds a query
PLOT = "#explore-figure .js-plotly-plot"
ROWS = "#runs-grid .ag-center-cols-container .ag-row:not(.ag-row-loading)"


@pytest.fixture(scope="module")
def study(full_storage):
    """Serve ``full_study`` and return the address of its page."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, serving(make_app(Studies(full_storage, lambda *_: None), Guard()).server, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/study/best-t"


@pytest.fixture
def explore(page, study):
    """Open the Explore tab."""
    page.goto(f"{study}?tab=explore")
    expect(page.locator(f"{PLOT} .main-svg").first).to_be_visible()
    expect(page.get_by_role("textbox", name="x axis")).to_have_value("T")
    settled(page)
    return page


def settled(page):
    """Wait until the figure is drawn as the page's choices ask."""
    expect(page.locator(f"{PLOT} .xtitle")).to_be_attached()  # an empty figure has none
    expect(page.locator(".dash-graph--pending")).to_have_count(0)


@contextmanager
def unanswered(page):
    """Let the server hear nothing that the page asks in the block before its end."""
    asked = []

    def hold(route):
        asked.append(route)

    page.route(UPDATES, hold)
    yield
    assert asked
    page.unroute(UPDATES)  # which sends what was held


def open_runs(page, study, query=""):
    """Open the Runs tab, and wait until its controls show what the address chooses."""
    page.goto(f"{study}?tab=runs{query}")
    expect(page.get_by_role("textbox", name="Arm")).not_to_have_value("")


def chosen(page):
    """Return the query of the page's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def choose(page, label, option):
    page.get_by_role("textbox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def title(page, axis):
    return page.locator(f"{PLOT} .{axis}title")


def drag(page, start, end):
    """Drag over the plot, from one corner to another in data coordinates."""
    corners = page.locator(PLOT).evaluate(
        """(plot, points) => points.map(([x, y]) => {
          const box = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;
          return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis.d2p(y)];
        })""",
        [start, end],
    )
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.mouse.move(*corners[1], steps=6)
    page.mouse.up()


def test_axes_are_chosen_and_kept_in_the_address(explore, study):
    choose(explore, "y axis", "Test accuracy")
    expect(title(explore, "y")).to_have_text("Test accuracy (%)")
    choose(explore, "x axis", "Seed")
    expect(title(explore, "x")).to_have_text("Seed")
    assert chosen(explore) == {"tab": "explore", "x": "seed", "y": "test_accuracy"}
    explore.reload()
    expect(title(explore, "x")).to_have_text("Seed")
    expect(explore.get_by_role("textbox", name="y axis")).to_have_value("Test accuracy")
    explore.go_back()
    expect(title(explore, "x")).to_have_text("T")
    expect(explore.get_by_role("textbox", name="x axis")).to_have_value("T")
    explore.go_back()
    expect(title(explore, "y")).to_have_text("Validation accuracy (%)")
    assert explore.url == f"{study}?tab=explore"


def test_colour_panels_group_and_log_axes_are_chosen(explore):
    choose(explore, "Panels", "Arm")
    expect(explore.locator(f"{PLOT} .annotation-text").first).to_have_text("Arm: adaptive")
    choose(explore, "Colour", "Status")
    expect(explore.locator(f"{PLOT} .legendtext").first).to_have_text("complete")
    explore.get_by_text("Single runs", exact=True).click()
    expect(explore.locator("#explore-note")).not_to_contain_text("means")
    explore.get_by_role("switch", name="Log x").click(force=True)
    expect(explore).to_have_url(re.compile("xlog=0"))
    expect(explore.locator(f"{PLOT} .xtick text").first).to_have_text("0")  # a logarithmic axis has none
    assert chosen(explore) == {"tab": "explore", "facet": "arm", "colour": "status", "group": "runs", "xlog": "0"}


def test_a_brush_filters_the_grid_and_survives_a_reload(explore):
    expect(explore.locator("#runs-count")).to_contain_text("46 runs")
    drag(explore, (700, 83), (1400, 79))
    expect(explore.locator("#runs-count")).to_contain_text("6 of 46 runs, selected in the figure")
    expect(explore.locator(ROWS)).to_have_count(6)
    explore.reload()
    expect(explore.locator("#runs-count")).to_contain_text("6 of 46 runs")
    expect(explore.locator(f"{PLOT} .selectionlayer path").first).to_be_attached()
    explore.get_by_role("button", name="Clear the selection").click()
    expect(explore.locator("#runs-count")).to_have_text("46 runs")
    assert "brush" not in chosen(explore)


def test_a_click_on_a_dot_opens_the_run_and_escape_closes_it(explore):
    explore.get_by_text("Single runs", exact=True).click()
    expect(explore).to_have_url(re.compile("group=runs"))
    expect(explore.locator("#explore-note")).not_to_contain_text("means")
    settled(explore)
    dot = explore.locator(f"{PLOT} .scatterlayer .point").first
    dot.click(force=True)
    drawer = explore.get_by_role("dialog")
    expect(drawer).to_contain_text("adaptive T=100, seed 0")
    expect(drawer.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(drawer).to_contain_text("What was trained")
    assert "drawer" in chosen(explore)
    explore.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(explore).not_to_have_url(re.compile("drawer="))
    explore.go_back()
    expect(explore.get_by_role("dialog")).to_be_visible()


def test_learning_curves_are_smoothed(explore):
    choose(explore, "x axis", "Epoch")
    expect(title(explore, "x")).to_have_text("Epoch")
    slider = explore.get_by_role("slider", name="Smoothing in percent")
    slider.focus()
    for smoothing in (5, 10):
        slider.press("ArrowRight")
        expect(explore).to_have_url(re.compile(f"smoothing={smoothing}$"))
    expect(explore.locator("#explore-note")).to_contain_text("Smoothed by an exponential mean of weight 0.1")
    assert chosen(explore) == {"tab": "explore", "x": "epoch", "smoothing": "10"}


def test_a_choice_made_while_the_server_answers_the_one_before_is_kept(explore):
    choose(explore, "x axis", "Epoch")
    expect(title(explore, "x")).to_have_text("Epoch")
    slider = explore.get_by_role("slider", name="Smoothing in percent")
    with unanswered(explore):
        slider.press("ArrowRight")
        expect(explore).to_have_url(re.compile("smoothing=5$"))
        slider.press("ArrowRight")
    expect(explore).to_have_url(re.compile("smoothing=10$"))
    expect(explore.locator("#explore-note")).to_contain_text("weight 0.1;")
    expect(slider).to_have_attribute("aria-valuenow", "10")


def test_a_run_that_is_closed_and_opened_again_before_the_server_answers_is_shown(page, study):
    open_runs(page, study, "&arm=gce")
    page.locator("#runs-grid a").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("What was trained")
    with unanswered(page):
        page.keyboard.press("Escape")
        expect(page).not_to_have_url(re.compile("drawer="))
        expect(drawer).to_have_count(0)
        page.go_back()
        expect(page).to_have_url(re.compile("drawer="))
    expect(drawer.first).to_contain_text("What was trained")


def test_a_filter_selects_runs_and_a_wrong_one_is_explained(page, study):
    open_runs(page, study)
    where = page.get_by_role("textbox", name="Filter")
    where.fill('loss == "cce" and seed < 3')
    where.press("Enter")
    expect(page.locator("#runs-count")).to_have_text("3 of 46 runs")
    expect(page.locator(ROWS)).to_have_count(3)
    where.fill("lss == 3")
    where.press("Enter")
    expect(page.get_by_text("character 1: there is no column lss: did you mean loss?")).to_be_visible()
    expect(page.locator("#runs-count")).to_have_text("46 runs")
    page.go_back()
    expect(where).to_have_value('loss == "cce" and seed < 3')
    expect(page.locator("#runs-count")).to_have_text("3 of 46 runs")


def test_failed_and_diverged_runs_come_first_with_their_errors(page, study):
    open_runs(page, study)
    expect(page.locator(ROWS).nth(0)).to_contain_text("diverged")
    expect(page.locator(ROWS).nth(1)).to_contain_text("failed")
    page.get_by_role("button", name="1 failed").click()
    expect(page.locator("#runs-count")).to_have_text("1 of 46 runs")
    expect(page.get_by_text("RuntimeError: out of memory")).to_be_visible()
    expect(page.get_by_role("textbox", name="Status")).to_have_value("failed")


def test_columns_are_chosen_and_sorted(page, study):
    open_runs(page, study)
    expect(page.locator(ROWS).first).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("textbox", name="Columns").click()
    page.get_by_role("option", name="Loss", exact=True).click()
    page.keyboard.press("Escape")
    header = page.get_by_role("columnheader", name="Loss")
    expect(header).to_be_attached()
    assert chosen(page)["columns"].endswith("loss")
    page.get_by_role("columnheader", name="Seed").click()
    expect(page).to_have_url(re.compile("sort=seed"))
    expect(page.locator(ROWS).first.locator("[col-id=seed]")).to_have_text("0")
    page.get_by_role("columnheader", name="Seed").click()
    expect(page).to_have_url(re.compile("sort=-seed"))
    expect(page.locator(ROWS).first.locator("[col-id=seed]")).to_have_text("93")


def test_selected_runs_are_overlaid_and_compared(page, study):
    open_runs(page, study, "&arm=cce")
    expect(page.locator(ROWS)).to_have_count(6)
    boxes = page.locator("#runs-grid .ag-selection-checkbox input")
    boxes.nth(0).click()
    boxes.nth(2).click()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Overlay curves").click()
    comparison = page.get_by_label("Comparison of the selected runs")
    expect(comparison.locator(".legendtext")).to_have_text(["cce, seed 0", "cce, seed 2"] * 2)
    page.get_by_role("button", name="Side by side", exact=True).click()
    expect(comparison.get_by_role("columnheader")).to_have_text(["", "cce, seed 0", "cce, seed 2"])
    expect(comparison.get_by_role("row", name="seed 0 2")).to_be_visible()
    page.reload()
    expect(comparison.get_by_role("columnheader")).to_have_count(3)
    expect(boxes.nth(2)).to_be_checked()
    comparison.get_by_role("button", name="Close").click()
    expect(comparison.get_by_role("columnheader")).to_have_count(0)


def test_the_csv_holds_the_listed_runs(page, study):
    page.goto(f"{study}?tab=runs&where=seed+%3C+2&status=complete&sort=-seed")
    expect(page.locator("#runs-count")).to_have_text("14 of 46 runs")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert [row["seed"] for row in rows] == ["1"] * 7 + ["0"] * 7


def test_a_run_is_opened_from_the_grid_by_keyboard_and_the_focus_returns(page, study):
    open_runs(page, study, "&arm=gce")
    expect(page.locator(ROWS)).to_have_count(6)
    cell = page.locator("#runs-grid [row-index='1'] [col-id=seed]")
    cell.click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("gce, seed 1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cell).to_be_focused()


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("tab", ["explore", "runs"])
def test_the_tabs_fit_their_window(page, study, tab, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{study}?tab={tab}")
    expect(page.locator(ROWS).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
