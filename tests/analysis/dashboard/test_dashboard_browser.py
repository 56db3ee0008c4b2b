"""A real browser opens the dashboard, follows a study while it grows, and keeps what the reader has chosen.

The fixture ``page`` fails a test that saw a console error, a dialog or a foreign address.
"""

import csv
import json
import struct
import time
import urllib.request
from pathlib import Path

import pytest

from analysis.dashboard.pages.study import TABS
from analysis.plotting.styles import styles_of_losses
from analysis.report.method_report import method_report
from analysis.report.sections import report_sections
from analysis.results.study_results import load_results
from factories import write_record
from trainables.losses.catalogue import CCE
from trainables.plans import study_folder, write_plan
from watching import until

expect = pytest.importorskip("playwright.sync_api").expect
# The runs that are drawn one by one: the marks without intervals.
MARKS = "p => p._fullData.filter(t => t.mode === 'markers' && !t.error_y?.visible).reduce((n, t) => n + t.x.length, 0)"
EVIL = "<img src=x onerror=alert(1)>"
DRAWN = ".js-plotly-plot .main-svg"
ROWS = "#runs-grid .ag-center-cols-container .ag-row:not(.ag-row-loading)"
DARK, LIGHT = "rgb(20, 23, 27)", "rgb(255, 255, 255)"


def fits(page):
    """Say whether a page is no wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def tab_to(page, target):
    """Press Tab until the target has the focus."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach {target}")


def test_the_server_answers_over_http(full_study, storage, served):
    full_study.write(storage)
    with urllib.request.urlopen(f"{served}/study/best-t") as answer:  # noqa: S310 -- our own server
        assert answer.status == 200
    with urllib.request.urlopen(f"{served}/files/best-t/runs.csv") as answer:  # noqa: S310
        assert answer.read().count(b"\n") == 47


@pytest.mark.parametrize("width", [400, 1600])
def test_every_page_opens_and_fits_its_window(full_study, storage, served, page, width):
    full_study.write(storage)
    results = load_results(storage, "best-t")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(served)
    page.get_by_role("link", name="best-t").click()
    expect(page).to_have_title("best-t: Answer - gce-study")
    expect(page).to_have_url(f"{served}/study/best-t")
    expect(page.locator(DRAWN).first).to_be_visible()
    expect(page.locator("h2.headline")).to_have_text(method_report(results).headline.text)
    expect(page.locator("details.verdict p")).to_have_text(method_report(results).verdict)
    assert fits(page)
    links = page.locator(".tabs a").evaluate_all("links => links.map(link => link.href)")
    assert len(links) == len(TABS)
    links.append(f"{links[0]}?open={','.join(s.slug for s in report_sections(method_report(results)))}")
    links += [f"{served}/queue", served]
    run = f"{served}/study/best-t/run/{next(iter(full_study.records))}"
    for link in (*links[1:], run, f"{served}/study/none", f"{served}/nowhere"):
        page.goto(link)
        expect(page.locator("main h1")).to_be_visible()
        figures = page.locator("main figure")
        expect(figures.locator(".modebar")).to_have_count(figures.count())  # each is drawn, and can be saved
        assert fits(page), link


def test_a_runs_curve_is_shown_whole(full_study, storage, served, page):
    full_study.write(storage)
    run_id, record = next(iter(full_study.records.items()))
    page.goto(f"{served}/study/best-t/run/{run_id}")
    expect(page.locator(DRAWN).first).to_be_visible()
    first, last = page.locator(".js-plotly-plot").evaluate("plot => plot.layout.xaxis.range")
    assert first < 1
    assert last > len(record.epochs) > 10
    expect(page.get_by_role("main")).to_contain_text("Provenance and cost")


