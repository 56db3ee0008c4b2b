"""Studies on a cluster: a head with two cores, and workers of three cores that its autoscaler starts and stops.

``GCE_STUDY_RACES`` says how often two submissions race (once by default).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from factories import outcome, read_records
from plugin_files import FOCAL, write_plugin
from trainables.plans import read_plan

pytestmark = pytest.mark.clusters

RACES = int(os.environ.get("GCE_STUDY_RACES", "1"))
STUDY = """
name: {name}
dataset: {{kind: synthetic, train_per_class: 6, test_per_class: 2}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: 1000}}}}
{method}
training: {{epochs: {epochs}, stop_after: 200, batch_size: 8}}
resources: {{cpus_per_run: {cpus}, max_concurrent: {at_once}}}
storage: {storage}
"""
GRID = "seeds: 2"
SETTLE = "method: {name: settle, within: 50, confidence: 0.5, start_seeds: 1, max_runs: 2, confirm_seeds: 2}"
MOST_WORKERS = 6
HEAD_ID = "f" * 51 + "00000"
# `ray start` lets nobody join by way of a loopback.
JOIN = """
import sys, time
from ray._private.node import Node
from ray._private.parameter import RayParams
Node(RayParams(gcs_address=f"127.0.0.1:{sys.argv[1]}", node_ip_address="127.0.0.1", num_cpus=0), head=False)
time.sleep(600)
"""
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def autoscaling(gcs):
    """What the autoscaler may start: workers of three cores, as processes of this machine."""
    provider = {
        "type": "external",
        "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
        "use_node_id_as_ip": True,
        "disable_node_updaters": True,
        "disable_launch_config_check": True,
        "launch_multiple": True,
        "head_node_id": HEAD_ID,
        "gcs_address": f"127.0.0.1:{gcs}",
    }
    kinds = {
        "ray.head.default": {"resources": {"CPU": 2}, "node_config": {}, "max_workers": 0},
        "worker": {"resources": {"CPU": 3}, "node_config": {}, "min_workers": 0, "max_workers": MOST_WORKERS},
    }
    return {
        "cluster_name": "fake",
        "max_workers": MOST_WORKERS,
        "idle_timeout_minutes": 0.05,
        "upscaling_speed": 100.0,
        "provider": provider,
        "available_node_types": kinds,
        "head_node_type": "ray.head.default",
        **{name: {} for name in ("auth", "docker", "file_mounts")},
        **{
            name: []
            for name in (
                *("initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands"),
                *("head_start_ray_commands", "worker_start_ray_commands", "cluster_synced_files"),
            )
        },
    }


@pytest.fixture(scope="module")
def head(start_head):
    return start_head(
        autoscaling,
        RAY_FAKE_CLUSTER="1",
        AUTOSCALER_UPDATE_INTERVAL_S="1",
        RAY_enable_autoscaler_v2="1",
        RAY_CLOUD_INSTANCE_ID=HEAD_ID,
        RAY_OVERRIDE_NODE_ID_FOR_TESTING=HEAD_ID,
    )


def write(head, name, **changes):
    """Write a study file; with two runs of a core at once, as usual here, the head has room for them."""
    usual = {"method": GRID, "epochs": 3, "cpus": 1, "at_once": 2, "storage": head.folder / name}
    path = head.folder / f"{name}.yaml"
    path.write_text(STUDY.format(name=name, **usual | changes))
    return path


def outcomes(storage):
    return {run_id: outcome(record) for run_id, record in read_records(storage).items()}


def drivers(head, name):
    """The process ids of a study's drivers."""
    return [pid for pid, command in head.processes().items() if f"gce-study run {name}.yaml" in command]


