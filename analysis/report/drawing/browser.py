"""Chromium, which draws figures and prints pages: found, started with the first page, ended with the ``with`` block."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from base64 import b64decode
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar, cast

from analysis.report.drawing.devtools import DevTools

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")
PAGE = "688,1000"  # CSS pixels between the margins of an A4 page: figures take their width from the window
TIMEOUT_S = 180.0  # for one figure or one page
END_S = 5.0  # to end by itself
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VARIABLE = "BROWSER_PATH"
WHERE = f"install Chromium or Chrome (looked for in PATH: {', '.join(NAMES)}), or name one in {VARIABLE}"
LOADED = """new Promise((done) => {
  const ready = () => document.fonts.ready.then(() => globalThis.drawn).then(() => done());
  if (document.readyState === "complete") { ready(); } else { addEventListener("load", ready); }
})"""
# Chromium reads commands from descriptor 3 and writes answers to 4; a shell sets them without a port or a helper.
ON_PIPES = 'exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null'
SWITCHES = (
    *("--remote-debugging-pipe", f"--window-size={PAGE}"),
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


class Browser:
    """Chromium, started when the first page is opened; leaving the ``with`` block ends it and removes its files.

    Pages are of HTML that needs no network. The methods raise ``RenderError`` where Chromium is not installed, cannot
    be started, ends by itself, or does not answer in time.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        """Start nothing yet; ``timeout_s`` is the longest time for one answer, in seconds."""
        self._timeout_s = timeout_s
        self._ending = ExitStack()
        self._program = ""
        self._scratch = Path()
        self._devtools: DevTools | None = None

    def __enter__(self) -> Self:
        """Return the browser."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End Chromium."""
        self._devtools = None
        self._ending.close()

    def open(self, page: str) -> None:
        """Open a page in place of the one before, and wait until its scripts have run and its fonts are there."""
        if self._devtools is None:
            self._start()
        file = self._scratch / "page.html"
        file.write_text(page, encoding="utf-8")
        self.call("Page.navigate", url=file.as_uri())
        self.run(LOADED)

    def run(self, expression: str) -> Any:  # noqa: ANN401 -- whatever JSON the script returns
        """Run a line of JavaScript in the open page, and return its value; that of a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            said = thrown.get("exception", {}).get("description") or thrown["text"]
            msg = f"the page failed: {said.splitlines()[0]}"
            raise RenderError(msg)
        return answer["result"].get("value")

    def pdf(self) -> bytes:
        """Print the open page, whose style sheet states the size of the paper."""
        return b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def _start(self) -> None:
        self._program = _needed()
        files = tempfile.TemporaryDirectory(prefix="gce-study-drawing-", ignore_cleanup_errors=True)
        self._scratch = Path(self._ending.enter_context(files))
        sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium has no sandbox for root
        profile = f"--user-data-dir={self._scratch / 'profile'}"
        with self._errors.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 -- fixed arguments
                ["/bin/sh", "-c", ON_PIPES, "sh", self._program, *SWITCHES, *sandbox, profile],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # so that all of its processes can be ended
            )
        self._ending.callback(_end, process)
        commands, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        self._devtools = DevTools(commands, answers, self._timeout_s)
        self._asked(self._devtools.open_tab)

    @property
    def _errors(self) -> Path:
        """The file of what Chromium reports."""
        return self._scratch / "errors"

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command of the DevTools protocol to the open page, and return its result."""
        if self._devtools is None:
            msg = "no page is open"
            raise RenderError(msg)
        return self._asked(partial(self._devtools.call, method, **parameters))

    def _asked(self, ask: Callable[[], T]) -> T:
        """Return what Chromium answers."""
        try:
            return ask()
        except TimeoutError:
            msg = f"{self._program}: not done after {self._timeout_s:g} s"
        except EOFError as error:
            reported = self._errors.read_text(encoding="utf-8", errors="replace")
            msg = f"{self._program} ended: {str(error) or last_line(reported)}"
        except RuntimeError as error:
            msg = f"{self._program}: {error}"
        raise RenderError(msg) from None


def last_line(text: str) -> str:
    """Return the last line that is not blank."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it printed nothing")


def _needed() -> str:
    browser = find_browser()
    if browser is None:
        msg = f"figures as files and PDF need a browser, and none is installed: {WHERE}"
        raise RenderError(msg)
    return browser


def _end(process: subprocess.Popen[bytes]) -> None:
    """End Chromium with all of its processes: by closing the pipe of its commands, or else by killing it."""
    with process:  # closes the pipes and waits
        try:
            process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
