"""In a real browser, the buttons of a report's tables and figures save and copy what they name, in the page's font."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytest.importorskip("playwright.sync_api")

# Lets a button remember what it tells for a moment.
TOLD = """button => { button.told = new Promise(done => {
    new MutationObserver(() => { if (button.dataset.done) { done(button.dataset.done); } })
        .observe(button, { attributes: true });
}); }"""
INTER = "document.fonts.check('14px Inter') && [...document.fonts].some(font => font.status === 'loaded')"


@pytest.fixture
def report(full_report: Path, page: Page) -> Page:
    """Return an open report."""
    page.goto((full_report / "report.html").as_uri())
    return page


def saved(page: Page, button: Locator) -> tuple[str, bytes]:
    """Return the name and the content of the file that a button saves."""
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_figure_is_saved_as_png_svg_and_data(report: Page) -> None:
    figure = report.locator("figure").first
    width = figure.locator(".plot").evaluate("plot => plot.clientWidth")
    name, png = saved(report, figure.get_by_role("button", name="as PNG"))
    assert name.endswith(".png")
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">I", png[16:20])[0] == 3 * width
    name, svg = saved(report, figure.get_by_role("button", name="as SVG"))
    assert name.endswith(".svg")
    assert svg.startswith(b"<svg")
    assert b"@font-face{font-family:Inter" in svg
    name, data = saved(report, figure.get_by_role("button", name="as Data"))
    assert name.endswith(".csv")
    assert data.startswith(b"series,x,y,value\n")
    assert b"adaptive" in data


def test_an_image_is_on_white_paper_whatever_the_theme(report: Page) -> None:
    report.emulate_media(color_scheme="dark")
    _, svg = saved(report, report.locator("figure").first.get_by_role("button", name="as SVG"))
    assert b"rgb(255, 255, 255)" in svg
    assert b"rgb(20, 23, 27)" not in svg


def test_a_table_is_saved_as_csv_and_copied_as_latex(report: Page) -> None:
    report.context.grant_permissions(["clipboard-read", "clipboard-write"])
    table = report.locator("section.table").first
    name, csv = saved(report, table.get_by_role("button", name="as CSV"))
    assert name.endswith(".csv")
    assert csv.startswith(b"Configuration,")
    button = table.get_by_role("button", name="LaTeX")
    button.evaluate(TOLD)
    button.click()
    assert button.evaluate("button => button.told") == "Copied"
    assert r"\begin{tab" in report.evaluate("navigator.clipboard.readText()")


def test_the_page_is_set_in_its_own_font(report: Page) -> None:
    report.wait_for_function(INTER)
    assert report.locator("body").evaluate("body => getComputedStyle(body).fontFamily").startswith("Inter")


@pytest.mark.parametrize("width", [400, 1000])
def test_the_first_column_stays_while_a_wide_table_scrolls(report: Page, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 900})
    report.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true; })")
    scrolled = report.locator(".scroll").evaluate_all("""boxes => boxes.map(box => {
        box.scrollLeft = 1e6;
        const cell = box.querySelector("tbody th").getBoundingClientRect();
        return [box.scrollLeft, cell.left - box.getBoundingClientRect().left];
    })""")
    assert any(moved > 0 for moved, _ in scrolled) or width > 400
    assert all(abs(offset) < 1 for _, offset in scrolled)


def test_one_figure_is_printed_alone(report: Page) -> None:
    report.evaluate("window.print = () => { window.printed = true; }")
    figure = report.locator("figure").first
    figure.get_by_role("button", name="as PDF").click()
    assert report.evaluate("window.printed")
    report.emulate_media(media="print")
    assert figure.is_visible()
    assert not report.locator("h1").is_visible()
    report.evaluate("dispatchEvent(new Event('afterprint'))")
    assert report.locator("h1").is_visible()