def until(happened, timeout=400.0):
    """Wait for something that other processes do."""
    end = time.monotonic() + timeout
    while not (found := happened()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def finished(head):
    """A study of 12 epochs that was submitted and waited for."""
    path = write(head, "finished", epochs=12)
    submitted = head.study("submit", path)
    assert submitted.returncode == 0, submitted.stderr
    waited = head.study("wait", "finished")
    assert waited.returncode == 0, head.study("logs", "finished").stdout
    return path, submitted, waited


def test_a_submitted_study_is_trained_and_reported(head, finished):
    _, submitted, waited = finished
    assert submitted.stdout.splitlines()[0] == "finished: submitted as job finished-1"
    assert f"gce-study logs finished --follow --address {head.address}" in submitted.stdout
    assert submitted.stderr == ""
    assert waited.stdout == "finished: finished\n"
    records = read_records(head.folder / "finished")
    assert [record.status for record in records.values()] == ["complete"] * 4
    assert (head.folder / "finished" / "studies" / "finished" / "report" / "report.html").exists()
    assert "finished: finished; job finished-1, started 20" in head.study("status", "finished").stdout
    logs = head.study("logs", "finished").stdout
    assert logs.count("finished is a folder: machines that start later must see it too\n") == 1
    assert "report: " in logs


def test_submitted_again_a_finished_study_answers_from_its_ledger(head, finished):
    path, _, _ = finished
    before = {p: p.stat().st_mtime_ns for p in (head.folder / "finished" / "records").iterdir()}
    path.write_text("# another layout is the same study\n" + path.read_text())
    assert "submitted as job finished-2" in head.study("submit", path).stdout
    assert head.study("wait", "finished").returncode == 0
    assert {p: p.stat().st_mtime_ns for p in (head.folder / "finished" / "records").iterdir()} == before


def test_plugins_go_with_the_job_to_nodes_that_do_not_have_their_files(head):
    path = write(head, "open", cpus=3)  # more than the head has: each run is trained on a node that is started for it
    plugin = write_plugin(head.folder / "my_losses.py", FOCAL)
    path.write_text("plugins: [my_losses.py]\n" + path.read_text().replace("{name: cce}", "{name: mine.focal}"))
    refused = head.study("submit", path)
    assert (refused.returncode, "add --allow-code" in refused.stderr) == (2, True)
    submitted = head.study("submit", path, "--allow-code")
    assert submitted.returncode == 0, submitted.stderr
    plugin.unlink()
    assert head.study("wait", "open").returncode == 0, head.study("logs", "open").stdout
    records = read_records(head.folder / "open").values()
    trained = {(record.run.configuration.loss.name, len(record.run.code), record.status) for record in records}
    assert trained == {("mine.focal", 1, "complete"), ("adaptive_gce", 0, "complete")}


def listening(processes):
    """The addresses at which processes take connections, as Linux writes them."""
    sockets = set()
    for pid in processes:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            with suppress(OSError):
                sockets.add(str(link.readlink()))
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


@pytest.fixture(scope="module")
def stopped(head):
    """A study that was looked at while its runs were trained, and then stopped."""
    storage = head.folder / "stopped"
    path = write(head, "stopped", epochs=12, storage="a-place-that-submit-replaces")
    head.study("submit", path, "--storage", storage)
    follow = ["gce-study", "logs", "stopped", "--follow", "--address", head.address]
    following = subprocess.Popen(follow, env=head.env, stdout=subprocess.PIPE, text=True)
    until(lambda: list(storage.glob("checkpoints/*.pt")))
    addresses = listening(head.processes())
    given_up = head.study("wait", "stopped", "--timeout", "0.5")
    answer = head.study("stop", "stopped")
    followed, _ = following.communicate(timeout=60)
    return SimpleNamespace(
        storage=storage,
        addresses=addresses,
        given_up=given_up,
        answer=answer,
        followed=followed,
        logs=head.study("logs", "stopped").stdout,
    )


def test_a_wait_that_takes_too_long_ends_with_124(stopped):
    assert (stopped.given_up.returncode, stopped.given_up.stdout) == (124, "stopped: running\n")


def test_following_a_log_prints_all_of_it_and_ends_with_the_driver(stopped):
    assert stopped.followed == stopped.logs
    assert re.search(r"stopping: (1 run finishes its|\d runs finish their) epoch first", stopped.followed)


def test_head_driver_and_runs_listen_on_loopback_alone(stopped):
    assert stopped.addresses
    assert stopped.addresses <= LOOPBACK


@pytest.mark.usefixtures("finished")
def test_stop_finishes_the_epoch_and_resume_goes_on_to_the_same_records(head, stopped):
    storage = stopped.storage
    assert "stopped: stopped; continue with: gce-study resume stopped" in stopped.answer.stdout
    assert "Traceback" not in stopped.logs
    assert head.study("wait", "stopped").returncode == 130
    in_flight = {path.stem for path in storage.glob("checkpoints/*.pt")}
    assert in_flight
    # Each was given up by its own process: one that is killed leaves its name there.
    assert {path.name: path.read_text() for path in storage.glob("running/*")} == dict.fromkeys(in_flight, "")
    assert "submitted as job stopped-2" in head.study("resume", "stopped").stdout
    assert head.study("wait", "stopped").returncode == 0
    assert outcomes(storage) == outcomes(head.folder / "finished")
    assert {i for i, r in read_records(storage).items() if r.provenance.attempt_count == 2} == in_flight


@pytest.mark.parametrize("race", range(RACES))
def test_of_two_submissions_at_once_one_starts_a_driver_and_a_different_file_is_refused(head, race):
    name = f"race{race}"
    path = write(head, name, epochs=200)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: head.study("submit", path), range(2)))
    assert [answer.returncode for answer in answers] == [0, 0], [answer.stderr for answer in answers]
    said = sorted(answer.stdout.splitlines()[0] for answer in answers)
    assert said == [f"{name}: runs here already as job {name}-1", f"{name}: submitted as job {name}-1"]
    until(lambda: drivers(head, name))
    assert len(drivers(head, name)) == 1
    other = write(head, f"{name}-other", epochs=100)
    other.write_text(other.read_text().replace(f"name: {name}-other", f"name: {name}"))
    refused = head.study("submit", other)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"gce-study: study {name} runs here from a file that differs (job {name}-1); give this one another name, or "
        "stop that one first\n"
    )
    if race:  # `cancel` takes longer
        os.kill(*drivers(head, name), signal.SIGKILL)
        return
    assert head.study("cancel", name).stdout == f"{name}: cancelled; records are kept\n"
    assert head.study("wait", name).returncode == 143
    assert drivers(head, name) == []


