"""A real browser opens the dashboard, follows a study while it runs, and keeps what the reader has chosen."""

import json
import time
import urllib.request

from trainables.config import CCE
from trainables.records import study_folder, write_plan, write_record

EVIL = "<img src=x onerror=alert(1)>"
DRAWN = "document.querySelectorAll('.js-plotly-plot .main-svg').length > 0"
RANGE = "document.querySelector('.js-plotly-plot').layout.xaxis.range"


def test_the_server_answers_over_http(full_study, storage, served):
    full_study.write(storage)
    with urllib.request.urlopen(f"{served}/study/best-t") as answer:  # noqa: S310 -- our own server
        assert answer.status == 200
    with urllib.request.urlopen(f"{served}/files/best-t/runs.csv") as answer:  # noqa: S310
        assert answer.read().count(b"\n") == 47


def test_every_page_opens_without_an_error_and_without_a_foreign_address(full_study, studies, storage, served, browser):
    full_study.write(storage)
    verdict = studies.snapshot("best-t").verdict
    tabs = ["runs", *("-".join(section.title.lower().split()) for section in studies.snapshot("best-t").sections)]
    run_id = next(iter(full_study.records))
    for width in (400, 1600):
        browser.open(f"{served}/", width)
        browser.wait("document.querySelector('article h2 a')")
        browser.click("article h2 a")
        browser.wait(f"{DRAWN} && document.title === 'best-t: Overview - gce-study'")
        assert browser.value("document.querySelector('.verdict').innerText") == verdict
        assert browser.value("location.pathname") == "/study/best-t"
        for tab in tabs:
            browser.open(f"{served}/study/best-t?tab={tab}", width)
            browser.wait(
                "document.querySelector('.tabs .here') && "
                "document.querySelectorAll('main table, main p, figure').length"
            )
            assert browser.value("document.documentElement.scrollWidth <= window.innerWidth"), (tab, width)
        browser.open(f"{served}/study/best-t/run/{run_id}", width)
        browser.wait(DRAWN)
        assert "Provenance and cost" in browser.text()
        assert browser.value("document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.errors == []
    assert [url for url in browser.requested if not url.startswith((served, "data:", "blob:", "about:"))] == []


def test_a_reader_filters_sorts_opens_a_run_and_goes_back(full_study, storage, served, browser):
    full_study.write(storage)
    browser.open(f"{served}/study/best-t?tab=runs")
    browser.wait("document.querySelectorAll('tbody tr').length === 46")
    browser.click("a.chip[href*='status=failed']")
    browser.wait("document.querySelectorAll('tbody tr').length === 1")
    assert browser.value("location.search") == "?tab=runs&status=failed"
    browser.click("tbody a")
    browser.wait("document.querySelector('.problem')?.innerText === 'RuntimeError: out of memory'")
    browser.value("history.back()")
    browser.wait("document.querySelectorAll('tbody tr').length === 1")
    browser.open(f"{served}/study/best-t?tab=runs")
    browser.wait("document.querySelector('th a[href*=\"sort=seed\"]')")
    browser.click("th a[href*='sort=seed']")
    browser.wait("document.querySelector('th[aria-sort=ascending]')")
    assert browser.errors == []


def test_an_open_page_follows_the_study_and_keeps_the_readers_zoom(study, storage, served, browser, owners):
    study.temperatures([2, 2.5, 3], 4)
    late = list(study.records.values())[-2:]
    write_plan(storage, study.plan())
    for record in study.records.values():
        if record not in late:
            write_record(storage, record)
    browser.open(f"{served}/study/best-t")
    browser.wait(f"{DRAWN} && document.body?.innerText?.includes('10 of 12 runs recorded')")
    before = browser.value(RANGE)
    box = "document.querySelector('.js-plotly-plot .nsewdrag').getBoundingClientRect()"
    browser.value("document.querySelector('.js-plotly-plot').scrollIntoView({block: 'center'})")
    x, y, width = browser.value(f"[{box}.x, {box}.y + {box}.height / 2, {box}.width]")
    browser.drag((x + 0.2 * width, y), (x + 0.6 * width, y))
    browser.wait(f"JSON.stringify({RANGE}) !== '{json.dumps(before).replace(' ', '')}'")
    zoomed = browser.value(RANGE)
    browser.value("document.querySelector('.js-plotly-plot').dataset.mine = 'kept'")
    owners["best-t"] = "process 7 of me on here"
    flying = {late[1].run_id: [3, 0.5]}
    said = {"running": flying, "eta_s": 60, "updated": time.time(), "standing": "training"}
    (study_folder(storage, "best-t") / "progress.json").write_text(json.dumps(said))
    write_record(storage, late[0])
    browser.wait("document.body?.innerText?.includes('11 of 12 runs recorded')")
    browser.wait("document.body?.innerText?.includes('3 of 160')")
    text = browser.text()
    assert "training; ETA 60 s; run by process 7 of me on here" in text
    dots = "document.querySelector('.js-plotly-plot').data[0].x.length"
    browser.wait(f"{dots} === 11")
    assert browser.value("document.querySelector('.js-plotly-plot').dataset.mine") == "kept"
    assert browser.value(RANGE) == zoomed
    assert browser.errors == []


def test_a_study_that_starts_while_the_list_is_open_appears(study, storage, served, browser):
    browser.open(f"{served}/")
    browser.wait("document.body?.innerText?.includes('No study is registered here yet')")
    study.baselines(2).write(storage)
    browser.wait("document.querySelector('article h2 a')?.innerText === 'best-t'")
    assert browser.errors == []


def test_a_damaged_plan_is_said_and_mended_while_the_page_is_open(study, storage, served, browser):
    study.baselines(2).write(storage)
    path = study_folder(storage, "best-t") / "plan.json"
    whole = path.read_bytes()
    path.write_text("{")
    browser.open(f"{served}/study/best-t")
    browser.wait("document.querySelector('[role=alert]')?.innerText?.includes('plan.json: damaged')")
    path.write_bytes(whole)
    browser.wait("document.querySelector('.verdict')")
    assert browser.errors == []


def test_names_with_html_in_them_do_nothing(study, storage, served, browser):
    study.description, study.classes = EVIL, [EVIL, "Wind"]
    study.temperatures([2, 3], 3, arm=EVIL)
    failed = study.add("cce", CCE(name="cce"), 0, status="failed", error=EVIL, provenance={EVIL: EVIL})
    study.write(storage)
    pages = ["", *(f"/study/best-t?tab={tab}" for tab in ("", "runs", "accuracy", "results", "learning-curves"))]
    pages += ["/study/best-t?tab=provenance", "/study/best-t?tab=arms-on-each-subset", f"/study/best-t/run/{failed}"]
    for page in pages:
        browser.open(f"{served}{page}")
        browser.wait("document.querySelector('main h1') && !document.querySelector('.dash-graph--pending')")
        assert EVIL in browser.text()
        assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.dialogs == []
    assert browser.errors == []
