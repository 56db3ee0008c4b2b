"""Serve the dashboard until the process receives a stop signal."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server

from analysis.dashboard.app import make_app
from analysis.dashboard.callbacks import MAX_BODY
from analysis.dashboard.guard import Guard, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIApplication

    from analysis.dashboard.studies import Studies

IDLE_S = 20  # a connection that is not serving a request is closed after this long without a byte
REQUEST_S = 30.0  # from a request's first byte to its last
MAX_CONNECTIONS = 500  # more of them wait until one is closed
LIMITS = {
    "channel_timeout": IDLE_S,
    "cleanup_interval": 5,  # seconds between two checks for idle connections
    "connection_limit": MAX_CONNECTIONS,
    "max_request_body_size": MAX_BODY,
    "max_request_header_size": 65_536,  # bytes
    "threads": 8,
    "asyncore_use_poll": True,  # select() fails beyond 1024 open files
    "ident": None,  # no name of the server in its answers
}


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress carries no types
    """A connection that is closed if a request takes longer than ``REQUEST_S`` to arrive.

    Waitress closes idle connections only: a client that sends a byte now and then would hold one for ever.
    """

    began = 0.0  # when the first byte of the present request came

    def received(self, data: bytes) -> bool:
        """Accept received bytes, unless the request began too long ago."""
        if self.request is None:
            self.began = time.monotonic()
        elif time.monotonic() > self.began + REQUEST_S:
            self.will_close = True
        return bool(super().received(data))


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
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listener.getsockname()[1]}/{f'?token={token}' if token else ''}"
    serve_at(listener, studies, token, partial(announce, address))


def serve_at(
    listener: socket.socket, studies: Studies, token: str = "", started: Callable[[], None] = lambda: None
) -> None:
    """Serve the studies of a storage location at a listening socket, until an exception such as that of Ctrl-C.

    Args:
        listener: the socket, which is closed at the end; on loopback, unless there is a token.
        studies: of a storage location; nothing is written to it.
        token: required of browsers; may be empty on loopback.
        started: called once requests are answered.

    """
    with listener, serving(make_app(studies, Guard(token)).server, listener) as thread:
        threading.Thread(target=studies.warm, daemon=True).start()
        started()
        thread.join()


@contextmanager
def serving(app: WSGIApplication, listener: socket.socket) -> Iterator[threading.Thread]:
    """Serve an application at a listening socket inside the block, within ``LIMITS``; yield the thread that serves."""
    logging.getLogger("waitress").setLevel(logging.ERROR)  # no line where requests wait for a thread
    channels: dict[int, Any] = {}
    server = create_server(app, map=channels, sockets=[listener], **LIMITS)
    server.channel_class = _Channel
    # Waitress swallows the exception that a signal raises, so it runs in a thread of its own.
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        with suppress(OSError):  # woken by another thread, the loop has run this already and closed the trigger
            server.trigger.pull_trigger(partial(_close, server, channels))  # in the loop's thread
        thread.join(timeout=5)
        server.task_dispatcher.shutdown(timeout=1)


def _close(server: Any, channels: dict[int, Any]) -> None:  # noqa: ANN401 -- waitress carries no types
    """Close every connection with its temporary files, and the server: its loop ends without a channel."""
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    wasyncore.close_all(channels)