def test_settle_asks_for_what_it_can_use_and_workers_come_and_go_with_it(head):
    def workers():
        # A process that one has just forked has the same command line.
        return len({command for command in head.processes().values() if "/raylet/raylet " in command}) - 1

    def asked_for():
        """Runs that have their place, or wait for one."""
        groups = head.ask("/api/v0/placement_groups?limit=1000")["data"]["result"]["result"]
        return sum(group["state"] != "REMOVED" for group in groups)

    path = write(head, "scaled", method=SETTLE, cpus=3, at_once="null", epochs=10)
    assert (workers(), asked_for()) == (0, 0)
    head.study("submit", path)
    seen = []
    until(lambda: seen.append((workers(), asked_for())) or "finished" in head.study("status", "scaled").stdout)
    assert head.study("wait", "scaled").returncode == 0
    stages = [planned.stage for planned in read_plan(head.folder / "scaled", "scaled").runs]
    assert stages == ["explore"] * 2 + ["confirm"] * 2
    assert max(count for count, _ in seen) >= 2
    assert max(asked for _, asked in seen) == 2  # six could have been there
    until(lambda: workers() == 0)


def test_what_no_node_has_nor_could_have_is_refused_before_any_run(head):
    path = write(head, "greedy", cpus=4)
    for asked, said in (
        ("cpus_per_run: 4", "cpus_per_run: 4 asked for; the most that a node here has, or could have: 3"),
        ("gpus_per_run: 1", "gpus_per_run: 1 asked for; the most that a node here has, or could have: 0"),
    ):
        path.write_text(path.read_text().replace("cpus_per_run: 4", asked))
        head.study("submit", path)
        assert head.study("wait", "greedy").returncode == 1
        logs = head.study("logs", "greedy").stdout
        assert logs.splitlines()[-1] == f"gce-study: resources.{said}"
        assert "Traceback" not in logs


def nodes(head):
    """The machines that are alive."""
    listed = head.ask("/api/v0/nodes?limit=1000")["data"]["result"]["result"]
    return [node for node in listed if node["state"] == "ALIVE"]


