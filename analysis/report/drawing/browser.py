"""Chromium, which draws figures and prints pages: found, started on a local page, and ended when the call returns."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = "688,1000"  # CSS pixels between the margins of an A4 page: figures take their width from the window
TIMEOUT_S = 180.0
VIRTUAL_MS = 60_000  # of the page's own clock: it ends as soon as nothing is left to do
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VARIABLE = "BROWSER_PATH"
WHERE = f"install Chromium or Chrome (looked for in PATH: {', '.join(NAMES)}), or name one in {VARIABLE}"
SWITCHES = (
    *("--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-breakpad"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run", "--no-default-browser-check"),
)


class RenderError(OSError):
    """This machine cannot draw; the message states why."""


def find_browser() -> str | None:
    """Return the path of Chromium or Chrome; None if it is not installed.

    Raises:
        RenderError: ``BROWSER_PATH`` names no file that can be run.

    """
    named = os.environ.get(VARIABLE)
    if named:
        browser = shutil.which(named)
        if browser is None:
            msg = f"{VARIABLE} = {named!r}: no such program; allowed: the path of Chromium or Chrome, or unset"
            raise RenderError(msg)
        return browser
    return next((path for path in map(shutil.which, NAMES) if path), None)


def print_pdf(page: str) -> bytes:
    """Print a page of HTML that needs no network; its style sheet states the size of the paper.

    Raises:
        RenderError: Chromium is not installed, or failed.

    """
    browser = _browser("pdf")
    with _scratch() as scratch:
        target = Path(scratch) / "page.pdf"
        options = ("--no-pdf-header-footer", f"--window-size={PAGE}", f"--print-to-pdf={target}")
        errors = _run(browser, Path(scratch), page, options)[1]
        if not target.is_file():
            msg = f"{browser}: printed no PDF: {last_line(errors)}"
            raise RenderError(msg)
        return target.read_bytes()


def run_page(page: str) -> tuple[str, str]:
    """Open a page of HTML, run its scripts, and return the page that they leave and what the browser reported.

    Raises:
        RenderError: Chromium is not installed, or failed.

    """
    browser = _browser("a figure")
    with _scratch() as scratch:
        return _run(browser, Path(scratch), page, ("--dump-dom",))


def last_line(text: str) -> str:
    """Return the last line that is not blank."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it printed nothing")


def _browser(needed_by: str) -> str:
    browser = find_browser()
    if browser is None:
        msg = f"{needed_by} needs a browser, and none is installed: {WHERE}"
        raise RenderError(msg)
    return browser


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="gce-study-drawing-", ignore_cleanup_errors=True)


def _run(browser: str, scratch: Path, page: str, options: Sequence[str]) -> tuple[str, str]:
    """Open a page in Chromium and return what it printed: (standard output, standard error).

    Raises:
        RenderError: it cannot be started, or takes longer than ``TIMEOUT_S``.

    """
    file = scratch / "page.html"
    file.write_text(page, encoding="utf-8")
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium has no sandbox for root
    profile = (f"--user-data-dir={scratch / 'profile'}", f"--virtual-time-budget={VIRTUAL_MS}")
    try:
        process = subprocess.Popen(  # noqa: S603 -- fixed arguments
            [browser, *SWITCHES, *sandbox, *profile, *options, file.as_uri()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that all of its processes can be ended
        )
    except OSError as error:
        msg = f"{browser}: cannot be started: {error.strerror}"
        raise RenderError(msg) from error
    with process:  # closes the pipes
        try:
            printed, errors = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            msg = f"{browser}: not done after {TIMEOUT_S:g} s"
            raise RenderError(msg) from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return printed.decode(errors="replace"), errors.decode(errors="replace")
