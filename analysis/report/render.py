"""Draw figures as PNG and SVG, and print the report's page as PDF.

Figures are drawn by kaleido if it is installed, otherwise by Chromium; a page is always printed by Chromium, because
kaleido draws single figures only. kaleido is not required: it brings four more packages, drives the same Chromium,
which plotly starts for each image, and turns its sandbox off. Here Chromium draws all figures of a report in one start,
from local files, in its own scratch folder, and has exited when the call returns.
"""

from __future__ import annotations

import base64
import html
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from plotly.offline import get_plotlyjs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

IMAGES = ("png", "svg")
WIDTH, HEIGHT = 800, 460  # CSS pixels; a figure with its own height keeps it
SCALE = 2  # device pixels of a PNG per CSS pixel
PAGE = "688,1000"  # CSS pixels between the margins of an A4 page: figures take their width from the window
TIMEOUT_S = 180.0
VIRTUAL_MS = 60_000  # of the page's own clock: it ends as soon as nothing is left to do
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VARIABLE = "BROWSER_PATH"  # kaleido reads it too
WHERE = f"install Chromium or Chrome (looked for in PATH: {', '.join(NAMES)}), or name one in {VARIABLE}"
SWITCHES = (
    *("--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-breakpad"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run", "--no-default-browser-check"),
)


class RenderError(OSError):
    """This machine cannot draw; the message states why."""


def images(figures: Mapping[str, go.Figure], formats: Sequence[str]) -> dict[tuple[str, str], bytes]:
    """Draw figures.

    Args:
        figures: name -> figure.
        formats: any of ``IMAGES``.

    Returns:
        (name, format) -> the file's bytes; a PNG is 1600 pixels wide.

    Raises:
        RenderError: neither kaleido nor Chromium is installed, or drawing failed.

    """
    if not figures or not formats:
        return {}
    if has_kaleido():
        return {(name, form): _by_kaleido(name, figure, form) for name, figure in figures.items() for form in formats}
    browser = find_browser()
    if browser is None:
        msg = f"{' and '.join(formats)} need kaleido or a browser; none is installed: pip install kaleido, or {WHERE}"
        raise RenderError(msg)
    return _by_chromium(browser, figures, formats)


def pdf(page: str) -> bytes:
    """Print a page of HTML that needs no network, on A4 paper.

    Raises:
        RenderError: Chromium is not installed, or failed.

    """
    browser = find_browser()
    if browser is None:
        msg = f"pdf needs a browser, and none is installed (kaleido draws figures, not pages): {WHERE}"
        raise RenderError(msg)
    with _scratch() as scratch:
        target = Path(scratch) / "page.pdf"
        options = ("--no-pdf-header-footer", f"--window-size={PAGE}", f"--print-to-pdf={target}")
        errors = _run(browser, Path(scratch), page, options)[1]
        if not target.is_file():
            msg = f"{browser}: printed no PDF: {_last(errors)}"
            raise RenderError(msg)
        return target.read_bytes()


def has_kaleido() -> bool:
    """Return whether kaleido is installed."""
    return importlib.util.find_spec("kaleido") is not None


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


def _size(figure: go.Figure) -> tuple[int, int]:
    return WIDTH, int(figure.layout.height or HEIGHT)


def _scale(form: str) -> int:
    return SCALE if form == "png" else 1


def _by_kaleido(name: str, figure: go.Figure, form: str) -> bytes:
    width, height = _size(figure)
    try:
        drawn: bytes = figure.to_image(format=form, width=width, height=height, scale=_scale(form))
    except Exception as error:  # kaleido documents none of what it raises; its own browser may be missing
        msg = f"kaleido cannot draw {name} as {form}: {_last(str(error))}; its browser: {WHERE}"
        raise RenderError(msg) from error
    return drawn


def _by_chromium(
    browser: str, figures: Mapping[str, go.Figure], formats: Sequence[str]
) -> dict[tuple[str, str], bytes]:
    """Let plotly.js draw everything in one page, which then contains the images as text."""
    wanted = [(name, form) for name in figures for form in formats]
    jobs = [
        {
            "figure": json.loads(figures[name].to_json()),
            "options": {
                **dict(zip(("width", "height"), _size(figures[name]), strict=True)),
                "format": form,
                "scale": _scale(form),
            },
        }
        for name, form in wanted
    ]
    with _scratch() as scratch:
        dom, errors = _run(browser, Path(scratch), _drawing_page(jobs), ("--dump-dom",))
    # The last occurrence: the page's script contains the same words.
    text, closed, _ = dom.rpartition('<pre id="images">')[2].partition("</pre>")
    if not closed or "<" in text:
        msg = f"{browser}: drew no figures: {_last(errors)}"
        raise RenderError(msg)
    addresses: list[str] = json.loads(html.unescape(text))
    if len(addresses) != len(wanted):
        msg = f"{browser}: drew {len(addresses)} of {len(wanted)} images: {_last(addresses[-1])}"
        raise RenderError(msg)
    return dict(zip(wanted, map(_from_data_address, addresses), strict=True))


def _drawing_page(jobs: Sequence[Mapping[str, object]]) -> str:
    data = json.dumps(jobs).replace("<", "\\u003c")  # nothing in it may end the script
    return f"""<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<script>{get_plotlyjs()}</script></head><body><script>
(async () => {{
  const images = [];
  try {{
    for (const job of {data}) {{
      const {{data, layout}} = job.figure;
      images.push(await Plotly.toImage({{data, layout}}, job.options));
    }}
  }} catch (error) {{ images.length = 0; images.push(String(error)); }}
  const place = document.createElement("pre");
  place.id = "images";
  place.textContent = JSON.stringify(images);
  document.body.append(place);
}})();
</script></body></html>"""


def _from_data_address(address: str) -> bytes:
    kind, _, data = address.partition(",")
    return base64.b64decode(data) if kind.endswith(";base64") else unquote_to_bytes(data)


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


def _last(text: str) -> str:
    """Return the last line that is not blank."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it printed nothing")
