"""A dashboard that is really served, and a real Chromium that opens it, driven by its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import threading
import time
from contextlib import suppress

import aiohttp
import pytest
from werkzeug.serving import make_server

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.studies import Studies

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One tab. ``errors`` holds exceptions, console errors and log errors; ``requested`` the addresses asked for."""

    def __init__(self, folder):
        """Start Chromium with a profile of its own below a folder."""
        self.errors, self.requested, self.dialogs = [], [], []
        self._loop = asyncio.new_event_loop()
        self._count = 0
        switches = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        switches += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        profile = [f"--user-data-dir={folder / 'profile'}", "--remote-debugging-port=0", "about:blank"]
        self._process = subprocess.Popen(
            [CHROMIUM, *switches, *profile], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        active = folder / "profile" / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not (active.exists() and active.read_text().count("\n")):
            assert time.monotonic() < end, "chromium did not start"
            time.sleep(0.05)
        self._loop.run_until_complete(self._connect(active.read_text().splitlines()[0]))

    async def _connect(self, port):
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json") as answer:
            tabs = json.loads(await answer.text())
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        self._socket = await self._session.ws_connect(address, max_msg_size=0)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self._send(f"{domain}.enable")

    async def _send(self, method, **parameters):
        self._count += 1
        await self._socket.send_json({"id": self._count, "method": method, "params": parameters})
        while True:
            message = json.loads((await asyncio.wait_for(self._socket.receive(), 60)).data)
            if message.get("id") == self._count:
                assert "error" not in message, message
                return message["result"]
            self._hear(message.get("method"), message.get("params"))

    def _hear(self, event, what):
        if event == "Runtime.exceptionThrown":
            self.errors.append(what["exceptionDetails"])
        elif (event == "Runtime.consoleAPICalled" and what["type"] == "error") or (
            event == "Log.entryAdded" and what["entry"]["level"] == "error"
        ):
            self.errors.append(what.get("entry") or what["args"])
        elif event == "Network.requestWillBeSent":
            self.requested.append(what["request"]["url"])
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(what["message"])

    def send(self, method, **parameters):
        """Send one command and return its result."""
        return self._loop.run_until_complete(self._send(method, **parameters))

    def open(self, address, width=1100, height=900, *, dark=False):
        """Open an address in a window of that size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=address)

    def value(self, script):
        """Evaluate JavaScript and return its value."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, script, seconds=60):
        """Wait until JavaScript evaluates to something true."""
        end = time.monotonic() + seconds
        while not (self.value(f"!!({script})")):
            assert time.monotonic() < end, (script, self.text(), self.errors)
            time.sleep(0.05)

    def text(self):
        """Return the page's text as a reader sees it."""
        return self.value("document.body ? document.body.innerText : ''")

    def click(self, selector):
        """Click the middle of the first element that a selector finds."""
        self.value(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        box = f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
        x, y = self.value(f"{box} return [r.x + r.width / 2, r.y + r.height / 2]; }})()")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def drag(self, start, end):
        """Drag the mouse from one point of the window to another."""
        moves = [("mousePressed", start), ("mouseMoved", end), ("mouseMoved", end), ("mouseReleased", end)]
        for kind, (x, y) in moves:
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def picture(self, path):
        """Save a picture of the whole page."""
        height = self.value("document.documentElement.scrollHeight")
        width = self.value("window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        """End Chromium."""
        with suppress(Exception):
            self.send("Browser.close")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()
        self._loop.run_until_complete(self._session.close())
        self._loop.close()


@pytest.fixture
def browser(tmp_path):
    """Return a Chromium of its own; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium here")
    found = Browser(tmp_path)
    yield found
    found.close()


@pytest.fixture
def storage(tmp_path):
    """Return an empty storage location."""
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def owners():
    """Return who runs which study: a study whose name a test adds counts as running."""
    return {}


@pytest.fixture
def studies(storage, owners):
    """Return the studies of the storage location."""
    return Studies(storage, lambda _, name: owners.get(name))


@pytest.fixture
def served(studies):
    """Serve the storage location on a free port and return the address."""
    server = make_server("127.0.0.1", 0, make_app(studies, Guard()).server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
