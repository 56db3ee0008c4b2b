"""In a real browser: the frame around the pages, the list of studies, and what is unfolded."""

from __future__ import annotations

import re

import pytest

from factories import write_record
from trainables.plans import write_plan

expect = pytest.importorskip("playwright.sync_api").expect


def write_studies(study, storage, count):
    """Write studies of two runs each, named study-0, study-1 ..."""
    study.baselines(1)
    for number in range(count):
        study.name = f"study-{number}"
        study.write(storage)


def test_the_first_tab_stop_leads_past_the_rail(study, storage, served, page):
    study.baselines(2).write(storage)
    page.goto(f"{served}/study/best-t")
    expect(page.locator("h2.headline")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served}/study/best-t#content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_rail_marks_where_the_reader_is(study, storage, served, page):
    study.baselines(2).write(storage)
    page.goto(f"{served}/study/best-t")
    here = page.locator(".rail-item[aria-current=page]")
    expect(here).to_have_text("Studies")
    page.get_by_role("link", name="Queue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Queue")
    expect(here).to_have_text("Queue")


def test_a_slash_leads_to_the_search_which_the_address_keeps(study, storage, served, page):
    write_studies(study, storage, 12)
    page.goto(served)
    expect(page.locator(".study-name a")).to_have_count(12)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("study-1")
    expect(page.locator(".study-name a")).to_have_count(3)
    expect(page).to_have_url(f"{served}/?search=study-1")
    page.reload()
    expect(page.locator(".study-name a")).to_have_count(3)
    expect(page.get_by_role("searchbox")).to_have_value("study-1")


def test_the_order_of_the_studies_is_in_the_address(study, storage, served, page):
    write_studies(study, storage, 3)
    page.goto(served)
    heading = page.get_by_role("columnheader", name="Study")
    heading.click()
    expect(page).to_have_url(f"{served}/?sort=name")
    heading.click()
    expect(page).to_have_url(f"{served}/?sort=name&descending=1")
    expect(page.locator(".study-name a")).to_have_text(["study-2", "study-1", "study-0"])
    page.reload()
    expect(page.locator(".study-name a").first).to_have_text("study-2")


def test_a_new_record_leaves_focus_and_scroll_of_the_list(study, storage, served, page):
    write_studies(study, storage, 40)
    page.goto(served)
    cell = page.get_by_role("gridcell", name="study-39", exact=True)
    page.locator(".ag-body-viewport").evaluate("rows => rows.scrollTo(0, 1e6)")
    expect(cell).to_be_visible()
    cell.click(position={"x": 2, "y": 2})
    expect(cell).to_be_focused()
    (storage / "records" / f"{next(iter(study.records))}.json").unlink()  # of every study
    expect(page.locator(".ag-row[row-id=study-39]")).to_contain_text("1 of 2")
    expect(cell).to_be_focused()
    assert page.locator(".ag-body-viewport").evaluate("rows => rows.scrollTop") > 0


def test_a_new_record_leaves_focus_folds_and_scroll_of_a_study(study, storage, served, page, owners):
    study.temperatures([2, 2.5, 3], 4).baselines(3)
    *others, late, _ = study.records.values()
    write_plan(storage, study.plan())
    for record in others:
        write_record(storage, record)
    owners["best-t"] = "process 7"
    page.goto(f"{served}/study/best-t")
    fold, content = page.locator("button.fold").last, page.locator("main .part:has(> figure)")
    figure = page.locator(".js-plotly-plot").first
    expect(figure.locator(".main-svg").first).to_be_visible()
    figure.evaluate("plot => { plot.dataset.mine = 'kept'; }")
    fold.focus()
    page.keyboard.press("Enter")
    name = fold.get_attribute("data-fold")
    expect(page).to_have_url(f"{served}/study/best-t?open={name}")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(content.locator(".main-svg").first).to_be_visible()
    expect(figure).to_have_attribute("data-mine", "kept")  # what is unfolded leaves the rest as it is
    content.locator(".js-plotly-plot").first.evaluate("plot => { plot.dataset.mine = 'too'; scrollTo(0, 400); }")
    write_record(storage, late)
    expect(page.locator("main")).to_contain_text(f"{len(study.records) - 1} of {len(study.records)} runs recorded")
    expect(fold).to_be_focused()
    expect(page.locator("[data-mine=kept], [data-mine=too]")).to_have_count(2)
    assert page.evaluate("scrollY") == 400
    page.keyboard.press("Enter")
    expect(content).to_have_count(0)
    expect(page).to_have_url(f"{served}/study/best-t")


def test_the_result_in_the_header_opens_in_full(full_study, storage, served, page):
    full_study.write(storage)
    page.goto(f"{served}/study/best-t?tab=about")
    full = page.locator(".head .full")
    expect(page.locator(".head summary")).to_be_visible()
    expect(full).not_to_be_visible()
    page.locator(".head summary").click()
    expect(full).to_be_visible()


def test_the_study_file_is_copied(study, storage, served, page):
    study.baselines(2).write(storage)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{served}/study/best-t?tab=about&open=study-file")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#study-file-text").inner_text()


def test_what_changes_is_announced(study, storage, served, page, owners):
    study.temperatures([2, 3], 5)
    write_plan(storage, study.plan())
    first, *others = study.records.values()
    write_record(storage, first)
    owners["best-t"] = "process 7"
    page.goto(f"{served}/study/best-t")
    expect(page.get_by_role("status")).to_have_text("best-t: running, 10 % of the runs recorded")
    for record in others:
        write_record(storage, record)
    expect(page.get_by_role("status")).to_have_text("best-t: running, 100 % of the runs recorded")


def test_a_page_states_that_the_server_does_not_answer(study, storage, served, browser):
    study.baselines(2).write(storage)
    context = browser.new_context()
    page = context.new_page()
    page.goto(served)
    expect(page.locator(".study-name a")).to_have_count(1)
    page.route(re.compile("_dash-update-component"), lambda route: route.abort())
    expect(page.get_by_role("alert")).to_contain_text("not responding")
    page.unroute_all()
    expect(page.locator("#silence")).to_be_hidden()
    context.close()
