"""Serve the dashboard until the process is asked to end."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.dashboard.studies import Studies


def serve(studies: Studies, host: str, port: int, token: str, say: Callable[[str], None]) -> None:
    """Serve a storage location's studies; returns only by an exception, as Ctrl-C raises one.

    Args:
        studies: of a storage location; nothing is written there.
        host: the address to listen on.
        port: its port; 0 for a free one.
        token: what browsers must show; empty on loopback.
        say: takes the address to open.

    Raises:
        OSError: nothing can listen there.
        ValueError: the host is not loopback and there is no token.

    """
    if not token and not is_loopback(host):
        msg = f"{host} can be reached from elsewhere; that needs a token"
        raise ValueError(msg)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for every request
    app = make_app(studies, Guard(token))
    # Bound here, as werkzeug would print its own words about a port that is taken, and end the process.
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    server = make_server(host, port, app.server, threaded=True, fd=listener.fileno())
    # Werkzeug swallows the exception that a signal raises, so it serves from a thread of its own.
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    threading.Thread(target=studies.warm, daemon=True).start()
    shown = f"[{host}]" if ":" in host else host
    say(f"http://{shown}:{listener.getsockname()[1]}/{f'?token={token}' if token else ''}")
    try:
        thread.join()
    finally:
        server.shutdown()
        listener.close()
