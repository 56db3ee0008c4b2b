"""Studies on a cluster: a head with two cores, and workers of three cores that its autoscaler starts and stops.

``GCE_STUDY_RACES`` says how often two submissions race (once by default).
"""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from cluster_studies import SETTLE, write, write_held
from factories import outcomes, read_records
from holding import Hold
from plugin_files import FOCAL, write_plugin
from ray_cluster import AUTOSCALED, autoscaling, drivers, node_without, places_asked_for, workers
from trainables.plans import read_plan
from watching import LOOPBACK, listening, until

pytestmark = pytest.mark.clusters

RACES = int(os.environ.get("GCE_STUDY_RACES", "1"))


@pytest.fixture(scope="module")
def head(start_head):
    return start_head(autoscaling, **AUTOSCALED)


@pytest.fixture(scope="module")
def finished(head):
    """A study of 12 epochs that was submitted and waited for."""
    path = write_held(head, "finished", epochs=12)
    submitted = head.study("submit", path, "--allow-code")
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


@pytest.fixture(scope="module")
def stopped(head):
    """A study that was looked at while its runs were trained, and then stopped."""
    storage = head.folder / "stopped"
    path = write_held(head, "stopped", epochs=12, storage="a-place-that-submit-replaces")
    hold = Hold(head.folder)
    head.study("submit", path, "--storage", storage, "--allow-code")
    follow = ["gce-study", "logs", "stopped", "--follow", "--address", head.address]
    following = subprocess.Popen(follow, env=head.env, stdout=subprocess.PIPE, text=True)
    hold.wait()
    with ThreadPoolExecutor(1) as pool:
        addresses = listening(head.processes())
        given_up = head.study("wait", "stopped", "--timeout", "0.5")
        stopping = pool.submit(head.study, "stop", "stopped")
        until(lambda: "stopping: " in head.study("logs", "stopped").stdout, seconds=300)
        hold.end()
    followed, _ = following.communicate(timeout=300)
    seen = {"addresses": addresses, "given_up": given_up, "answer": stopping.result(), "followed": followed}
    return SimpleNamespace(storage=storage, logs=head.study("logs", "stopped").stdout, **seen)


def test_a_wait_that_takes_too_long_ends_with_124(stopped):
    assert (stopped.given_up.returncode, stopped.given_up.stdout) == (124, "stopped: running\n")


def test_following_a_log_prints_all_of_it_and_ends_with_the_driver(stopped):
    assert stopped.followed == stopped.logs
    assert re.search(r"stopping: (1 run finishes its|\d runs finish their) epoch first", stopped.followed)


def test_head_driver_and_runs_listen_on_loopback_alone(stopped):
    assert stopped.addresses
    assert set(stopped.addresses) <= LOOPBACK


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
    path = write(head, name, epochs=10_000)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: head.study("submit", path), range(2)))
    assert [answer.returncode for answer in answers] == [0, 0], [answer.stderr for answer in answers]
    said = sorted(answer.stdout.splitlines()[0] for answer in answers)
    assert said == [f"{name}: runs here already as job {name}-1", f"{name}: submitted as job {name}-1"]
    until(lambda: drivers(head, name), seconds=400)
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
    cancelled = head.study("cancel", name).stdout
    assert cancelled == f"{name}: cancelled; records are kept\n", cancelled + head.study("logs", name).stdout
    assert head.study("wait", name).returncode == 143
    assert drivers(head, name) == []


def test_cancel_ends_a_driver_whose_runs_are_trained(head):
    path, hold = write_held(head, "given-up", epochs=10), Hold(head.folder)
    head.study("submit", path, "--allow-code")
    hold.wait()
    assert head.study("cancel", "given-up").stdout == "given-up: cancelled; records are kept\n"
    hold.end()
    assert head.study("wait", "given-up").returncode == 143
    log = head.study("logs", "given-up").stdout
    assert "given-up: nothing recorded is lost; continue with: gce-study resume given-up" in log
    assert log.endswith("gce-study: interrupted by SIGTERM\n")


def test_settle_asks_for_what_it_can_use_and_workers_come_and_go_with_it(head):
    path = write_held(head, "scaled", both=True, method=SETTLE, cpus=3, at_once="null", epochs=10)
    seen = []

    def look():
        seen.append((workers(head), places_asked_for(head)))
        return seen[-1]

    until(lambda: look() == (0, 0), "the end of the workers of earlier studies", seconds=400)
    seen.clear()
    hold = Hold(head.folder)
    head.study("submit", path, "--allow-code")
    until(lambda: look()[0] >= 2, "two workers for two runs", seconds=400)
    hold.end()
    until(lambda: look() and "finished" in head.study("status", "scaled").stdout, seconds=400)
    assert head.study("wait", "scaled").returncode == 0
    stages = [planned.stage for planned in read_plan(head.folder / "scaled", "scaled").runs]
    assert stages == ["explore"] * 2 + ["confirm"] * 2
    assert max(asked for _, asked in seen) == 2  # six could have been there
    until(lambda: workers(head) == 0, seconds=400)


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


@pytest.fixture
def blind_node(head):
    """A folder, and a node that has another one in its place."""
    folder = head.folder / "unseen"
    folder.mkdir()
    with node_without(head, folder):
        yield folder


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
        answer = subprocess.run(command, env=env, capture_output=True, text=True, timeout=200, check=False)
        assert answer.returncode == 1
        assert said in answer.stderr
        assert len(answer.stderr.splitlines()) == 1
        ray = ["ray", "status", "--address", f"127.0.0.1:{head.ports[0]}"]
        answer = subprocess.run(ray, env=env, capture_output=True, text=True, timeout=200, check=False)
        assert answer.returncode != 0
        assert "uthentication" in answer.stderr, answer.stderr


def test_where_no_cluster_answers_one_line_says_so(head):
    command = ["gce-study", "submit", write(head, "nowhere"), "--address", "http://127.0.0.1:9"]
    answer = subprocess.run(command, env=head.env, capture_output=True, text=True, timeout=200, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("gce-study: http://127.0.0.1:9: no cluster answers there; ")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.usefixtures("finished")
def test_when_the_gcs_is_killed_the_driver_ends_with_a_hint_and_submitted_again_the_study_goes_on(head, start_head):
    """Last in this file, as the cluster ends with it."""
    storage = head.folder / "orphan"
    path, hold = write_held(head, "orphan", epochs=12), Hold(head.folder)
    command = ["gce-study", "run", path, "--allow-code"]  # a child of this process, which can see its exit code
    env = head.env | {"RAY_ADDRESS": f"127.0.0.1:{head.ports[0]}", "GCE_STUDY_JOB": "orphan-1"}
    driver = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    hold.wait()
    (gcs,) = [pid for pid, c in head.processes().items() if "/gcs_server " in c]
    os.kill(gcs, signal.SIGKILL)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(start_head)  # meanwhile the driver waits for the cluster
        _, log = driver.communicate(timeout=300)
    assert driver.returncode == 1
    assert "is gone, and with it the cluster" in log
    assert "orphan: nothing recorded is lost; continue with: gce-study resume orphan, or submit its file again" in log
    head.end()
    hold.end()
    other = starting.result()
    assert other.study("submit", path, "--allow-code").returncode == 0
    assert other.study("wait", "orphan").returncode == 0
    assert outcomes(storage) == outcomes(head.folder / "finished")
