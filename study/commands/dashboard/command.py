"""The command that opens the studies of a storage location, or of a cluster, in a browser."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
from functools import partial
from pathlib import Path

from analysis.dashboard.links import TensorBoard, web_address
from study.commands.dashboard.beside import HOST, INSTALL, PORT, is_installed
from study.commands.dashboard.on_cluster import open_on_cluster
from study.commands.dashboard.served import BOARD, studies_of
from study.commands.options import DEFAULT_STORAGE, add_storage_of_study, existing, port_number, study_place
from study.console import say
from study.errors import EngineError, PortError, UsageError
from study.ledger.registry import find_plan
from trainables.storage.location import location

TOKEN = "GCE_STUDY_DASHBOARD_TOKEN"  # noqa: S105 -- the variable's name
MIN_TOKEN = 16  # characters of a token from the environment


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    text = "name or file of a study, the address of whose page is printed too"
    command.add_argument("study", metavar="STUDY", nargs="?", help=text)
    add_storage_of_study(command)
    text = "Ray's cluster file: open the dashboard that a study's job serves on the head, through SSH"
    command.add_argument("--cluster", type=Path, metavar="FILE", help=text)
    command.add_argument(
        "--port",
        type=port_number,
        help=f"port to listen on; 0 for a free one (default: {PORT}; with --cluster, a free one)",
    )
    command.add_argument(
        "--host",
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


def _web_address(text: str) -> str:
    if not web_address(text):
        msg = f"{text!r} is not an address such as http://127.0.0.1:6006"
        raise argparse.ArgumentTypeError(msg)
    return text


def dashboard(options: argparse.Namespace) -> int:
    """Serve the dashboard, or open that of a cluster, until Ctrl-C.

    Raises:
        UnknownStudyError: there is no such storage location, or no such study.
        UsageError: the host has no address, or an option does not go with ``--cluster``.
        EngineError: the extra is not installed, or the address cannot be used.

    """
    if options.cluster is not None:
        refused = [f"--{name}" for name in ("storage", "host", "tensorboard") if getattr(options, name) is not None]
        if refused:
            msg = f"{', '.join(refused)}: not with --cluster, whose dashboard is served there"
            raise UsageError(msg)
        name = study_place(options.study).name if options.study else ""
        return open_on_cluster(options.cluster, name, options.port or 0)
    if options.study is None:
        storage, name = existing(options.storage or location(DEFAULT_STORAGE)), ""
    else:
        storage, name = study_place(options.study, options.storage)
        find_plan(storage, name)
    if not is_installed():
        msg = f"the dashboard needs Dash; {INSTALL}"
        raise EngineError(msg)
    from analysis.dashboard.guard import is_loopback  # noqa: PLC0415 -- the extra may not be installed
    from analysis.dashboard.server import serve  # noqa: PLC0415 -- as above

    host = options.host or HOST
    _check_host(host)
    port = PORT if options.port is None else options.port
    token = "" if is_loopback(host) else _token(host)
    # A link to loopback is dead on another machine.
    board = TensorBoard(options.tensorboard or (BOARD if is_loopback(host) else ""))
    board.watch()
    try:
        serve(studies_of(storage, board.url), host, port, token, partial(_opened, name))
    except OSError as error:
        raise PortError(host, port, error) from None
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
