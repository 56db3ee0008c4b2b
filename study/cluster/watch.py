"""Watch that a cluster is alive while a study runs on it."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import ray

from study.cluster.connection import listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROBE_S = 2.0  # between two checks of the cluster's control process
GONE_S = 20.0  # of silence; after 60 s Ray ends this process itself, without a word


@contextmanager
def watched(on_gone: Callable[[str], None], more: str = "") -> Iterator[None]:
    """End this process with exit code 1 when the cluster's control process (GCS) is gone.

    Ray would wait for a minute and then end the process without a word. Records and checkpoints are kept.

    Args:
        on_gone: called with what has happened before the process ends.
        more: what to add to that.

    """
    address = ray.get_runtime_context().gcs_address
    ended = threading.Event()

    def watch() -> None:
        seen = time.monotonic()
        while not ended.wait(PROBE_S):
            if listens(address):
                seen = time.monotonic()
            elif time.monotonic() - seen > GONE_S:
                on_gone(f"the cluster's control process at {address} is gone, and with it the cluster{more}")
                os._exit(1)  # Ray can no longer be shut down in order

    thread = threading.Thread(target=watch, name="gcs-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