def test_tab_and_enter_are_enough(full_study, storage, served, page):
    full_study.write(storage)
    unanswered = set()
    page.on("request", lambda sent: unanswered.add(sent.url + str(sent.post_data)))
    page.on("requestfinished", lambda sent: unanswered.discard(sent.url + str(sent.post_data)))
    page.goto(served)
    study = page.get_by_role("gridcell", name="best-t").first
    expect(study).to_be_visible()
    tab_to(page, study)
    page.keyboard.press("Enter")
    expect(page.locator(DRAWN).first).to_be_visible()
    tab_to(page, page.get_by_label("Download plot as a png"))
    with page.expect_download():
        page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Runs", exact=True))
    page.keyboard.press("Enter")
    chip = page.get_by_role("button", name="1 failed")
    expect(page.locator(ROWS).first).to_be_visible()
    tab_to(page, chip)
    page.keyboard.press("Enter")
    expect(page.locator("#runs-count")).to_contain_text("1 of 46 runs")
    expect(page.locator(ROWS)).to_have_count(1)
    while unanswered:  # rows that are fetched once more would lose the focus
        page.wait_for_timeout(100)
    tab_to(page, page.locator("#runs-grid .ag-header-cell").first)
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    link = page.get_by_role("dialog").get_by_role("link", name="Open the page of this run")
    expect(link).to_be_visible()
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("adaptive T=100, seed 92")


def test_a_figure_is_saved_as_a_picture(full_study, storage, served, page):
    full_study.write(storage)
    page.goto(f"{served}/study/best-t")
    expect(page.locator(".modebar")).to_have_css("opacity", "1")  # with no mouse over the figure
    with page.expect_download() as saving:
        page.get_by_label("Download plot as a png").click()
    assert saving.value.suggested_filename == "best-t test-accuracy-against-temperature-t.png"
    picture = Path(saving.value.path()).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", picture[16:24])[1] == 3 * page.locator(".js-plotly-plot").evaluate(
        "plot => plot._fullLayout.height"
    )


def test_a_picture_is_on_white_paper_in_the_dark_theme_too(full_study, storage, served, page):
    full_study.write(storage)
    page.emulate_media(color_scheme="dark")
    page.goto(f"{served}/study/best-t")
    expect(page.locator(DRAWN).first).to_have_css("background-color", DARK)
    with page.expect_download() as saving:
        page.get_by_role("button", name="as SVG").first.click()
    svg = Path(saving.value.path()).read_text()
    assert LIGHT in svg
    assert DARK not in svg
    adaptive = styles_of_losses({"adaptive": "adaptive_gce"})["adaptive"].colour
    assert ", ".join(str(int(adaptive[i : i + 2], 16)) for i in (1, 3, 5)) in svg


def test_a_table_is_saved_as_it_is_shown(full_study, storage, served, page):
    full_study.write(storage)
    page.goto(f"{served}/study/best-t")
    with page.expect_download() as saving:
        page.get_by_role("link", name="Seeds done as CSV").click()
    assert saving.value.suggested_filename == "best-t-seeds.csv"
    shown = page.get_by_role("region", name="Seeds done").locator("tr")
    with Path(saving.value.path()).open(newline="") as file:
        cells = [row.locator("th, td").all_inner_texts() for row in shown.all()]
        assert list(csv.reader(file)) == [[text.replace("\xa0", " ") for text in row] for row in cells]


def test_light_and_dark_follow_the_system_until_the_reader_chooses(full_study, storage, served, page):
    full_study.write(storage)
    body, theme, figure = page.locator("body"), page.locator("#theme-button"), page.locator(DRAWN).first
    paper = page.locator(".js-plotly-plot .main-svg").first
    page.goto(f"{served}/study/best-t")
    expect(body).to_have_css("background-color", LIGHT)
    expect(paper).to_have_css("background-color", LIGHT)
    page.emulate_media(color_scheme="dark")
    expect(body).to_have_css("background-color", DARK)
    expect(paper).to_have_css("background-color", DARK)
    expect(figure).to_have_css("filter", "none")
    tab_to(page, theme)
    page.keyboard.press("Enter")
    expect(theme).to_have_attribute("title", "Theme: Light")
    expect(body).to_have_css("background-color", LIGHT)
    expect(paper).to_have_css("background-color", LIGHT)
    page.reload()
    expect(theme).to_have_attribute("title", "Theme: Light")
    expect(body).to_have_css("background-color", LIGHT)
    expect(paper).to_have_css("background-color", LIGHT)
    page.emulate_media(color_scheme="light")
    theme.click()
    expect(theme).to_have_attribute("title", "Theme: Dark")
    expect(body).to_have_css("background-color", DARK)
    page.goto(served)
    expect(body).to_have_css("background-color", DARK)


