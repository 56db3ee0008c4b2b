"""A spot machine that is taken back: Ray hears of it in time, and what is lost counts as no failure."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from factories import read_records
from holding import Hold, write_held_loss
from study.cluster import preemption
from study.cluster.preemption import metadata


class Metadata(ThreadingHTTPServer):
    """An instance metadata service (IMDSv2) on loopback: asks for a token, and has a notice once there is one."""

    def __init__(self, address="127.0.0.2"):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = {"local-ipv4": address}
        self.asked, self.refused = threading.Event(), threading.Event()  # for a notice that is not there; a bad request

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def take_back(self, seconds):
        """From now on tell whoever asks that the machine is taken back so many seconds later."""

        def notice():
            ends = datetime.now(UTC) + timedelta(seconds=seconds)
            return json.dumps({"action": "terminate", "time": f"{ends:%Y-%m-%dT%H:%M:%SZ}"})

        self.answers["spot/instance-action"] = notice


class Handler(BaseHTTPRequestHandler):
    server: Metadata

    def log_message(self, *_):
        pass

    def answer(self, code, text=""):
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        ours = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        if ours:
            self.answer(200, "token-of-a-minute")
        else:
            self.answer(400)
            self.server.refused.set()

    def do_GET(self):
        path = self.path.removeprefix("/latest/meta-data/")
        if self.headers["X-aws-ec2-metadata-token"] != "token-of-a-minute":
            self.answer(401)
        elif path in self.server.answers:
            known = self.server.answers[path]
            self.answer(200, known() if callable(known) else known)
        else:
            self.answer(404)
            self.server.asked.set()


@pytest.fixture
def service(monkeypatch):
    """A metadata service where every AWS client looks for it."""
    server = Metadata()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
    monkeypatch.setattr(preemption, "ANSWER_S", 60.0)  # on a busy machine
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("service")
def test_metadata_is_asked_with_a_token_and_may_be_absent():
    assert metadata("local-ipv4") == "127.0.0.2"
    assert metadata("spot/instance-action") is None


def test_a_service_that_does_not_answer_is_an_error_of_the_system(service, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url + "/no/such")
    with pytest.raises(OSError, match="400"):
        metadata("local-ipv4")


def test_the_notice_is_waited_for_also_while_nothing_answers(service, monkeypatch, capsys):
    monkeypatch.setattr(preemption, "EVERY_S", 0.01)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url + "/no/such")
    with ThreadPoolExecutor(1) as pool:
        ends = pool.submit(preemption.wait_for_notice)
        assert service.refused.wait(30)
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url)
        assert service.asked.wait(30)
        assert not ends.done()
        service.take_back(seconds=120)
        assert 100 < ends.result(30) - time.time() <= 120
    assert "the metadata service does not answer, still trying: HTTP Error 400" in capsys.readouterr().err


# A head that trains nothing and two nodes of a core each. Once both train, and are held there, the watcher runs beside
# the first; when it has heard of the end, that node is lost. Each lost process is printed, with the number that counts.
ON_A_CLUSTER = """
import os, subprocess, sys, threading, time
from pathlib import Path
from study.cluster.ray_environment import prepare_environment
prepare_environment()
import ray
from ray.cluster_utils import Cluster
import study.cli, study.engine.tune

storage, file, hold = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "node_ip_address": "127.0.0.1"})
first, _ = [cluster.add_node(num_cpus=1, node_ip_address=f"127.0.0.{i}") for i in (2, 3)]
os.environ["RAY_ADDRESS"] = cluster.address
deaths, on_death = [], study.engine.tune.MethodSearcher.on_death

def counting(self, run, error):
    on_death(self, run, error)
    deaths.append((error, self.deaths[run.run_id]))

study.engine.tune.MethodSearcher.on_death = counting

def lose():
    while len(list(storage.glob("checkpoints/*.pt"))) < 2:
        time.sleep(0.01)
    watcher = [sys.executable, "-m", "study.cluster.preemption", "--address", cluster.address]
    print("WATCHER", subprocess.run(watcher, timeout=200).returncode)
    print("DRAINING", list(ray._private.state.state.get_draining_nodes()) == [first.node_id])
    cluster.remove_node(first, allow_graceful=False)
    while not deaths:
        time.sleep(0.01)
    hold.unlink()

thread = threading.Thread(target=lose, daemon=True)
thread.start()
code = study.cli.main(["run", file, "--allow-code"])
thread.join(60)
print("DEATHS", deaths)
cluster.shutdown()
sys.exit(code)
"""

STUDY = """
name: small
plugins: [held.py]
dataset: {{kind: synthetic, train_per_class: 6, test_per_class: 2}}
arms: [{{name: held, loss: {{name: mine.held}}}}]
seeds: 2
training: {{epochs: 5, batch_size: 8}}
storage: {storage}
"""


@pytest.mark.clusters
def test_a_notice_drains_the_node_and_its_run_goes_on_elsewhere_without_a_failure(service, tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(STUDY.format(storage=tmp_path / "storage"))
    write_held_loss(tmp_path)
    hold = Hold(tmp_path)
    service.take_back(seconds=120)
    command = [sys.executable, "-c", ON_A_CLUSTER, tmp_path / "storage", file, hold.path]
    env = os.environ | {"STUDY_UNDER_TEST": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=500, env=env)
    assert answer.returncode == 0, answer.stderr
    assert "this machine will be taken back in 1" in answer.stderr
    assert "WATCHER 0\n" in answer.stdout
    assert "DRAINING True\n" in answer.stdout
    assert "DEATHS [('its node has died, as announced', 0)]\n" in answer.stdout
    records = read_records(tmp_path / "storage").values()
    assert [record.status for record in records] == ["complete"] * 2
    assert sorted(record.provenance.attempt_count for record in records) == [1, 2]
