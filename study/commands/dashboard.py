"""The command that opens the studies of a storage location in a browser."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
from functools import partial

from analysis.dashboard.links import TensorBoard, web_address
from study.commands.options import DEFAULT_STORAGE, add_storage_of_study, existing, study_place
from study.console import say
from study.errors import EngineError, UsageError
from study.ledger.claim import owner
from study.ledger.registry import find_plan
from study.spec.differences import differences
from trainables.storage.location import location

EXTRA = ("dash", "dash_ag_grid", "dash_mantine_components", "flask", "waitress", "werkzeug")
PORTS = 65_536
TOKEN = "GCE_STUDY_DASHBOARD_TOKEN"  # noqa: S105 -- the variable's name
BOARD = "http://127.0.0.1:6006"
MIN_TOKEN = 16  # characters of a token from the environment


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    text = "name or file of a study, the address of whose page is printed too"
    command.add_argument("study", metavar="STUDY", nargs="?", help=text)
    add_storage_of_study(command)
    command.add_argument("--port", type=_port, default=8050, help="port to listen on; 0 for a free one (default: 8050)")
    command.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, which this machine alone can reach). With any other, every "
        f"machine of that network can connect; browsers must then show a token, from {TOKEN} or generated",
    )
    command.add_argument(
        "--tensorboard",
        type=_web_address,
        metavar="URL",
        help=f"link to the TensorBoard at this address while it answers (default: {BOARD}; with --host, none)",
    )
    command.set_defaults(handler=dashboard)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < PORTS):
        msg = f"{text!r} is not a whole number from 0 to {PORTS - 1}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _web_address(text: str) -> str:
    if not web_address(text):
        msg = f"{text!r} is not an address such as http://127.0.0.1:6006"
        raise argparse.ArgumentTypeError(msg)
    return text


def dashboard(options: argparse.Namespace) -> int:
    """Serve the dashboard until Ctrl-C.

    Raises:
        UnknownStudyError: there is no such storage location, or no such study.
        UsageError: the host has no address.
        EngineError: the extra is not installed, or the address cannot be used.

    """
    if options.study is None:
        storage, name = existing(options.storage or location(DEFAULT_STORAGE)), ""
    else:
        storage, name = study_place(options.study, options.storage)
        find_plan(storage, name)
    try:
        from analysis.dashboard.guard import is_loopback  # noqa: PLC0415 -- the extra may not be installed
        from analysis.dashboard.server import serve  # noqa: PLC0415
        from analysis.dashboard.studies import Studies  # noqa: PLC0415
        from trainables.features.clip_sounds import ClipSounds  # noqa: PLC0415 -- scipy, which other commands need not
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        msg = "the dashboard needs Dash; install the extra: pip install -c constraints.txt '.[dashboard]'"
        raise EngineError(msg) from None
    _check_host(options.host)
    storage = storage.hasty()  # the dashboard polls every few seconds, so a slow read need not be repeated
    token = "" if is_loopback(options.host) else _token(options.host)
    # A link to loopback is dead on another machine.
    board = TensorBoard(options.tensorboard or (BOARD if is_loopback(options.host) else ""))
    board.watch()
    try:
        studies = Studies(storage, owner, board.url, ClipSounds(), differences)
        serve(studies, options.host, options.port, token, partial(_opened, name))
    except OSError as error:
        msg = f"cannot listen on {options.host} port {options.port}: {error.strerror or error}; another one: --port"
        raise EngineError(msg) from None
    return 0


def _opened(name: str, address: str) -> None:
    """Print where the dashboard is; ``name`` is the study whose page is printed too, or empty."""
    start, mark, token = address.partition("?")
    page = [f"{name}: {start.rstrip('/')}/study/{name}{mark}{token}"] if name else []
    say(address, *page, "Ctrl-C ends the dashboard; studies continue without it")


def _check_host(host: str) -> None:
    """Raise UsageError for a host that has no address."""
    try:
        socket.getaddrinfo(host, 0)
    except (OSError, UnicodeError):
        msg = f"--host: {host!r} is not an address or a name of this machine; without it, 127.0.0.1"
        raise UsageError(msg) from None


def _token(host: str) -> str:
    """Return the token that browsers must show, after a warning about listening beyond loopback.

    Raises:
        UsageError: the token in the environment is too short or has other characters than letters and digits.

    """
    say(
        f"listening on {host}: every machine that reaches this one can connect. Whoever has the address below, which "
        "holds a token, can read all studies here; the connection is not encrypted. Safer: 127.0.0.1 through ssh -L",
        err=True,
    )
    token = os.environ.get(TOKEN, "")
    if token and (len(token) < MIN_TOKEN or not token.isascii() or not token.isalnum()):
        msg = f"{TOKEN}: letters and digits, {MIN_TOKEN} or more of them"
        raise UsageError(msg)
    return token or secrets.token_hex(16)
