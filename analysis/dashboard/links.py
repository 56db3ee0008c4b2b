"""Other pages about the same studies, and whether they are there: TensorBoard, the dashboard of a Ray cluster."""

from __future__ import annotations

import json
import threading
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from urllib.parse import urlsplit

LOOK_S = 10.0  # between two looks
WAIT_S = 1.0  # for an answer
MOST = 65_536  # bytes of an answer


def web_address(text: object) -> str:
    """Return a text that is an http or https address, without a slash at its end; empty for anything else."""
    with suppress(ValueError):  # a port that is none, half an IPv6 address
        if isinstance(text, str) and (parts := urlsplit(text)).scheme in {"http", "https"} and parts.hostname:
            _ = parts.port
            return text.rstrip("/")
    return ""


class TensorBoard:
    """Knows whether a TensorBoard answers at an address, from looks that a page never waits for."""

    def __init__(self, url: str) -> None:
        """Name the address; nothing is asked before ``look``."""
        self._url = web_address(url)
        self._up = False
        # No proxy: what is asked for is on this machine or near it.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def url(self) -> str:
        """Return the address if TensorBoard answered there at the last look, else nothing."""
        return self._url if self._up else ""

    def look(self) -> None:
        """Ask once; takes about as long as ``WAIT_S`` at most."""
        try:
            with self._opener.open(f"{self._url}/data/environment", timeout=WAIT_S) as answer:
                said = json.loads(answer.read(MOST))
        except (OSError, ValueError, HTTPException, RecursionError):
            said = None
        self._up = isinstance(said, dict) and "data_location" in said

    def watch(self) -> None:
        """Look again and again, in a thread that ends with the process."""
        if self._url:
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        while True:
            self.look()
            pause.wait(LOOK_S)
