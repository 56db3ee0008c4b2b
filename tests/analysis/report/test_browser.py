"""A real browser opens the report from its folder, with the network off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from analysis.report.write import write_report
from factories import Builder

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api").expect
Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe

DARK, LIGHT = "rgb(20, 23, 27)", "rgb(255, 255, 255)"
CUT = """() => [...document.querySelectorAll("figure .main-svg text")].filter(text => {
    const [own, plot] = [text, text.closest(".js-plotly-plot")].map(element => element.getBoundingClientRect());
    return own.left < plot.left - 1 || own.right > plot.right + 1;
}).map(text => text.textContent)"""  # words that leave their figure at a side


def _open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('section > details').forEach(section => { section.open = true; })")


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
    expect(page.locator("h1")).to_be_in_viewport()
    _open_all(page)
    assert page.locator("figure").count() > 5
    expect(page.locator("figure .modebar")).to_have_count(page.locator("figure").count())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(CUT) == []
    assert [address for address in asked if not address.startswith(("data:", "blob:"))] == [page.url]


SHADES = """plots => plots.flatMap(plot => plot.data).filter(trace => trace.type === "heatmap")
    .map(trace => trace.colorscale)"""
BACKGROUNDS = """() => [...document.querySelectorAll(".js-plotly-plot .main-svg:first-child, body")].map(
    element => getComputedStyle(element).backgroundColor)"""


def test_the_report_is_dark_if_the_system_or_the_reader_chooses_so_and_white_in_print(
    full_study: Builder, tmp_path: Path, page: Page
) -> None:
    folder = write_report(tmp_path, full_study.write(tmp_path))
    page.emulate_media(color_scheme="dark")
    page.goto((folder / "report.html").as_uri())
    _open_all(page)
    expect(page.locator("figure .modebar")).to_have_count(page.locator("figure").count())
    assert set(page.evaluate(BACKGROUNDS)) == {DARK}
    scale = page.locator(".js-plotly-plot").evaluate_all(SHADES)
    assert scale
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert set(page.evaluate(BACKGROUNDS)) == {LIGHT}
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert set(page.evaluate(BACKGROUNDS)) == {DARK}
    plot = page.locator(".js-plotly-plot").first
    plot.scroll_into_view_if_needed()
    before = plot.evaluate("plot => plot.layout.xaxis.range")
    box = plot.locator(".nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=2)
    page.mouse.up()
    page.wait_for_function(
        "([plot, before]) => plot.layout.xaxis.range[0] !== before[0]", arg=[plot.element_handle(), before]
    )
    zoomed = plot.evaluate("plot => plot.layout.xaxis.range")
    page.locator("#theme-choice").select_option("light")
    assert set(page.evaluate(BACKGROUNDS)) == {LIGHT}
    assert plot.evaluate("plot => plot.layout.xaxis.range") == zoomed
    assert page.locator(".js-plotly-plot").evaluate_all(SHADES) == scale


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the page of a study with every kind of section."""
    folder = tmp_path_factory.mktemp("report")
    study = Builder(kind="fsdnoisy18k").temperatures([2, 2.5, 3, 3.5, 4], 6).baselines(6)
    return (write_report(folder, study.write(folder)) / "report.html").as_uri()


def test_evidence_and_appendix_are_closed_and_their_figures_not_drawn_until_they_are_opened(
    report: str, page: Page
) -> None:
    page.goto(report)
    expect(page.locator("figure .modebar")).to_have_count(1)
    assert page.locator("section > details[open]").count() == 0
    page.get_by_role("heading", name="Learning curves").click()
    expect(page.locator("#learning-curves figure .modebar").first).to_be_visible()


def test_a_link_of_the_contents_opens_its_section_and_marks_it(report: str, page: Page) -> None:
    page.goto(report)
    expect(page.locator(".rail a[aria-current]")).to_have_text("Result")
    page.locator(".rail").get_by_role("link", name="Methods").click()
    expect(page.locator("#methods > details")).to_have_attribute("open", "")
    expect(page.locator("#methods")).to_be_in_viewport()
    expect(page.locator(".rail a[aria-current]")).to_have_text("Methods")
    expect(page.get_by_role("link", name="Back to top")).to_be_hidden()
    page.locator(".rail").get_by_role("link", name="Result", exact=True).click()
    expect(page.locator(".rail a[aria-current]")).to_have_text("Result")


def test_an_address_with_an_anchor_opens_what_it_names(report: str, page: Page) -> None:
    page.goto(f"{report}#figure-2")
    expect(page.locator("#figure-2")).to_be_in_viewport()
    expect(page.locator("#figure-2 .modebar")).to_be_attached()


def test_the_contents_are_a_menu_on_a_narrow_screen(report: str, page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto(report)
    expect(page.locator(".rail")).to_be_hidden()
    page.get_by_text("Contents", exact=True).click()
    page.locator(".menu").get_by_role("link", name="Comparisons").click()
    expect(page.locator(".menu")).not_to_have_attribute("open", "")
    expect(page.locator("#comparisons > details")).to_have_attribute("open", "")
    page.get_by_role("link", name="Back to top").click()
    expect(page.locator("h1")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Back to top")).to_be_hidden()


def test_the_whole_verdict_is_behind_in_full(report: str, page: Page) -> None:
    page.goto(report)
    verdict = page.locator(".full p").first
    expect(verdict).to_be_hidden()
    page.get_by_text("In full", exact=True).click()
    expect(verdict).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_open_page_has_no_accessibility_finding(report: str, page: Page, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(report)
    _open_all(page)
    expect(page.locator("figure .modebar")).to_have_count(page.locator("figure").count())
    violations = Axe().run(page).response["violations"]
    assert [(found["id"], found["nodes"][0]["html"]) for found in violations] == []
