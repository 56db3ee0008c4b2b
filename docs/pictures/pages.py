"""Pictures of pages, as a browser shows them in light and in dark: the report, the dashboard and single figures."""

from __future__ import annotations

import io
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.server import serving
from analysis.dashboard.studies import Studies
from analysis.report.drawing.browser import find_browser
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

THEMES = {"light": "", "dark": "-dark"}  # with the end of a picture's name
SCALE = 1.5  # pixels of a picture for each of the page
END = 12  # pixels below the last thing that is pictured
COLOURS = 256  # of a picture: it is a quarter as large as with all, and looks the same
WAIT_MS = 60_000


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium for the time of the block."""
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def picture_report(started: Browser, report: Path, out: Path) -> None:
    """Picture the first screen of a report, down to the end of its first figure.

    Args:
        started: the browser.
        report: the page.
        out: the pictures' folder.

    """
    for theme, page in _pages(started, (1280, 1400)):
        page.goto(report.as_uri())
        page.wait_for_selector("#figure-1 .main-svg", timeout=WAIT_MS)
        end = page.locator("#figure-1").bounding_box()
        height = END + (end["y"] + end["height"] if end else 0)
        _save(
            page.screenshot(clip={"x": 0, "y": 0, "width": 1280, "height": height}),
            out / f"report{THEMES[theme]}.png",
        )


def picture_figure(started: Browser, report: Path, target: Path) -> None:
    """Picture the first figure of a report; ``target`` is the picture's path without its end."""
    for theme, page in _pages(started, (1100, 900)):
        page.goto(report.as_uri())
        page.wait_for_selector("#figure-1 .main-svg", timeout=WAIT_MS)
        shown = page.locator("#figure-1 .js-plotly-plot")
        _save(shown.screenshot(), target.with_name(f"{target.name}{THEMES[theme]}.png"))


def picture_explore(started: Browser, storage: Path, study: str, out: Path) -> None:
    """Picture the tab of the dashboard that explores a study."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, serving(make_app(Studies(location(str(storage)), lambda *_: None), Guard()).server, listener):
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/study/{study}?tab=explore"
        for theme, page in _pages(started, (1280, 900)):
            page.goto(address)
            page.wait_for_selector(".js-plotly-plot .main-svg", timeout=WAIT_MS)
            page.wait_for_load_state("networkidle")
            _save(page.screenshot(), out / f"explore{THEMES[theme]}.png")


def picture_drawing(started: Browser, page_of: dict[str, str], target: Path) -> None:
    """Picture a figure that is the whole of a page; ``page_of`` holds the page for each theme."""
    for theme, page in _pages(started, (800, 460)):
        page.set_content(page_of[theme])
        page.wait_for_selector(".main-svg", timeout=WAIT_MS)
        _save(page.locator(".js-plotly-plot").screenshot(), target.with_name(f"{target.name}{THEMES[theme]}.png"))


def _pages(started: Browser, size: tuple[int, int]) -> Iterator[tuple[str, Page]]:
    """Yield an empty page of a size in each theme."""
    width, height = size
    for theme in THEMES:
        context = started.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=SCALE,
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        try:
            yield theme, context.new_page()
        finally:
            context.close()


def _save(png: bytes, path: Path) -> None:
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201 -- a script
