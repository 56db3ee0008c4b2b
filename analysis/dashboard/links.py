"""Links to other pages about the same studies: TensorBoard, the dashboard of a Ray cluster."""

from __future__ import annotations

import json
import threading
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from urllib.parse import urlsplit

CHECK_INTERVAL_S = 10.0
WAIT_S = 1.0  # for a response
MAX_RESPONSE = 65_536  # bytes


def web_address(text: object) -> str:
    """Return an http or https address without a trailing slash; empty for anything else."""
    with suppress(ValueError):  # an invalid port, an incomplete IPv6 address
        if isinstance(text, str) and (parts := urlsplit(text)).scheme in {"http", "https"} and parts.hostname:
            _ = parts.port
            return text.rstrip("/")
    return ""


class TensorBoard:
    """Checks in the background whether a TensorBoard responds at an address, so that no page waits for it."""

    def __init__(self, url: str) -> None:
        """Set the address; no request is sent before ``check``."""
        self._url = web_address(url)
        self._up = False
        # No proxy: TensorBoard runs on this machine or nearby.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def url(self) -> str:
        """Return the address if TensorBoard responded to the last check; otherwise an empty text."""
        return self._url if self._up else ""

    def check(self) -> None:
        """Send one request; this takes about ``WAIT_S`` at most."""
        try:
            with self._opener.open(f"{self._url}/data/environment", timeout=WAIT_S) as response:
                environment = json.loads(response.read(MAX_RESPONSE))
        except (OSError, ValueError, HTTPException, RecursionError):
            environment = None
        self._up = isinstance(environment, dict) and "data_location" in environment

    def watch(self) -> None:
        """Check periodically, in a thread that ends with the process."""
        if self._url:
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        while True:
            self.check()
            pause.wait(CHECK_INTERVAL_S)
