"""A study that ``gce-study run`` really trains, followed in a browser from the dashboard that really serves it."""

import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from watching import suspended, until

expect = pytest.importorskip("playwright.sync_api").expect
GCE_STUDY = [sys.executable, "-m", "study.cli"]
EVIL = "<img src=x onerror=alert(1)>"
STUDY = """
name: tiny
dataset: {{kind: folder, root: {folder}/sounds, test: 0.25}}
arms: [{{name: cce, loss: {{name: cce}}}}, {{name: gce, loss: {{name: gce}}}}]
seeds: 1
training: {{epochs: 2, batch_size: 8}}
resources: {{max_concurrent: 1}}
storage: {folder}/storage
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of a folder of sounds, one class of which is named as HTML that would run; and an empty storage."""
    found = tmp_path_factory.mktemp("tiny")
    random = np.random.default_rng(0)
    for label in (EVIL, "Wind"):
        (found / "sounds" / label).mkdir(parents=True)
        for i in range(12):
            soundfile.write(found / "sounds" / label / f"{i}.wav", random.uniform(-0.5, 0.5, 8_000), 44_100)
    (found / "tiny.yaml").write_text(STUDY.format(folder=found))
    (found / "storage").mkdir()
    return found


@pytest.fixture(scope="module")
def address(folder):
    """Serve the storage by the command itself and return the address."""
    with subprocess.Popen(
        [*GCE_STUDY, "dashboard", "--storage", folder / "storage", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip()
        process.kill()


def run(folder):
    """Start to train the study; what is recorded is not trained again."""
    return subprocess.Popen([*GCE_STUDY, "run", folder / "tiny.yaml"], stderr=subprocess.DEVNULL)


def test_a_study_is_followed_from_an_empty_list_to_its_end(folder, address, page):
    main, badge = page.get_by_role("main"), page.locator("h1 + .badge")
    page.goto(address)
    expect(main).to_contain_text("No study is registered here yet")
    with run(folder) as training:
        until((folder / "storage" / "studies" / "tiny" / "plan.json").exists, "the plan", seconds=180)
        with suspended(training.pid):  # or it might be complete before the browser looks
            page.get_by_role("link", name="tiny").click()
            expect(badge).to_have_text("running")
            expect(main).to_contain_text(re.compile(f"run by process {training.pid}", re.IGNORECASE))
        expect(badge).to_have_text("complete", timeout=300_000)
        expect(page.get_by_text("tiny: complete, 100 % of the runs recorded")).to_be_attached()
        expect(main).not_to_contain_text(re.compile("run by process", re.IGNORECASE))
        assert training.wait(180) == 0


def test_a_label_that_is_html_does_nothing(folder, address, page):
    with run(folder) as training:
        assert training.wait(300) == 0
    page.goto(f"{address}study/tiny?tab=runs")
    page.locator("#runs-grid a").first.click()
    page.get_by_role("link", name="Open the page of this run").click()
    confusion = page.get_by_role("region", name="Confusion")
    expect(confusion).to_contain_text(EVIL)
    expect(page.locator("img")).to_have_count(0)
    page.get_by_role("link", name="tiny: runs").click()
    expect(page.locator("#runs-count")).to_have_text("2 runs")
    links = page.locator(".tabs a").evaluate_all("links => links.map(link => link.href)")
    for link in (*links, (folder / "storage" / "studies" / "tiny" / "report" / "report.html").as_uri()):
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        expect(page.locator("figure .modebar")).to_have_count(page.locator("figure").count())
        expect(page.locator("img")).to_have_count(0)
