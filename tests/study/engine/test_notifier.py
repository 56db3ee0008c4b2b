"""Whom a study tells of its end, of a real web server; and that nothing it may not tell stands anywhere."""

import json
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from factories import GCE_STUDY, read_records
from study.engine.notifier import Notifier
from study.errors import SpecError
from study.spec.notify import Notify
from study.spec.reading import read_spec
from trainables.records import log_path

SECRET = "T0123/B0456/abcdef"  # noqa: S105 -- what must not be seen
STUDY = """
name: told
dataset: {{kind: synthetic, train_per_class: 6, test_per_class: 2}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: 1000}}}}
method: {method}
training: {{epochs: 1, batch_size: 8{more}}}
resources: {{max_concurrent: 1}}
notify: {{url: '{url}'}}
storage: {storage}
"""


SETTLE = "{name: settle, within: 50, confidence: 0.5, start_seeds: 1, confirm_seeds: 2}"
SEARCH = "{name: search, configurations: 2, asha: null, baselines: [cce], confirm_best: 1, confirm_seeds: 2}"


class Server(HTTPServer):
    """Keeps what is posted to it, and answers with ``status``."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts, self.status = [], 200
        self.url = f"http://127.0.0.1:{self.server_port}/services/{SECRET}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        """Print nothing."""


@contextmanager
def serving():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server():
    with serving() as server:
        yield server


def run(folder, url, more="", study=STUDY, method=SETTLE):
    path = folder / "told.yaml"
    path.write_text(study.format(url=url, storage=folder / "storage", more=more, method=method))
    return subprocess.run([GCE_STUDY, "run", path], capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.slow
def test_a_study_tells_of_its_choice_and_of_its_end_once_each_and_keeps_the_address_to_itself(server, tmp_path):
    answer = run(tmp_path, server.url)
    assert answer.returncode == 0, answer.stderr
    assert {(path, kind) for path, kind, _ in server.posts} == {(f"/services/{SECRET}", "application/json")}
    settled, finished = (body for _, _, body in server.posts)
    assert (settled["study"], settled["event"], finished["event"]) == ("told", "settled", "finished")
    assert settled["text"].startswith("told settled: confirming ")
    assert finished["text"].startswith("told finished: ")
    assert finished["text"].removeprefix("told finished: ") in answer.stdout
    assert SECRET not in answer.stdout + answer.stderr
    kept = [path for path in (tmp_path / "storage").rglob("*") if path.is_file()]
    assert len(kept) > 10
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
    again = run(tmp_path, server.url.replace("services", "elsewhere"))
    assert again.returncode == 0, again.stderr  # another address is no other study
    assert [body["event"] for _, _, body in server.posts[2:]] == ["finished"]


@pytest.mark.slow
def test_a_search_tells_of_what_it_confirms_and_of_its_end_once_each(server, tmp_path):
    study = STUDY.replace("temperature: 1000", "temperature: {{min: 100, max: 10000}}")
    answer = run(tmp_path, server.url, study=study, method=SEARCH)
    assert answer.returncode == 0, answer.stderr
    settled, finished = (body for _, _, body in server.posts)
    assert settled == {
        "study": "told",
        "event": "settled",
        "text": "told settled: confirming 1 configuration and 1 baseline",
    }
    assert finished["event"] == "finished"


def test_a_cluster_that_is_gone_is_told_with_how_to_continue(server, capsys):
    Notifier("s", Notify(url=server.url), "s: continue with: gce-study run s.yaml").gone("the cluster is gone")
    assert [body["text"] for _, _, body in server.posts] == ["s failed: the cluster is gone"]
    assert capsys.readouterr().err == "gce-study: the cluster is gone\ns: continue with: gce-study run s.yaml\n"


def test_a_notification_is_one_line_without_control_characters(server):
    Notifier("s", Notify(on=["failed"], url=server.url)).send("failed", "no\x1b[2J\nspace")
    assert [body["text"] for _, _, body in server.posts] == ["s failed: no\\u001b[2J\\nspace"]


@pytest.fixture(scope="module")
def diverged(tmp_path_factory):
    """A study none of whose runs is complete: its storage, its end, and what it posted."""
    folder = tmp_path_factory.mktemp("diverged")
    with serving() as server:
        answer = run(folder, server.url, more=", l2: 1.0e+38", method="{name: grid}\nseeds: 2")
    return folder / "storage", answer, server.posts


@pytest.mark.slow
def test_a_study_that_ends_without_a_complete_run_tells_that_it_failed(diverged):
    _, answer, posts = diverged
    assert answer.returncode == 1
    assert [body["event"] for _, _, body in posts] == ["failed"]


@pytest.mark.slow
def test_a_run_that_diverges_in_its_first_epoch_is_recorded_and_left_out(diverged):
    storage, answer, _ = diverged
    records = read_records(storage).values()
    assert len(records) == 4
    assert {(r.status, r.error) for r in records} == {("diverged", "the loss was not finite in epoch 1")}
    assert answer.stdout.count("diverged: the loss was not finite in epoch 1") == 4
    for record in records:
        log = log_path(storage, record.run_id).read_text()
        assert log.endswith("diverged after 0 epochs: the loss was not finite in epoch 1\n")


def test_an_error_is_told_and_goes_on(server):
    notifier = Notifier("s", Notify(on=["failed"], url=server.url))
    with pytest.raises(OSError, match="disk"), notifier.of_failure():
        raise OSError("disk")  # noqa: EM101 -- a test's own
    notifier.send("finished", "is not asked for")
    assert [body["text"] for _, _, body in server.posts] == ["s failed: disk"]


@pytest.mark.parametrize("reason", ["status", "nobody"])
def test_an_address_that_fails_costs_one_line_without_its_secret(server, capsys, reason):
    server.status = 500
    url = server.url if reason == "status" else f"http://127.0.0.1:9/{SECRET}"
    Notifier("s", Notify(url=url)).send("finished", "done")
    said = capsys.readouterr().err
    assert said.startswith("s: http://127.0.0.1/... was not notified that the study finished: ")
    assert len(said.splitlines()) == 1
    assert SECRET not in said


@pytest.mark.parametrize("url", ["ftp://h/x", "hooks.example/T0", "https:///x", "https://h:99999/", "https://h/a b"])
def test_an_address_that_is_none_is_refused_without_showing_it(tmp_path, url):
    path = tmp_path / "told.yaml"
    path.write_text(STUDY.format(url=url + SECRET, storage=tmp_path, more="", method=SETTLE))
    with pytest.raises(SpecError) as error:
        read_spec(path)
    assert error.value.problems == [
        f"{path}:10: notify.url: this address is not allowed; allowed: an address like https://HOST/PATH"
    ]


def test_an_unknown_event_and_an_unknown_key_are_refused_and_show_no_address(tmp_path):
    path = tmp_path / "told.yaml"
    text = STUDY.format(url="https://h/x", storage=tmp_path, more="", method=SETTLE)
    path.write_text(
        text.replace("notify: {url: 'https://h/x'}", f"notify: {{on: [ended], link: 'https://h/{SECRET}'}}")
    )
    with pytest.raises(SpecError) as error:
        read_spec(path)
    assert SECRET not in str(error.value)
    assert "notify.on[0]: 'ended' is not allowed; allowed: one of finished, failed, settled" in str(error.value)
    assert "notify.url: missing" in str(error.value)