def test_an_open_page_follows_the_study_and_keeps_what_the_reader_did_to_a_figure(study, storage, served, page, owners):
    study.temperatures([2, 2.5, 3], 4).baselines(1)
    late = list(study.records.values())[10:12]  # of the last temperature
    write_plan(storage, study.plan())
    for record in study.records.values():
        if record not in late:
            write_record(storage, record)
    page.goto(f"{served}/study/best-t")
    progress, figure = page.get_by_role("main"), page.locator(".js-plotly-plot")
    expect(progress).to_contain_text("12 of 14 runs recorded")
    expect(page.locator(DRAWN).first).to_be_visible()
    figure.scroll_into_view_if_needed()
    before = figure.evaluate("plot => plot.layout.xaxis.range")
    box = figure.locator(".nsewdrag").bounding_box()
    # The answer to a question of before the zoom would draw the figure without it.
    with page.expect_request(lambda sent: "xaxis.range[0]" in (sent.post_data or "")):
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=2)
        page.mouse.up()
    zoomed = figure.evaluate("plot => plot.layout.xaxis.range")
    assert zoomed != before
    marks = figure.evaluate(MARKS)
    figure.evaluate("plot => { plot.dataset.mine = 'kept'; }")
    owners["best-t"] = "process 7 of me on here"
    said = {"running": {late[1].run_id: [3, 0.5]}, "eta_s": 60, "updated": time.time() + 3600, "standing": "training"}
    (study_folder(storage, "best-t") / "progress.json").write_text(json.dumps(said))
    write_record(storage, late[0])
    expect(progress).to_contain_text("13 of 14 runs recorded")
    expect(progress).to_contain_text("3 of 160")
    expect(progress).to_contain_text("Training; ETA 60 s; run by process 7 of me on here")
    until(lambda: figure.evaluate(MARKS) == marks + 1, "the figure with the new run")
    assert figure.evaluate("plot => plot.layout.xaxis.range") == zoomed
    assert figure.evaluate("plot => plot.dataset.mine") == "kept"


def test_a_study_that_starts_while_the_list_is_open_appears(study, storage, served, page):
    page.goto(served)
    expect(page.get_by_role("main")).to_contain_text("No study is registered here yet")
    study.baselines(2).write(storage)
    expect(page.locator(".study-name a")).to_have_text("best-t")


def test_a_damaged_plan_is_said_and_mended_while_the_page_is_open(study, storage, served, page):
    study.baselines(2).write(storage)
    path = study_folder(storage, "best-t") / "plan.json"
    whole = path.read_bytes()
    path.write_text("{")
    page.goto(f"{served}/study/best-t")
    expect(page.get_by_role("alert")).to_contain_text("plan.json: damaged")
    path.write_bytes(whole)
    expect(page.locator("h2.headline")).to_be_visible()


def test_names_with_html_in_them_do_nothing(study, storage, served, page):
    study.description, study.classes = EVIL, [EVIL, "Wind"]
    study.temperatures([2, 3], 3, arm=EVIL)
    failed = study.add("cce", CCE(name="cce"), 0, status="failed", error=EVIL, provenance={EVIL: EVIL})
    study.write(storage)
    pages = ["", *(f"/study/best-t?tab={tab}" for tab in TABS), f"/study/best-t/run/{failed}"]
    pages += [f"/study/best-t?open={tab}" for tab in ("accuracy", "results", "learning-curves", "comparisons")]
    for path in pages:
        page.goto(f"{served}{path}")
        expect(page.get_by_role("main")).to_contain_text(EVIL)
        figures = page.locator("main figure")
        expect(figures.locator(".modebar")).to_have_count(figures.count())
        expect(page.locator("img")).to_have_count(0)
