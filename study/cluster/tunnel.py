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
from typing import IO, TYPE_CHECKING, NamedTuple

from study.cluster.connection import listens
from study.errors import EngineError, PortError, UsageError
from study.spec.messages import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TUNNEL_S = 60.0  # for SSH to connect
POLL_S = 1.0
LOOPBACK = "127.0.0.1"
RAY_DASHBOARD = 8265  # its port on the head
MALFORMED = 2  # exit code of ``forwarding`` where Ray refuses the cluster file
ALLOWED = "allowed: the cluster file that `ray up` was given"


class Forwarding(NamedTuple):
    """A port of a cluster's head at a port of this machine."""

    port: int
    process: subprocess.Popen[bytes]  # holds the connection

    @property
    def address(self) -> str:
        """The URL of what is served at the port."""
        return f"http://{LOOPBACK}:{self.port}"


def check_cluster_file(file: Path) -> None:
    """Check that a file has what every cluster file of Ray has; Ray checks the rest when it connects.

    Raises:
        UsageError: there is no such file, it is not YAML, or a key is missing.

    """
    import yaml  # noqa: PLC0415 -- Ray's, with which it reads the file; few commands need it

    if not file.is_file():
        msg = f"--cluster: {file} is not a file; {ALLOWED}"
        raise UsageError(msg)
    try:
        data = yaml.safe_load(file.read_bytes())
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
        msg = f"--cluster: {where}: not YAML: {why}; {ALLOWED}"
        raise UsageError(msg) from None
    if not isinstance(data, dict):
        msg = f"--cluster: {file}: {shown(data)} is not a mapping of keys to values; {ALLOWED}"
        raise UsageError(msg)
    problems = [] if isinstance(data.get("cluster_name"), str) else ["cluster_name has no name"]
    provider = data.get("provider")
    problems += [] if isinstance(provider, dict) and "type" in provider else ["provider has no type"]
    if problems:
        msg = f"--cluster: {file}: {', '.join(problems)}; {ALLOWED}"
        raise UsageError(msg)


def free_port(port: int) -> int:
    """Return a port of this machine's loopback that nobody listens on: the given one, or any for 0.

    Raises:
        EngineError: it is taken.

    """
    try:
        with socket.create_server((LOOPBACK, port)) as listener:
            return int(listener.getsockname()[1])
    except OSError as error:
        raise PortError(LOOPBACK, port, error) from None


@contextmanager
def tunnel(file: Path) -> Iterator[str]:
    """Reach Ray's dashboard of a cluster through SSH while the context lasts; see ``forwarded``."""
    with forwarded(file) as forwarding:
        yield forwarding.address


@contextmanager
def forwarded(file: Path, remote: int = RAY_DASHBOARD, port: int = 0) -> Iterator[Forwarding]:
    """Forward a port of a cluster's head through SSH while the context lasts, with the login of the cluster file.

    Args:
        file: the cluster file.
        remote: the port on the head's loopback.
        port: on this machine's loopback; 0 for a free one.

    Raises:
        UsageError: there is no such file, or it is not a cluster file.
        EngineError: the port is taken, the cluster has no head, or SSH does not reach it.

    """
    check_cluster_file(file)
    port = free_port(port)
    arguments = [str(file), str(remote), str(port), str(os.getpid())]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 -- this program
            [sys.executable, "-u", "-P", "-m", "study.cluster.forwarding", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _until_open(process, port, output, file)
            yield Forwarding(port, process)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _until_open(process: subprocess.Popen[bytes], port: int, output: IO[bytes], file: Path) -> None:
    """Wait until a port is open.

    Raises:
        UsageError: Ray refuses the cluster file.
        EngineError: the process has ended, or SSH takes too long.

    """
    end = time.monotonic() + TUNNEL_S
    while process.poll() is None and time.monotonic() < end:
        if listens(f"{LOOPBACK}:{port}"):
            return
        time.sleep(0.1)
    output.seek(0)
    lines = [line for line in output.read().decode(errors="replace").splitlines() if line.strip()]
    why = lines[-1].strip() if lines else f"exit code {process.returncode}"
    if process.returncode == MALFORMED:
        msg = f"--cluster: {file}: {why}; {ALLOWED}"
        raise UsageError(msg)
    if process.returncode is None:
        why = f"SSH does not answer within {TUNNEL_S:.0f} s"
    msg = f"{file}: its head cannot be reached (is it up? ray up {file}): {why}"
    raise EngineError(msg)
