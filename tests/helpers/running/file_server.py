"""A server of files on the loopback interface that knows ranges, and can be busy or cut a connection."""

from __future__ import annotations

import http.server


class Server(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut_after: int | None = None  # bytes of a body after which the connection is lost
        self.ranges = True
        self.busy = 0  # answers of 503 before the first good one
        self.requests: list[tuple[str, str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.respond(body=False)

    def do_GET(self) -> None:
        self.respond(body=True)

    def respond(self, *, body: bool) -> None:
        name, wanted = self.path.lstrip("/"), self.headers.get("Range")
        self.server.requests.append((self.command, name, wanted))
        if body and self.server.busy:
            self.server.busy -= 1
            self.send_error(503)
            return
        if name not in self.server.files:
            self.send_error(404)
            return
        data = self.server.files[name]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.ranges else 0
        if start >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if body:
            end = len(data) if self.server.cut_after is None else start + self.server.cut_after
            self.wfile.write(data[start:end])
            self.close_connection = True
