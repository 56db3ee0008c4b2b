"""Synthetic studies for the tests of ``analysis``, and a real browser."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from analysis.report.drawing.browser import WHERE, find_browser
from factories import Builder
from trainables.losses.catalogue import AdaptiveGCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PATIENCE_MS = 60_000  # for a browser on a busy machine
LOCAL = ("http://127.0.0.1:", "file:", "data:", "blob:", "about:")  # what a page may request


@pytest.fixture
def study() -> Builder:
    """Return an empty study to add runs to."""
    return Builder()


@pytest.fixture
def full_study() -> Builder:
    """Return a study of 5 values of T and 2 baselines with 6 seeds each, and one run of every other status.

    The failed run ended it, so that the run without a record is missing and no longer waits.
    """
    return _full_study()


@pytest.fixture(scope="session")
def full_storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a storage location that holds ``full_study``, for tests that change nothing in it."""
    folder = tmp_path_factory.mktemp("full-study")
    _full_study().write(folder)
    return folder


@pytest.fixture(scope="session")
def full_report(full_storage: Path) -> Path:
    """Return the folder of the report of ``full_study``: page, Markdown, LaTeX, JSON and tables."""
    from analysis.report.write import write_report  # noqa: PLC0415 -- plotly, which few tests need

    return write_report(full_storage, "best-t", formats=["html", "md", "csv", "latex", "json"])


def _full_study() -> Builder:
    spec = {"budget": {"max_failures": 1}}
    builder = Builder(kind="fsdnoisy18k", skipped=[("393581.wav", "truncated")], spec=spec)
    builder.temperatures([2, 2.5, 3, 3.5, 4], 6).baselines(6)
    adaptive = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
    varied = {"temperature": 100.0}
    builder.add("adaptive", adaptive, 90, status="stopped", varied=varied, epochs=2)
    builder.add("adaptive", adaptive, 91, status="diverged", varied=varied, error="train_loss is nan in epoch 2")
    builder.add("adaptive", adaptive, 92, status="failed", varied=varied, error="RuntimeError: out of memory", epochs=1)
    builder.add("adaptive", adaptive, 93, status=None, varied=varied)
    return builder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium; if there is none, skip the test, or fail it if GCE_STUDY_REQUIRE_BROWSER=1."""
    path = find_browser()
    if path is None:
        required = os.environ.get("GCE_STUDY_REQUIRE_BROWSER") == "1"
        (pytest.fail if required else pytest.skip)(f"no browser: {WHERE}")
    return path


@pytest.fixture(scope="module")  # its event loop must not outlive the tests that need it
def browser(chromium: str) -> Iterator[Browser]:
    """Return a headless Chromium."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 -- the other tests do without

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        switches = ["--disable-gpu", "--disable-quic", "--disable-sync"]  # in addition to playwright's
        launched = playwright.chromium.launch(executable_path=chromium, args=switches, timeout=PATIENCE_MS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page in a fresh profile; fail the test if there was an error, a dialog or a request to another host."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(f"exception: {error}"))
    opened.on("console", lambda line: problems.append(f"console: {line.text}") if line.type == "error" else None)
    opened.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    opened.on("request", lambda sent: None if sent.url.startswith(LOCAL) else problems.append(f"request: {sent.url}"))
    yield opened
    context.close()
    assert problems == []
