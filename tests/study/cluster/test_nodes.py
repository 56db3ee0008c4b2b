"""Rules about clusters that need none: what fits on a node, what a job is called, what an exit code means."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest

from study.cli import main
from study.cluster.jobs import Attempt
from study.cluster.ray_environment import joins_cluster, prepare_environment
from study.commands.jobs import exit_code, state_of
from study.errors import EngineError
from study.spec import yaml_reader
from study.spec.keys import Resources
from study.spec.reading import Submission, read_study_file
from study.spec.yaml_reader import parse
from trainables.provenance import code_digest
from trainables.storage.location import location

STUDY = "name: s\nseeds: 2\ndataset: {kind: synthetic}\narms: [{name: a, loss: {name: cce}}]\n"


@pytest.fixture
def offer(monkeypatch):
    """A kind of node, from the module that imports ray once its environment is set."""
    monkeypatch.setattr("study.cluster.ray_environment.os.environ", {})
    prepare_environment()
    import study.cluster.capacity  # noqa: PLC0415

    return study.cluster.capacity.Offer


@pytest.mark.parametrize(
    ("cpus", "gpus", "fit"),
    [
        (1, 0.0, 8),
        (3, 0.0, 2),
        (9, 0.0, 0),
        (1, 1.0, 2),
        (1, 2.0, 1),
        (1, 3.0, 0),
        (1, 0.1, 8),
        (1, 0.3, 6),
        (2, 0.25, 4),
    ],
)
def test_runs_fit_on_a_node_by_its_scarcest_resource_and_none_uses_two_halves_of_gpus(offer, cpus, gpus, fit):
    resources = Resources(cpus_per_run=cpus, gpus_per_run=gpus)
    assert offer({"CPU": 8.0, "GPU": 2.0}, 1).slots(resources) == fit
    assert offer({"CPU": 8.0, "GPU": 2.0}, 3).slots(resources) == 3 * fit


def test_a_node_that_nobody_has_seen_yet_may_have_what_is_asked_for(offer):
    assert offer({}, 5).slots(Resources(gpus_per_run=4.0)) == 5


@pytest.mark.usefixtures("offer")
def test_on_this_machine_one_run_more_is_asked_for_than_fit_but_no_more_than_the_file_allows(monkeypatch):
    from study.cluster import local  # noqa: PLC0415 -- ray, after its environment

    monkeypatch.setattr(local.ray, "nodes", lambda: [{"Alive": True, "Resources": {"CPU": 8.0, "GPU": 2.0}}])
    asked = [Resources(), Resources(cpus_per_run=3), Resources(gpus_per_run=0.5), Resources(max_concurrent=4)]
    assert [local.most_here(resources) for resources in asked] == [9, 3, 5, 4]


def test_a_folder_is_warned_of_where_machines_may_start_later(monkeypatch, tmp_path, capsys):
    from study.cluster.nodes import _warn_of_later  # noqa: PLC0415 -- ray, after its environment

    monkeypatch.setitem(os.environ, "HOME", str(tmp_path))
    for where, most in (("/shared", 2), ("/shared", 0), ("s3://bucket/x", 2)):
        launcher = {"max_workers": 2, "head_node_type": "head"}
        launcher["available_node_types"] = {"head": {}, "gpu": {"max_workers": most}}
        (tmp_path / "ray_bootstrap_config.yaml").write_text(json.dumps(launcher))
        _warn_of_later(location(where))
    said = "the storage location /shared is a folder: machines that start later must see it too\n"
    assert capsys.readouterr().err == said


def test_a_node_with_other_code_of_the_same_version_is_refused(monkeypatch):
    from study.cluster import nodes  # noqa: PLC0415 -- ray, after its environment

    here, there = code_digest()[:12], "0123456789ab"
    answer = (f"{version('gce-study')} (code {there})", b"token")
    monkeypatch.setattr(nodes.ray, "get", lambda *_, **__: answer)
    with pytest.raises(EngineError) as error:
        nodes._judge("10.0.0.5", location("/shared"), b"token", None)
    assert str(error.value) == (
        f"node 10.0.0.5 has gce-study {version('gce-study')} (code {there}), "
        f"the head {version('gce-study')} (code {here}); install the same on both"
    )


@pytest.mark.parametrize(
    ("address", "joins"),
    [
        (None, False),
        ("", False),
        ("local", False),
        ("http://127.0.0.1:8265", False),
        ("10.0.0.1:6379", True),
        ("auto", True),
    ],
)
def test_a_cluster_is_joined_where_ray_names_one_and_keeps_its_token(monkeypatch, address, joins):
    environment = {} if address is None else {"RAY_ADDRESS": address}
    monkeypatch.setattr("study.cluster.ray_environment.os.environ", environment)
    assert joins_cluster() == joins
    prepare_environment()
    assert ("RAY_AUTH_TOKEN" in environment) != joins


def test_a_study_file_comes_back_as_it_was_and_its_digest_is_of_what_it_says(tmp_path):
    one, two, three = (tmp_path / name for name in ("one.yaml", "two.yaml", "three.yaml"))
    one.write_text(STUDY)
    two.write_text("# the same\n" + "\n".join(reversed(STUDY.replace("name: s", "name: 's'").splitlines())))
    three.write_text(STUDY.replace("2", "3"))
    first, same, other = (read_study_file(path).submission() for path in (one, two, three))
    assert Submission.unpack(first.packed, first.digest) == first == ("one.yaml", STUDY, first.digest, {})
    assert "seeds" not in first.packed
    assert first.digest == same.digest != other.digest


def test_another_storage_location_takes_the_place_of_the_files_and_nothing_else_changes(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(STUDY + "description: 'yes, 0x1F \N{GREEK SMALL LETTER TAU} \N{SNAKE}'\nbudget: {max_hours: 1e3}\n")
    name, text, *_ = read_study_file(path).submission("s3://bucket/new")
    assert name == "s.yaml"
    changed = parse(text)
    assert changed.problems == []
    assert changed.data == parse(path.read_text()).data | {"storage": "s3://bucket/new"}


@pytest.mark.parametrize("storage", [(), ("--storage", "s3://bucket/new")])
def test_a_submission_parses_the_study_file_once(dashboard, monkeypatch, tmp_path, storage):
    parsed = []
    loader = yaml_reader.YAML
    monkeypatch.setattr(yaml_reader, "YAML", lambda **options: parsed.append(options) or loader(**options))
    path = tmp_path / "s.yaml"
    path.write_text(STUDY + "storage: /tmp/results\n")
    address, answers = dashboard
    answers += [[], []]
    main(["submit", str(path), *storage, "--address", address])
    assert len(parsed) == 1


@pytest.mark.parametrize("where", ["results", "s3://Bucket/x", "ftp://host/x", ""])
def test_a_storage_location_that_a_cluster_cannot_reach_is_refused_by_submit(where, capsys):
    assert main(["submit", "demo", "--storage", where, "--address", "http://127.0.0.1:9"]) == 2
    assert f"gce-study: --storage: {where!r} is not allowed; allowed: s3://" in capsys.readouterr().err


def attempt(status, code=None):
    return Attempt("s", 1, "", "", "", status, 0.0, None, code, "")


@pytest.mark.parametrize(
    ("status", "code", "exits", "says"),
    [
        ("SUCCEEDED", 0, 0, "finished"),
        ("STOPPED", None, 130, "stopped"),
        ("FAILED", 143, 143, "cancelled"),
        ("FAILED", -15, 143, "cancelled"),
        ("FAILED", 2, 2, "failed with exit code 2"),
        ("FAILED", 127, 127, "failed with exit code 127 (gce-study is not installed on the head, or not in"),
        ("FAILED", -9, 1, "failed: its driver died"),
        ("FAILED", None, 1, "failed: its driver died"),
    ],
)
def test_what_became_of_a_driver_is_an_exit_code_and_words(status, code, exits, says):
    assert exit_code(attempt(status, code)) == exits
    assert state_of(attempt(status, code)).startswith(says)


@pytest.fixture
def dashboard(monkeypatch):
    """A server in a dashboard's place, whose list of jobs is asked of ``answers``, one a request; None is a 503."""
    pytest.importorskip("aiohttp", reason="jobs need the cluster extra")
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "")
    monkeypatch.setattr("study.cluster.tunnel.POLL_S", 0.01)
    answers = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            ray = {"version": "4", "ray_version": version("ray"), "ray_commit": "", "session_name": ""}
            answer = ray if self.path == "/api/version" else answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(503 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    thread.join()
    server.server_close()


def job(status):
    about = {"gce_study": "s", "gce_study_digest": "", "gce_study_file": "", "gce_study_options": ""}
    kinds = {"type": "SUBMISSION", "submission_id": "s-1", "entrypoint": "gce-study run s.yaml"}
    return [kinds | {"status": status, "metadata": about}]


@pytest.mark.slow
def test_requests_that_fail_for_less_than_a_minute_end_no_wait(dashboard, capsys):
    address, answers = dashboard
    answers += [job("RUNNING"), None, None, job("RUNNING"), None, job("SUCCEEDED")]
    assert main(["wait", "s", "--address", address]) == 0
    assert capsys.readouterr().out == "s: finished\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("then", "said"),
    [
        ([], "job s-1 is no longer known there, because its head was restarted; nothing recorded is lost"),
        (None, "(no answer for 0.1 s; job s-1 may still be running there)"),
    ],
)
def test_a_wait_that_hears_no_more_of_the_job_ends_with_a_line_and_125(dashboard, monkeypatch, capsys, then, said):
    monkeypatch.setattr("study.commands.jobs.UNHEARD_S", 0.1)
    address, answers = dashboard
    answers += [job("RUNNING"), then]
    assert main(["wait", "s", "--address", address]) == 125
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"GCE_STUDY_CLIENT_VERSION": "9.9"}, "the client that submitted the study 9.9; install the same on both"),
        ({}, "no Ray cluster answers at 127.0.0.1:9 (RAY_ADDRESS)"),
    ],
)
@pytest.mark.slow
def test_a_driver_without_its_cluster_and_of_another_version_ends_with_one_line(tmp_path, variables, said):
    path = tmp_path / "s.yaml"
    path.write_text(f"{STUDY}storage: {tmp_path / 'storage'}\n")
    command = [Path(sys.executable).parent / "gce-study", "run", path]
    env = os.environ | {"RAY_ADDRESS": "127.0.0.1:9"} | variables
    answer = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 1
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
