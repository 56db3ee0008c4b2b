"""An SSH tunnel to the dashboard of a cluster."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from study.cluster.connection import listens
from study.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TUNNEL_S = 60.0  # for `ray dashboard` to open it
POLL_S = 1.0


@contextmanager
def tunnel(file: Path) -> Iterator[str]:
    """Reach the dashboard of a cluster as ``ray dashboard`` does, through SSH, while the context lasts.

    Raises:
        UsageError: there is no such file.
        EngineError: the cluster has no head, or SSH does not reach it.

    """
    if not file.is_file():
        msg = f"--cluster: {file} is not a file; allowed: the cluster file that `ray up` was given"
        raise UsageError(msg)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 -- Ray's own command
            [sys.executable, "-m", "ray.scripts.scripts", "dashboard", str(file), "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _until_open(process, port, output, file)
            yield f"http://127.0.0.1:{port}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _until_open(process: subprocess.Popen[bytes], port: int, output: Any, file: Path) -> None:  # noqa: ANN401 -- a file
    end = time.monotonic() + TUNNEL_S
    while process.poll() is None and time.monotonic() < end:
        if listens(f"127.0.0.1:{port}"):
            return
        time.sleep(0.1)
    output.seek(0)
    lines = [line for line in output.read().decode(errors="replace").splitlines() if line.strip()]
    why = lines[-1].strip() if lines else "SSH does not answer"
    msg = f"{file}: its head cannot be reached (is it up? ray up {file}): {why}"
    raise EngineError(msg)
