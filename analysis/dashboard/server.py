"""Serve the dashboard until the process receives a stop signal."""

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


def serve(studies: Studies, host: str, port: int, token: str, announce: Callable[[str], None]) -> None:
    """Serve the studies of a storage location, until an exception such as that of Ctrl-C.

    Args:
        studies: of a storage location; nothing is written to it.
        host: the address to listen on.
        port: the port to listen on; 0 for any free one.
        token: required of browsers; may be empty on loopback.
        announce: called with the address to open.

    Raises:
        OSError: the address or port is not available.
        ValueError: the host is not loopback and there is no token.

    """
    if not token and not is_loopback(host):
        msg = f"{host} can be reached from other machines, which requires a token"
        raise ValueError(msg)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no log line per request
    app = make_app(studies, Guard(token))
    # Bound here, because werkzeug prints its own message about a port in use and ends the process.
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    server = make_server(host, port, app.server, threaded=True, fd=listener.fileno())
    # Werkzeug swallows the exception that a signal raises, so it runs in its own thread.
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    threading.Thread(target=studies.warm, daemon=True).start()
    name = f"[{host}]" if ":" in host else host
    announce(f"http://{name}:{listener.getsockname()[1]}/{f'?token={token}' if token else ''}")
    try:
        thread.join()
    finally:
        server.shutdown()
        listener.close()
