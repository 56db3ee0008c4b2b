"""What other servers a page may link to, and when they count as up: against servers that really answer."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from analysis.dashboard.links import TensorBoard, web_address
from analysis.dashboard.updates import Browser, update
from trainables.losses.catalogue import CCE
from trainables.plans import study_folder

ENVIRONMENT = json.dumps({"version": "2.21.0", "data_location": "results", "window_title": ""})


@contextmanager
def server(answer, code=200, **headers):
    """Serve one answer at every address; give the server's own."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_):
            """Say nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}", asked
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def test_tensorboard_is_up_while_it_answers(monkeypatch):
    monkeypatch.setattr("analysis.dashboard.links.WAIT_S", 60.0)  # for an answer of a busy machine
    with server(ENVIRONMENT) as (url, asked):
        board = TensorBoard(f"{url}/")
        assert board.url() == ""
        board.check()
        assert board.url() == url
        assert asked == ["/data/environment"]
    board.check()
    assert board.url() == ""


@pytest.mark.parametrize(
    ("answer", "code"),
    [("<html>", 200), ("[]", 200), ('{"status": "ok"}', 200), ("", 200), (ENVIRONMENT, 404), (ENVIRONMENT, 500)],
)
def test_another_server_is_no_tensorboard(answer, code):
    with server(answer, code) as (url, _):
        board = TensorBoard(url)
        board.check()
        assert board.url() == ""


def test_a_server_that_never_answers_is_given_up_after_a_moment():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        board = TensorBoard(f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        board.check()
        assert time.monotonic() - began < 60
    assert board.url() == ""


def test_looking_waits_for_nobody():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        board = TensorBoard(f"http://127.0.0.1:{silent.getsockname()[1]}")
        board.watch()
        silent.accept()[0].close()  # the question comes from another thread
        assert board.url() == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:6006", "https://boards.example/one", "http://[::1]:6006"])
def test_web_addresses_are_kept_without_their_last_slash(url):
    assert web_address(url) == web_address(f"{url}/") == url


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1:6006", "javascript:alert(1)", "ftp://a.example", "http://", "http://a:x", "http://[::1", None, 7],
)
def test_anything_else_is_no_web_address(text):
    assert web_address(text) == ""


def links(studies, path):
    """The addresses of the page's links to other servers, by their text."""
    built, *_ = update(studies, (path, ""), Browser())
    found = (each for block in built for each in block._traverse() if type(each).__name__ == "A")
    return {each.children: each.href for each in found if getattr(each, "target", None) == "_blank"}


def test_pages_link_to_tensorboard_while_it_is_up(study, studies, storage):
    study.add("cce", CCE(name="cce"), 0)
    study.write(storage)
    assert links(studies, "/") == links(studies, "/study/best-t") == {}
    studies.tensorboard = lambda: "http://127.0.0.1:6006"
    assert links(studies, "/") == links(studies, "/study/best-t") == {"TensorBoard": "http://127.0.0.1:6006"}


def test_a_running_study_links_to_its_clusters_dashboard(study, studies, storage, owners):
    study.add("cce", CCE(name="cce"), 0)
    study.write(storage)
    path = study_folder(storage, "best-t") / "progress.json"
    path.write_text(json.dumps({"ray_dashboard": "http://127.0.0.1:8265"}))
    assert links(studies, "/study/best-t") == {}
    owners["best-t"] = "process 7"
    assert links(studies, "/study/best-t") == {"Ray dashboard": "http://127.0.0.1:8265"}
    for other in ("", None, 7, "javascript:alert(1)", "//evil.example", "data:text/html,x"):
        path.write_text(json.dumps({"ray_dashboard": other}))
        assert links(studies, "/study/best-t") == {}
