"""How much a reader gets on opening a report, measured in a real browser: words, screens, bytes, printed pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from analysis.report.drawing.browser import Browser
from analysis.report.method_report import method_report
from analysis.report.page import page as page_of
from analysis.report.sections import report_sections
from factories import Builder
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from analysis.report.sections import Section
    from trainables.config import Subset

SCREEN = 1000  # pixels
SUBSETS: tuple[Subset, ...] = ("xs_noisy+clean", "s_noisy+clean", "m_noisy+clean", "l_noisy+clean", "all")
# The words that are shown, apart from those in tables and plots.
PROSE = """() => [...document.querySelectorAll("main :is(h1, h2, h3, p, li, dt, dd, summary, figcaption, .note)")]
    .filter(element => element.checkVisibility() && !element.closest("table, .plot, figcaption details")
        && !element.parentElement.closest("li, summary, figcaption, .note"))
    .map(element => element.innerText).join(" ").split(/\\s+/).length"""


class Report(NamedTuple):
    """A report's parts and its page."""

    headline: str
    sections: list[Section]
    page: str
    print: str


def _figure3() -> Builder:
    return Builder("figure3", "fsdnoisy18k").temperatures([2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6], 12).baselines(12)


def _table2() -> Builder:
    study = Builder("table2", "fsdnoisy18k")
    for place, subset in enumerate(SUBSETS):
        study.temperatures([3], 12, subset=subset, shift=place / 100).baselines(12, subset=subset, shift=place / 100)
    return study


def _demo() -> Builder:
    return Builder("demo").temperatures([2, 3, 4], 3).baselines(3)


def _settle() -> Builder:
    study = Builder("settle").exploring_temperatures({100.0: 2.0, 1000.0: 0.0, 10000.0: 2.0})
    study.method |= {"baselines": ["cce"]}
    for seed in range(10_000, 10_005):
        test = 0.7 + seed % 7 / 1000
        varied = {"temperature": 1000.0}
        loss = AdaptiveGCE(name="adaptive_gce", temperature=1000.0)
        study.add("adaptive", loss, seed, validation=test + 0.1, test=test, varied=varied, stage="confirm")
        study.add("cce", CCE(name="cce"), seed, validation=test + 0.05, test=test - 0.05, stage="confirm")
    return study


def _search() -> Builder:
    study = Builder("search", method={"name": "search", "configurations": 20, "asha": None, "baselines": []})
    for place in range(20):
        rate = 10.0 ** (-4 + place / 10)
        training = study.training.model_copy(update={"learning_rate": rate})
        score, varied = 0.8 - 0.01 * abs(place - 12), {"q": (place + 1) / 25, "learning_rate": rate}
        seeds = {"explore": range(1), "confirm": range(10_000, 10_005 if place in {11, 12} else 10_000)}
        for stage in ("explore", "confirm"):
            for seed in seeds[stage]:
                accuracy = score + seed % 5 / 1000
                loss = GCE(name="gce", q=varied["q"])
                study.add("gce", loss, seed, validation=accuracy, varied=varied, training=training, stage=stage)
    return study


@pytest.fixture(scope="module", params=[_figure3, _table2, _demo, _settle, _search])
def report(request: pytest.FixtureRequest) -> Report:
    """Return the report of a study of each kind."""
    make: Callable[[], Builder] = request.param
    report = method_report(make().results())
    sections = report_sections(report)
    return Report(report.headline.text, sections, page_of(report, sections, {}), page_of(report, sections, {}, "short"))


def test_the_headline_has_twelve_words_at_most(report: Report) -> None:
    assert len(report.headline.split()) <= 12


def test_a_caption_has_35_words_at_most(report: Report) -> None:
    long = [figure.caption for section in report.sections for figure in section.figures]
    assert [caption for caption in long if len(caption.split()) > 35] == []


def test_no_caption_note_table_or_figure_is_there_twice(report: Report) -> None:
    figures = [figure for section in report.sections for figure in section.figures]
    tables = [table for section in report.sections for table in section.tables]
    explained = [f"{figure.caption} {figure.more}" for figure in figures if not figure.caption.startswith("As Figure ")]
    noted = [table.note for table in tables if table.note and not table.note.startswith("As Table ")]
    for parts in (explained, noted, [figure.title for figure in figures], [table.title for table in tables]):
        assert len(parts) == len(set(parts))


def test_no_section_only_states_that_there_is_nothing(report: Report) -> None:
    assert all(table.rows for section in report.sections for table in section.tables)


def test_the_page_has_three_megabytes_at_most(report: Report) -> None:
    assert len(report.page.encode()) <= 3_000_000


@pytest.mark.slow
def test_a_reader_gets_1200_words_and_8_screens_at_most_on_opening_and_2400_words_in_all(
    report: Report, page: Page
) -> None:
    page.set_viewport_size({"width": 1600, "height": SCREEN})
    page.set_content(report.page)
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length > 0")
    assert page.evaluate(PROSE) <= 1200
    assert page.evaluate("document.documentElement.scrollHeight") <= 8 * SCREEN
    page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true })")
    assert page.evaluate(PROSE.replace(", figcaption details", "")) <= 2400


@pytest.mark.slow
def test_the_headline_the_numbers_and_the_start_of_figure_1_are_on_the_first_screen(report: Report, page: Page) -> None:
    page.set_viewport_size({"width": 1600, "height": SCREEN})
    page.set_content(report.page)
    bottom = page.locator(".tiles").bounding_box()
    figure = page.locator("#figure-1").bounding_box()
    assert bottom is not None
    assert figure is not None
    assert bottom["y"] + bottom["height"] <= 0.6 * SCREEN
    assert figure["y"] <= 0.8 * SCREEN


def _pages(page: str) -> int:
    with Browser() as printing:
        printing.open(page)
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", printing.pdf()))


@pytest.mark.slow
@pytest.mark.usefixtures("chromium")
def test_the_printed_answer_has_two_pages_at_most(report: Report) -> None:
    assert 1 <= _pages(report.print) <= 2


@pytest.mark.slow
@pytest.mark.usefixtures("chromium")
def test_a_long_print_has_every_section() -> None:
    report = method_report(_demo().results())
    sections = report_sections(report)
    assert _pages(page_of(report, sections, {}, "long")) > 2
