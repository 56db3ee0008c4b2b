"""Serve the dashboard beside a running study."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING

from study.console import say
from study.errors import PortError, UsageError
from study.interrupts import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.storage.types import Location

HOST = "127.0.0.1"
PORT = 8050
PACKAGES = ("dash", "dash_ag_grid", "dash_mantine_components", "flask", "waitress", "werkzeug")  # of the extra
INSTALL = "install the extra: pip install -c constraints.txt '.[dashboard]'"
ENDING_S = 5.0  # for the process to end before it is killed
CTRL_C = 130
ADDRESS = re.compile(rf"^dashboard: http://{re.escape(HOST)}:(\d+)/study/", re.MULTILINE)  # as ``Beside`` prints it


def is_installed() -> bool:
    """Return whether the packages of the extra ``dashboard`` are installed."""
    return all(find_spec(package) is not None for package in PACKAGES)


def require_installed(what: str) -> None:
    """Raise UsageError if the extra is not installed, which ``what`` needs."""
    if not is_installed():
        msg = f"{what} needs Dash; {INSTALL}"
        raise UsageError(msg)


def served_port(log: str) -> int | None:
    """Return the port of the dashboard that the output of a study's driver names; None if it names none."""
    match = ADDRESS.search(log)
    return int(match[1]) if match else None


class Beside:
    """The dashboard beside a study: where it is, and its process."""

    def __init__(self, address: str, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        """Watch the process, whose standard error is the file ``errors``; its end is one line, and not the study's."""
        self.address = address
        self._process, self._errors, self._ending = process, errors, threading.Event()
        threading.Thread(target=self._watch, name="dashboard", daemon=True).start()

    def _watch(self) -> None:
        code = self._process.wait()
        if self._ending.is_set():
            return
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        why = next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {code}")
        say(f"dashboard: it has ended ({why}); the study is not affected", err=True)

    def end(self) -> None:
        """End the process."""
        self._ending.set()
        self._process.terminate()
        try:
            self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def stay(self) -> None:
        """On a terminal, keep serving until Ctrl-C; elsewhere print that the dashboard ends.

        Raises:
            Interrupted: by another signal than that of Ctrl-C.

        """
        if self._process.poll() is not None:
            return
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            say(f"dashboard: {self.address} ends with this command")
            return
        say(f"dashboard: {self.address} stays until you press Ctrl-C")
        try:
            self._process.wait()
        except Interrupted as interrupted:
            if interrupted.exit_code != CTRL_C:
                raise


@contextmanager
def beside(storage: Location, name: str, port: int | None, remark: str = "") -> Iterator[Beside]:
    """Serve the dashboard on loopback, in another process, while the context lasts; print the address of a study.

    Args:
        storage: the storage location, which need not exist yet.
        name: the study's.
        port: to listen on; None for the usual one or, if that is taken, any free one.
        remark: printed after the address.

    Raises:
        EngineError: the port is taken.

    """
    listener = _listener(port)
    with listener, tempfile.TemporaryFile() as errors:
        address = f"http://{HOST}:{listener.getsockname()[1]}/study/{name}"
        arguments = [str(listener.fileno()), str(os.getpid()), str(storage)]
        # Not of the job, whose processes are ended together, and in a session without the terminal's Ctrl-C.
        environment = {key: value for key, value in os.environ.items() if key != "GCE_STUDY_JOB"}
        process = subprocess.Popen(  # noqa: S603 -- this program
            [sys.executable, "-P", "-m", "study.commands.dashboard.served", *arguments],
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
            cwd=Path.home() if "GCE_STUDY_JOB" in os.environ else None,  # a job's own folder may be deleted under it
            start_new_session=True,
        )
        served = Beside(address, process, errors)
        try:
            listener.close()  # or a browser would wait for ever once the process has ended
            say(f"dashboard: {address}{remark}")
            yield served
        finally:
            served.end()


def _listener(port: int | None) -> socket.socket:
    try:
        return socket.create_server((HOST, PORT if port is None else port))
    except OSError as error:
        if port is None:
            return socket.create_server((HOST, 0))
        raise PortError(HOST, port, error) from None
