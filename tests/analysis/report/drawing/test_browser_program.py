"""Chromium is found and used; without it, or if it fails, an error states the reason."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.report.drawing import browser
from analysis.report.drawing.browser import Browser
from watching import until

if TYPE_CHECKING:
    from collections.abc import Iterator


def ended(word: str) -> None:
    """Wait until no process names something: a killed one takes a moment to disappear."""
    until(lambda: not running(word), f"the end of the processes that name {word}", pause=0.01)


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


def open_page(timeout_s: float = browser.TIMEOUT_S) -> None:
    """Open an empty page in a browser of its own."""
    with Browser(timeout_s) as one:
        one.open("")


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Browser]:
    """Return a started Chromium."""
    assert chromium
    with Browser() as one:
        yield one


def test_a_page_is_printed_as_pdf(page: Browser) -> None:
    page.open("<!doctype html><p>One page.</p>")
    assert page.pdf().startswith(b"%PDF-")


def test_a_script_returns_what_it_promises(page: Browser) -> None:
    page.open("<!doctype html><script>const later = async (n) => [n + 1, 'µ'];</script>")
    assert page.run("later(1)") == [2, "µ"]


def test_an_opened_page_has_drawn_what_it_promised(page: Browser) -> None:
    late = "new Promise((done) => setTimeout(() => { document.title = 'drawn'; done(); }, 50))"
    page.open(f"<!doctype html><script>globalThis.drawn = {late};</script>")
    assert page.run("document.title") == "drawn"


def test_a_script_that_fails_is_an_error_with_its_message(page: Browser) -> None:
    page.open("<!doctype html><script>const draw = async () => { throw new Error('no such axis'); };</script>")
    with pytest.raises(browser.RenderError, match="the page failed: Error: no such axis"):
        page.run("draw()")


@pytest.mark.usefixtures("chromium")
def test_leaving_the_block_ends_every_process_and_removes_the_files(scratch: Path) -> None:
    with Browser() as one:
        one.open("<!doctype html><p>One page.</p>")
        assert running(str(scratch)) != []
    ended(str(scratch))
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("chromium", "scratch")
def test_a_page_that_crashes_is_an_error_at_once() -> None:
    with Browser() as one:
        one.open("<!doctype html><p>One page.</p>")
        with pytest.raises(browser.RenderError, match="ended: the page crashed"):
            one.call("Page.crash")


@pytest.mark.usefixtures("chromium")
def test_a_page_that_never_ends_is_an_error_and_its_processes_are_ended(scratch: Path) -> None:
    with Browser() as one:
        one.open("<!doctype html><script>const loop = () => { for (;;) {} };</script>")
        assert one._devtools is not None
        one._timeout_s = one._devtools._timeout_s = 1.0  # only now: to start takes long on a busy machine
        with pytest.raises(browser.RenderError, match="not done after 1 s"):
            one.run("loop()")
    ended(str(scratch))


@pytest.mark.usefixtures("chromium")
def test_chromium_ends_where_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    script = "import sys, time; from analysis.report.drawing.browser import Browser; one = Browser(); one.open(''); "
    script += "print('open', flush=True); time.sleep(600)"
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        assert running(str(tmp_path)) != []
        process.kill()
    ended(str(tmp_path))


def test_without_a_browser_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    with pytest.raises(browser.RenderError, match="need a browser, and none is installed: install Chromium"):
        open_page()


def test_a_browser_that_is_named_and_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browser.VARIABLE, "/nowhere/chrome")
    with pytest.raises(browser.RenderError, match="BROWSER_PATH = '/nowhere/chrome': no such program"):
        open_page()


def test_a_browser_that_ends_at_once_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "echo first >&2; echo no display >&2; exit 1"
    monkeypatch.setenv(browser.VARIABLE, program(tmp_path, script))
    with pytest.raises(browser.RenderError, match="browser ended: no display"):
        open_page()


def test_a_browser_that_hangs_is_ended_with_its_children(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100_000 + os.getpid()  # the same test may run beside this one
    monkeypatch.setattr(browser, "END_S", 0.1)
    monkeypatch.setenv(browser.VARIABLE, program(tmp_path, f"sleep {seconds} & sleep {seconds}"))
    with pytest.raises(browser.RenderError, match=r"not done after 0\.5 s"):
        open_page(0.5)
    ended(f"sleep\x00{seconds}")
    assert [path.name for path in scratch.iterdir()] == ["browser"]
