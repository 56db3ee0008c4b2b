"""A real browser keeps up with a study that starts, is read, and grows; see also test_dashboard_browser.py."""

import json
import socket
import threading

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.server import serving
from analysis.dashboard.studies import PATIENCE_S, Studies
from analysis.results.study_results import read_or_explain
from factories import write_record
from trainables.losses.catalogue import CCE
from trainables.plans import write_plan

expect = pytest.importorskip("playwright.sync_api").expect
HEADLINE = "h2.headline"
HIDDEN = "plot => plot._fullData.filter(t => t.visible === 'legendonly').map(t => t.name)"


@pytest.fixture
def read(monkeypatch):
    """Let records be read one by one, whenever the semaphore is released."""
    permitted = threading.Semaphore(0)

    def reading(storage, run_id):
        assert permitted.acquire(timeout=60)
        return read_or_explain(storage, run_id)

    monkeypatch.setattr("analysis.dashboard.reading.records.read_or_explain", reading)
    yield permitted
    permitted.release(100)


@pytest.fixture
def hurried(storage):
    """Serve the storage location as the command does: no request waits for records."""
    listener = socket.create_server(("127.0.0.1", 0))
    studies = Studies(storage, lambda *_: None, patience_s=PATIENCE_S)
    with listener, serving(make_app(studies, Guard()).server, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_the_page_of_a_study_that_is_starting_shows_it_once_it_is_planned(study, storage, served, page, owners):
    owners["best-t"] = "process 7 of me on here"
    page.goto(f"{served}/study/best-t")
    expect(page.get_by_role("alert")).to_contain_text("best-t is starting: its data is being prepared")
    study.add("cce", CCE(name="cce"), 0, status=None)
    write_plan(storage, study.plan())
    expect(page.locator(HEADLINE)).to_be_visible()
    expect(page.locator("h1 + .badge")).to_have_text("running")


def test_the_page_counts_the_records_that_are_read_then_shows_the_answer(study, storage, hurried, page, read):
    study.baselines(3).write(storage)
    page.goto(f"{hurried}/study/best-t")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Reading the records: 0 of 6")
    expect(page.locator("#news")).to_have_text("best-t: Reading the records")
    read.release(2)
    expect(main).to_contain_text("Reading the records: 2 of 6")
    read.release(4)
    expect(page.locator(HEADLINE)).to_be_visible()
    expect(page.locator("button.fold").first).to_be_visible()
    expect(page).to_have_title("best-t: Answer - gce-study")


def test_a_curve_that_the_reader_has_hidden_stays_hidden_when_a_run_is_recorded(study, storage, served, page):
    study.temperatures([2, 3], 3).baselines(3)
    late = list(study.records.values())[-1]
    write_plan(storage, study.plan())
    for record in study.records.values():
        if record is not late:
            write_record(storage, record)
    page.goto(f"{served}/study/best-t?tab=explore&x=epoch")
    figure = page.locator("#explore-figure .js-plotly-plot")
    figure.locator(".legendtoggle").first.click()
    expect(figure.locator(".legend .traces[style*='opacity: 0.5']").first).to_be_attached()
    hidden = figure.evaluate(HIDDEN)
    assert hidden
    figure.evaluate("plot => { plot.drawn = new Promise(done => plot.once('plotly_afterplot', () => done())); }")
    write_record(storage, late)
    expect(page.locator("#runs-status")).to_have_text("12 complete")
    figure.evaluate("plot => plot.drawn")
    assert figure.evaluate(HIDDEN) == hidden


def test_rows_far_below_are_fetched_when_the_reader_scrolls_to_them(study, storage, served, page):
    for seed in range(230):
        study.add("cce", CCE(name="cce"), seed, status=None)
    write_plan(storage, study.plan())
    requests = []
    page.on("request", lambda sent: requests.append(sent.post_data or ""))
    page.goto(f"{served}/study/best-t?tab=runs")
    grid = page.locator("#runs-grid")
    expect(grid.locator(".ag-row[row-index='0'] a")).to_be_visible()
    asked = [json.loads(body) for body in requests if "getRowsRequest" in body]
    assert max(body["inputs"][0]["value"]["endRow"] for body in asked if body["inputs"][0].get("value")) <= 200
    grid.locator(".ag-row[row-index='0'] .ag-cell").nth(1).click()
    page.keyboard.press("Control+End")
    expect(grid.locator(".ag-row[row-index='229'] a")).to_be_visible()