@pytest.fixture
def blind_node(head):
    """A folder, and a node that has another one in its place."""
    folder = head.folder / "unseen"
    folder.mkdir()
    mounts = [shutil.which("unshare"), "--mount", "sh", "-c", f"mount -t tmpfs none {folder} && exec " + '"$@"', "sh"]
    if subprocess.run([*mounts, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    with subprocess.Popen([*mounts, sys.executable, "-c", JOIN, str(head.ports[0])], env=head.env) as node:
        until(lambda: len(nodes(head)) == 2)
        yield folder
        node.terminate()
    until(lambda: len(nodes(head)) == 1)


def test_a_node_that_does_not_see_the_storage_location_is_named_before_any_run(head, blind_node):
    head.study("submit", write(head, "blind", storage=blind_node))
    assert head.study("wait", "blind").returncode == 1
    assert head.study("logs", "blind").stdout.splitlines()[-1] == (
        f"gce-study: node 127.0.0.1 does not see the storage location {blind_node}: No such file or directory; "
        "use s3://, or a folder that all share"
    )
    assert [path.name for path in blind_node.iterdir()] == ["studies"]


def test_folders_that_start_from_here_are_refused_with_their_lines(head):
    path = write(head, "relative", storage="results")
    synthetic = "kind: synthetic, train_per_class: 6, test_per_class: 2"
    path.write_text(path.read_text().replace(synthetic, "kind: folder, root: x"))
    answer = head.study("submit", path)
    assert answer.returncode == 2
    allowed = "is not allowed on a cluster; allowed: s3://..., or a folder that starts with / or ~"
    assert answer.stderr.splitlines() == [
        f"gce-study: {path}:10: storage: 'results' {allowed}",
        f"gce-study: {path}:3: dataset.root: 'x' {allowed}",
    ]


def test_without_the_token_jobs_dashboard_and_gcs_refuse(head):
    for path in (
        "/api/jobs/",
        "/api/version",
        "/nodes?view=summary",
        "/api/cluster_status",
        "/api/v0/actors",
        "/api/v0/logs",
    ):
        assert (head.get(path, token=None), head.get(path, token="0" * 32)) == (401, 403), path
    for token, said in (("", "asks for a token; put it into ~/.ray/auth_token"), ("0" * 32, "refuses this token")):
        env = head.env | {"RAY_AUTH_TOKEN": token}
        command = ["gce-study", "list", "--address", head.address]
        answer = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert answer.returncode == 1
        assert said in answer.stderr
        assert len(answer.stderr.splitlines()) == 1
        ray = ["ray", "status", "--address", f"127.0.0.1:{head.ports[0]}"]
        answer = subprocess.run(ray, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert answer.returncode != 0
        assert "uthentication" in answer.stderr, answer.stderr


def test_where_no_cluster_answers_one_line_says_so(head):
    command = ["gce-study", "submit", write(head, "nowhere"), "--address", "http://127.0.0.1:9"]
    answer = subprocess.run(command, env=head.env, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("gce-study: http://127.0.0.1:9: no cluster answers there; ")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.usefixtures("finished")
def test_when_the_gcs_is_killed_the_driver_ends_with_a_hint_and_submitted_again_the_study_goes_on(head, start_head):
    """Last in this file, as the cluster ends with it."""
    storage = head.folder / "orphan"
    path = write(head, "orphan", epochs=12)
    command = ["gce-study", "run", path]  # a child of this process, which can see its exit code
    env = head.env | {"RAY_ADDRESS": f"127.0.0.1:{head.ports[0]}", "GCE_STUDY_JOB": "orphan-1"}
    driver = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    until(lambda: list(storage.glob("checkpoints/*.pt")))
    (gcs,) = [pid for pid, c in head.processes().items() if "/gcs_server " in c]
    os.kill(gcs, signal.SIGKILL)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(start_head)  # meanwhile the driver waits for the cluster
        _, log = driver.communicate(timeout=90)
    assert driver.returncode == 1
    assert "is gone, and with it the cluster" in log
    assert "orphan: nothing recorded is lost; continue with: gce-study resume orphan, or submit its file again" in log
    head.end()
    other = starting.result()
    assert other.study("submit", path).returncode == 0
    assert other.study("wait", "orphan").returncode == 0
    assert outcomes(storage) == outcomes(head.folder / "finished")
