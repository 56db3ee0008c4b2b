"""SSH tunnels to the dashboards of a cluster: Ray's, and that of its studies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from study.cluster.connection import listens
from study.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TUNNEL_S = 60.0  # for `ray dashboard` to open it
POLL_S = 1.0
RAY_DASHBOARD = 8265  # its port on the head


class Forwarding(NamedTuple):
    """A port of a cluster's head at a port of this machine."""

    address: str
    process: subprocess.Popen[bytes]  # holds the connection


@contextmanager
def tunnel(file: Path) -> Iterator[str]:
    """Reach Ray's dashboard of a cluster through SSH while the context lasts; see ``forwarded``."""
    with forwarded(file) as forwarding:
        yield forwarding.address


@contextmanager
def forwarded(file: Path, remote: int = RAY_DASHBOARD, port: int = 0) -> Iterator[Forwarding]:
    """Forward a port of a cluster's head as ``ray dashboard`` does, through SSH, while the context lasts.

    Args:
        file: the cluster file.
        remote: the port on the head's loopback.
        port: on this machine's loopback; 0 for a free one.

    Raises:
        UsageError: there is no such file, or the port is taken.
        EngineError: the cluster has no head, or SSH does not reach it.

    """
    if not file.is_file():
        msg = f"--cluster: {file} is not a file; allowed: the cluster file that `ray up` was given"
        raise UsageError(msg)
    try:
        with socket.create_server(("127.0.0.1", port)) as free:
            port = free.getsockname()[1]
    except OSError as error:
        msg = f"cannot listen on 127.0.0.1 port {port}: {error.strerror or error}; another one: --port"
        raise UsageError(msg) from None
    ports = ["--port", str(port), "--remote-port", str(remote)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 -- Ray's own command
            [sys.executable, "-m", "ray.scripts.scripts", "dashboard", str(file), *ports],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _until_open(process, port, output, file)
            yield Forwarding(f"http://127.0.0.1:{port}", process)
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
