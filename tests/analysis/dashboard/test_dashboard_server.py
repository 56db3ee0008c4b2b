"""The dashboard's server against clients that send too slowly, too much or nonsense; over real sockets."""

from __future__ import annotations

import copy
import json
import socket
import time
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.dashboard import server
from analysis.dashboard.app import make_app
from analysis.dashboard.callbacks import MAX_BODY
from analysis.dashboard.guard import Guard
from analysis.dashboard.server import serving

PATIENCE_S = 60.0  # with a busy machine
CALLBACK = "/_dash-update-component"
PART = {"type": "part", "key": "list"}
FIGURE = {"type": "figure", "key": "curve"}
GRID = {"type": "grid", "key": "studies"}
OUTPUT = (
    '..page.children...shown.data...{"key":["ALL"],"type":"part"}.children...{"key":["ALL"],"type":"figure"}.figure'
    '...{"key":["ALL"],"type":"grid"}.rowData..'
)


def body(**changes: Any) -> dict[str, Any]:
    """Return what a browser sends that shows the list of studies, with some keys changed."""
    request = {
        "output": OUTPUT,
        "outputs": [
            {"id": "page", "property": "children"},
            {"id": "shown", "property": "data"},
            [{"id": PART, "property": "children"}],
            [{"id": FIGURE, "property": "figure"}],
            [{"id": GRID, "property": "rowData"}],
        ],
        "inputs": [
            {"id": "address", "property": "pathname", "value": "/"},
            {"id": "address", "property": "search", "value": ""},
            {"id": "tick", "property": "n_intervals", "value": 3},
            {"id": "theme", "property": "data", "value": "dark"},
        ],
        "changedPropIds": ["tick.n_intervals"],
        "state": [
            {
                "id": "shown",
                "property": "data",
                "value": {
                    "address": "/",
                    "title": "x",
                    "stamps": [["list", "0"]],
                    "news": "",
                    "busy": False,
                    "dark": False,
                },
            },
            [{"id": PART, "property": "id", "value": PART}],
            [{"id": FIGURE, "property": "id", "value": FIGURE}],
            [{"id": GRID, "property": "id", "value": GRID}],
            [{"id": {"type": "zoom", "key": "curve"}, "property": "data", "value": {}}],
        ],
    }
    return copy.deepcopy(request | changes)


@pytest.fixture
def client(studies):
    """Ask without a network; errors of the application become answers, as they do behind a server."""
    asked = make_app(studies, Guard()).server
    asked.config["PROPAGATE_EXCEPTIONS"] = False
    return asked.test_client()


@pytest.fixture
def where(served: str) -> tuple[str, int]:
    """Return where a dashboard is served, with the time limits of the command."""
    address = urlsplit(served)
    assert address.hostname
    assert address.port
    return address.hostname, address.port


@pytest.fixture
def hurried(studies, monkeypatch):
    """Serve with short time limits and few connections, and return where."""
    monkeypatch.setattr(server, "LIMITS", server.LIMITS | {"channel_timeout": 1, "cleanup_interval": 1})
    monkeypatch.setattr(server, "REQUEST_S", 1.0)
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, serving(make_app(studies, Guard()).server, listener):
        yield listener.getsockname()


def closed(connection: socket.socket) -> bool:
    """Return whether the server closes a connection."""
    connection.settimeout(PATIENCE_S)
    with suppress(ConnectionResetError):
        try:
            return connection.recv(1) == b""
        except TimeoutError:
            return False
    return True


