"""Access control: browsers on this machine, or those with a token; and what a page may load."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, redirect, request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

COOKIE = "gce_study_token_{port}"
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Guard:
    """Accepts or rejects requests.

    Attributes:
        token: required of a browser, first in an address and then in a cookie; empty if the server listens on
            loopback, where only this machine can connect.

    """

    token: str = ""

    def check(self) -> BaseResponse | None:
        """Return the response to a request that is not accepted; None for one that is."""
        if not self.token:
            return None if _is_local(request.host) else refused(f"{request.host} is not a name of this machine")
        if self._matches(request.args.get("token", "")):
            rest = [(name, value) for name, value in request.args.items(multi=True) if name != "token"]
            answer = redirect(f"{request.path}?{urlencode(rest)}" if rest else request.path)
            answer.set_cookie(_cookie(), self.token, httponly=True, samesite="Strict")
            return answer
        if self._matches(request.cookies.get(_cookie(), "")):
            return None
        return refused("open the address that gce-study dashboard printed: it contains the token", 401)

    def _matches(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())


def _cookie() -> str:
    """Return the cookie's name, which holds the port: browsers send a cookie to every port of a machine."""
    port = request.host.rpartition(":")[2]
    return COOKIE.format(port=port if port.isdecimal() else "")


def _is_local(host: str) -> bool:
    """Return whether a request names this machine; any other name may be a DNS rebinding attack by a foreign page."""
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return name in LOCAL_NAMES or (name.startswith("127.") and is_loopback(name))


def refused(text: str, code: int = 403) -> Response:
    """Return an answer in plain text that states why there is no other."""
    return Response(f"gce-study: {text}\n", code, mimetype="text/plain")


def is_loopback(host: str) -> bool:
    """Return whether an address, or the name localhost, can be reached only from this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def protect(server: Flask, guard: Guard, script_hashes: Sequence[str]) -> None:
    """Check every request, and restrict pages to content and scripts of this server."""
    server.before_request(guard.check)
    scripts = " ".join(script_hashes)
    policy = (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self'; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )

    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    server.after_request(add_headers)
