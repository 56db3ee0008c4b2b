"""Chromium is found and used; without it, or if it fails, an error states the reason."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from analysis.report.drawing import browser


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where scratch folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def program(folder: Path, script: str) -> str:
    """Make a program that stands for a browser."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def running(word: str) -> list[str]:
    """Return the command lines of this machine's processes that name something."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in text:
            found.append(text)
    return found


@pytest.mark.usefixtures("chromium")
def test_chromium_prints_a_page_as_pdf(scratch: Path) -> None:
    assert browser.print_pdf("<!doctype html><p>One page.</p>").startswith(b"%PDF-")
    assert list(scratch.iterdir()) == []
    assert running(str(scratch)) == []


def test_without_a_browser_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    with pytest.raises(browser.RenderError, match=r"a figure needs a browser, and none is installed: install Chromium"):
        browser.run_page("")
    with pytest.raises(browser.RenderError, match=r"pdf needs a browser, and none is installed: install Chromium"):
        browser.print_pdf("")


def test_a_browser_that_is_named_and_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browser.VARIABLE, "/nowhere/chrome")
    with pytest.raises(browser.RenderError, match="BROWSER_PATH = '/nowhere/chrome': no such program"):
        browser.print_pdf("")


def test_a_browser_that_prints_nothing_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "echo first >&2; echo no display >&2; exit 1"
    monkeypatch.setenv(browser.VARIABLE, program(tmp_path, script))
    with pytest.raises(browser.RenderError, match="printed no PDF: no display"):
        browser.print_pdf("")


def test_a_browser_that_hangs_is_ended_with_its_children(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100_000 + os.getpid()  # the same test may run beside this one
    monkeypatch.setattr(browser, "TIMEOUT_S", 0.5)
    monkeypatch.setenv(browser.VARIABLE, program(tmp_path, f"sleep {seconds} & sleep {seconds}"))
    with pytest.raises(browser.RenderError, match=r"not done after 0\.5 s"):
        browser.print_pdf("")
    deadline = time.monotonic() + 10  # a killed process takes a moment to disappear
    while running(f"sleep\x00{seconds}") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running(f"sleep\x00{seconds}") == []
    assert [path.name for path in scratch.iterdir()] == ["browser"]