def status(where: tuple[str, int]) -> int:
    """Ask for the start page and return the answer's status."""
    with closing(HTTPConnection(*where, timeout=PATIENCE_S)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status


def answered(where: tuple[str, int], data: bytes) -> bytes:
    """Send raw bytes and return all that comes back."""
    with socket.create_connection(where, timeout=PATIENCE_S) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            return b"".join(iter(lambda: connection.recv(65_536), b""))
    return b""


def drip(connection: socket.socket) -> None:
    """Send a byte now and then."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        connection.sendall(b"G")
        time.sleep(0.2)


def test_two_hundred_half_open_requests_block_nobody_and_are_closed(hurried):
    with ExitStack() as stack:
        half = [stack.enter_context(socket.create_connection(hurried, timeout=PATIENCE_S)) for _ in range(200)]
        for index, connection in enumerate(half):
            connection.sendall(
                (b"", b"GET / HTTP/1.1\r\nHost: loc", b"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")[index % 3]
            )
        assert status(hurried) == 200
        assert all(map(closed, half))


def test_a_request_that_drips_is_closed(hurried):
    with socket.create_connection(hurried, timeout=PATIENCE_S) as connection, pytest.raises(ConnectionError):
        drip(connection)


def test_connections_beyond_the_limit_wait_until_others_are_closed(studies, monkeypatch):
    limits = {"connection_limit": 8, "channel_timeout": 1, "cleanup_interval": 1}
    monkeypatch.setattr(server, "LIMITS", server.LIMITS | limits)
    listener = socket.create_server(("127.0.0.1", 0))
    with ExitStack() as stack:
        stack.enter_context(listener)
        stack.enter_context(serving(make_app(studies, Guard()).server, listener))
        where = listener.getsockname()
        begun = time.monotonic()
        for _ in range(12):
            stack.enter_context(socket.create_connection(where, timeout=PATIENCE_S))
        assert status(where) == 200
        assert time.monotonic() > begun + 1


def test_a_body_of_10_mb_is_refused_with_413_unread(where):
    head = f"POST {CALLBACK} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000000\r\n\r\n"
    assert answered(where, head.encode()).startswith(b"HTTP/1.1 413 ")


def test_a_body_in_chunks_is_refused_once_it_is_too_large(where):
    chunk = b"%x\r\n%s\r\n" % (100_000, b" " * 100_000)
    head = f"POST {CALLBACK} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with socket.create_connection(where, timeout=PATIENCE_S) as connection:
        connection.sendall(head)
        with suppress(ConnectionError):
            for _ in range(MAX_BODY // 100_000):
                connection.sendall(chunk)
        assert connection.recv(13) == b"HTTP/1.1 413 "


def test_the_application_refuses_a_large_body_by_itself(client):
    data = b" " * (MAX_BODY + 1)
    assert client.post(CALLBACK, data=data, content_type="application/json").status_code == 413


def test_a_callback_of_a_page_is_answered(client):
    answer = client.post(CALLBACK, json=body())
    assert answer.status_code == 200
    assert "page" in answer.json["response"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"output": "..page.children.."}',
        json.dumps(body(output="x.y")).encode(),
        json.dumps(body(output=["a"])).encode(),
        json.dumps(body(inputs=[])).encode(),
        json.dumps(body(inputs=[{"id": "address", "property": "pathname", "value": {"a": 1}}] * 3)).encode(),
        json.dumps(body(state=[None] * 5)).encode(),
        json.dumps(body(state=[{"id": "shown", "property": "data", "value": {"address": 1}}, [], [], [], []])).encode(),
        json.dumps(body(outputs=[])).encode(),
        json.dumps(body(changedPropIds=7)).encode(),
        json.dumps(body(state=[*body()["state"][:4], []])).encode(),
        json.dumps(body()).replace('"list"', '"\\ud800"').encode(),
    ],
)
def test_a_malformed_callback_is_answered_400_without_a_traceback(client, data, capfd):
    answer = client.post(CALLBACK, data=data, content_type="application/json")
    assert answer.status_code == 400
    assert "Traceback" not in "".join(capfd.readouterr())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def paths(value, at=()):
    """List the places of every value within nested lists and dictionaries."""
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*at, key))


@settings(
    deadline=None,
    max_examples=100,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(place=st.sampled_from(list(paths(body()))[1:]), value=JSON, drop=st.booleans())
def test_a_callback_changed_at_any_place_is_answered_or_refused(client, place, value, drop):
    changed = body()
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    if drop:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    assert client.post(CALLBACK, json=changed).status_code in {200, 204, 400}


@pytest.mark.parametrize("path", ["/_dash-component-suites/no/such.js", "/_dash-component-suites/dash/no.js"])
def test_an_unknown_resource_is_404_without_a_traceback(client, path, capfd):
    assert client.get(path).status_code == 404
    assert "Traceback" not in "".join(capfd.readouterr())


def test_dashboards_on_two_ports_keep_both_tokens(studies):
    first, second = (make_app(studies, Guard(token * 16)).server.test_client() for token in "ab")
    cookies = [
        client.get(f"/?token={token * 16}", headers={"Host": f"example:{port}"}).headers["Set-Cookie"].partition(";")[0]
        for client, token, port in ((first, "a", 8050), (second, "b", 8051))
    ]
    assert cookies == [f"gce_study_token_8050={'a' * 16}", f"gce_study_token_8051={'b' * 16}"]
    both = {"Cookie": "; ".join(cookies)}
    for client, port in ((first, 8050), (second, 8051)):
        fresh = client.application.test_client(use_cookies=False)
        assert fresh.get("/", headers=both | {"Host": f"example:{port}"}).status_code == 200


def test_the_server_ends_with_its_block(studies):
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, serving(make_app(studies, Guard()).server, listener) as thread:
        assert thread.is_alive()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_an_open_page_needs_one_connection_for_many_requests(where):
    with closing(HTTPConnection(*where, timeout=PATIENCE_S)) as connection:
        connection.connect()
        used = connection.sock
        for _ in range(3):
            connection.request("GET", "/_dash-layout")
            assert connection.getresponse().read().startswith(b"{")
            assert connection.sock is used
