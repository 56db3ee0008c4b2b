"""`ray up` with the shipped files: on the AWS provider against moto's servers, and on machines reached by SSH.

Every node is this machine, in namespaces of its own: what is installed on a node is there already, and only Ray's
addresses are many. Everything else is the shipped file's.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from analysis.report.drawing.browser import find_browser
from factories import read_records
from holding import Hold, write_held_loss
from moto_aws import BUCKET, KEY, instances, objects, requests

pytestmark = [pytest.mark.clusters, pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parents[3]
# The address at which a node was reached; of itself this machine would only find its loopback.
REACHED = "--node-ip-address=$(echo $SSH_CONNECTION | cut -d' ' -f3)"
CHANGED = {
    "cluster.yaml": {
        "available_node_types.gpu.node_config.ImageId",  # as prepare.py prints them
        "available_node_types.gpu.node_config.SecurityGroupIds",
        "available_node_types.head.node_config.ImageId",
        "available_node_types.head.node_config.SecurityGroupIds",
        "head_start_ray_commands",  # REACHED
        "idle_timeout_minutes",
        "provider.use_internal_ips",  # moto's public addresses lead nowhere
        "setup_commands",  # installed(), and how to reach moto
        "worker_start_ray_commands",  # REACHED
    },
    "cluster.onprem.yaml": {
        "head_start_ray_commands",  # REACHED
        "setup_commands",  # installed()
        "worker_start_ray_commands",  # REACHED; no `ray stop`, which would end the head's
    },
}

IMAGE = {
    "ami_id": "ami-0123456789abcdef0",
    "name": "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20261101",
    "owner_id": "amazon",
    "public": True,
    "creation_date": "2026-11-01T00:00:00.000Z",
}
TASK = """
import ray
where = ray.remote(num_gpus=1)(lambda: f"{ray.util.get_node_ip_address()} with GPU {ray.get_gpu_ids()}")
print("it ran on", ray.get(where.remote()))
"""
STUDY = """
name: small
plugins: [held.py]
dataset: {kind: synthetic, train_per_class: 6, test_per_class: 2}
arms: [{name: held, loss: {name: mine.held}}]
seeds: 4
training: {epochs: 5, batch_size: 8}
resources: {max_concurrent: 1}
storage: PLACE
"""
SPREAD = """
import ray, time
ray.init()
until = time.monotonic() + 150
while len(nodes := [n["NodeManagerAddress"] for n in ray.nodes() if n["Alive"]]) < 3 and time.monotonic() < until:
    time.sleep(0.2)
where = ray.remote(num_cpus=1)(ray.util.get_node_ip_address)
print("it ran on", *ray.get([where.options(resources={f"node:{node}": 0.1}).remote() for node in sorted(nodes)]))
"""
ASK = """
import json, requests, sys
jobs = "http://127.0.0.1:8266/api/jobs/"
print([requests.get(jobs, headers=headers).status_code for headers in json.loads(sys.argv[1])])
"""


def differences(a, b, path=""):
    """Where two files differ: keys by dots; a list is one thing."""
    if isinstance(a, dict) and isinstance(b, dict):
        return {d for key in a | b for d in differences(a.get(key), b.get(key), f"{path}.{key}".lstrip("."))}
    return set() if a == b else {path}


def installed(machine):
    """What replaces installing Python and the packages: those of this machine, with the code that travelled."""
    set_here = f"PYTHONPATH=~/gce-study PYTHONWARNINGS=ignore STUDY_UNDER_TEST={machine.state}"
    return [f"ln -sfn {Path(sys.executable).parent.parent} ~/venv", f"echo export {set_here} >> ~/.gce-study"]


def changed(machine, name, change):
    """Write a shipped cluster file with a few changes; answer with its path."""
    shipped, config = (yaml.safe_load((ROOT / name).read_text()) for _ in range(2))
    # Two nodes that start on one machine at the same moment would take the same names for their sockets.
    for kind, alone in (("head", ""), ("worker", "flock --close /tmp/ray/start ")):
        commands = config[f"{kind}_start_ray_commands"]
        commands[:] = [c.replace("ray start ", f"{alone}ray start {REACHED} ") for c in commands]
    change(config)
    assert differences(shipped, config) == CHANGED[name]
    path = machine.state / name
    path.write_text(yaml.safe_dump(config))
    return path


def submit(machine, code):
    """Run Python as a job on the cluster whose dashboard is at hand; answer with what it printed."""
    command = ["ray", "job", "submit", "--address", "http://127.0.0.1:8266", "--", "python", "-c", code]
    return machine.run(*command, timeout=240)


def write_study(machine, storage):
    """Write the study, whose runs are held in their third epoch; return its file and the hold."""
    write_held_loss(machine.state)
    study = machine.state / "study.yaml"
    study.write_text(STUDY.replace("PLACE", storage))
    return study, Hold(machine.state)


def stop(machine, hold):
    """Stop the study while a run is held, let the run finish its epoch, and wait for the end of the study."""
    there = ["small", "--address", "http://127.0.0.1:8266"]
    machine.start("stop.log", "gce-study", "stop", *there)
    machine.wait(lambda: "stopping: 1 run" in machine.run("gce-study", "logs", *there), 240, "the stop")
    hold.end()
    assert machine.started[-1].wait(240) == 0
    machine.run("gce-study", "wait", *there, code=130)


def open_dashboard(machine, file):
    """Bring the cluster's dashboard to port 8266, as a person does."""
    machine.start("dashboard.log", "ray", "dashboard", "--port", "8266", file)
    machine.wait(lambda: ("127.0.0.1", 8266) in machine.listening(), 240, "the way to the dashboard")


@pytest.fixture
def aws(machine):
    """A machine beside an AWS of moto's, prepared by the script; answers with what that printed, as YAML."""
    if shutil.which("moto_server", path=machine.environment["PATH"]) is None:
        pytest.skip("needs moto's server, of the extra dev")
    (machine.state / "amis.json").write_text(json.dumps([IMAGE]))
    machine.environment |= {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5001",
        "AWS_ACCESS_KEY_ID": "person",
        "AWS_SECRET_ACCESS_KEY": "of-the-person",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_AMIS_PATH": str(machine.state / "amis.json"),
        "MOTO_RECORDER_FILEPATH": str(machine.state / "requests"),
    }
    # The bucket has a server of its own, which keeps no record of the requests: each checkpoint would be in it.
    logs = [machine.start("s3.log", "moto_server", "-H", "127.0.0.1", "-p", "5001")]
    machine.environment["MOTO_ENABLE_RECORDING"] = "true"
    logs.append(machine.start("moto.log", "moto_server", "-H", "127.0.0.1", "-p", "5000"))
    machine.wait(lambda: all("Running on" in log.read_text() for log in logs), 240, "moto's servers")
    prepare = ["python", "deploy/aws/prepare.py", "--bucket", "results", "--ssh-from", "203.0.113.7/32"]
    machine.run("python", "-c", BUCKET)
    first, again = machine.run(*prepare), machine.run(*prepare)
    assert first == again
    key = machine.home / ".ssh" / "ray-autoscaler_us-west-2.pem"
    key.write_text(machine.run("python", "-c", KEY))
    machine.let_in(key)
    machine.new_token()
    return yaml.safe_load(again)


def open_study_dashboard(machine, file):
    """Open the dashboard of the study, as a person does; return the file of the output, its address and its port."""
    log = machine.start("study-dashboard.log", "gce-study", "dashboard", "small", "--cluster", file)
    page = re.compile(r"^small: (http://127\.0\.0\.1:(\d+)/study/small)$", re.MULTILINE)
    return log, *machine.wait(lambda: page.search(log.read_text()), 240, "the dashboard of the study").groups()


def test_on_aws_a_gpu_machine_comes_with_the_work_and_goes_without(machine, aws):
    known = {k: v for k, v in machine.environment.items() if k.startswith("AWS_")} | {"AWS_ACCESS_KEY_ID": "head"}

    def change(config):
        for node_type in config["available_node_types"].values():
            node_type["node_config"] |= aws
        config["provider"]["use_internal_ips"] = True
        config["idle_timeout_minutes"] = 0.2
        reaching = f"echo export {' '.join(f'{k}={v}' for k, v in known.items())} >> ~/.gce-study"
        config["setup_commands"][-3:] = [*installed(machine), reaching]

    file = changed(machine, "cluster.yaml", change)
    machine.run("ray", "up", "-y", "--no-config-cache", file, timeout=240)
    (head,) = instances(machine)
    assert (machine.node_home / ".ray" / "auth_token").stat().st_mode & 0o777 == 0o600
    assert ("127.0.0.1", 8265) in machine.listening()
    assert {address for address, port in machine.listening() if port == 8265} == {"127.0.0.1"}

    open_dashboard(machine, file)
    study, hold = write_study(machine, "s3://results/gce-study")
    there = ["--address", "http://127.0.0.1:8266"]
    assert "small: submitted as job small-1" in machine.run(
        "gce-study", "submit", study, "--cluster", file, "--allow-code"
    )
    hold.wait()
    assert objects(machine, "checkpoints/*.pt")
    assert [Path(key).name for key in objects(machine, "studies/small/owner.lock/*")] == ["000000001"]
    assert objects(machine, "running/*/*")
    stop(machine, hold)
    stopped = len(objects(machine, "records/*.json"))
    machine.run("gce-study", "resume", "small", *there)
    where = submit(machine, TASK).split("it ran on ")[1].splitlines()[0]
    address, gpus = where.split(" with GPU ")
    assert gpus == "[0]"
    assert address.startswith("172.31.")
    assert address != head["PrivateIpAddress"]
    machine.run("gce-study", "wait", "small", *there, timeout=240)
    assert stopped < len(objects(machine, "records/*.json")) == 4
    assert [Path(key).name for key in objects(machine, "studies/small/owner.lock/*")] == ["000000002"]
    assert not objects(machine, "running/*/*")
    assert "report.html" in machine.run("gce-study", "report", "small", "--storage", "s3://results/gce-study")
    machine.wait(lambda: len(instances(machine)) == 1, 240, "the worker's end")
    machine.run("ray", "down", "-y", file, timeout=120)
    assert instances(machine) == []

    # All that the head asked of AWS its policy allows, with the marks that the policy's conditions ask for.
    policy = json.loads((ROOT / "deploy" / "aws" / "head.json").read_text())["Statement"]
    allowed = {a for s in policy for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert {f"ec2:{call['Action']}" for call in requests(machine, "head")} == allowed - {"iam:PassRole"}
    for who, role in (("person", "head"), ("head", "worker")):
        launch, *_ = [call for call in requests(machine, who) if call["Action"] == "RunInstances"]
        assert launch["IamInstanceProfile.Name"] == f"gce-study-{role}"
        assert launch["MetadataOptions.HttpTokens"] == "required"
        assert launch["BlockDeviceMapping.1.Ebs.Encrypted"] == "true"
        assert [launch["SecurityGroupId.1"]] == aws["SecurityGroupIds"]
        names = [key for key in launch if key.startswith("TagSpecification.1.") and key.endswith(".Key")]
        assert {launch[key]: launch[key[:-3] + "Value"] for key in names}["ray-cluster-name"] == "gce-study"
        assert (launch.get("InstanceMarketOptions.MarketType") == "spot") == (role == "worker")


def test_on_users_own_machines_all_join_and_none_answers_without_the_token(machine):
    def change(config):
        config["setup_commands"][-2:] = installed(machine)
        config["worker_start_ray_commands"].remove("ray stop")

    machine.environment["RAY_UP_enable_autoscaler_v2"] = "0"
    key = machine.home / ".ssh" / "id_ed25519"
    machine.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    machine.let_in(key)
    # ssh takes `~` for what the list of users says, Ray for what HOME says.
    shutil.copy(key, machine.node_home / ".ssh")
    token = machine.new_token().read_text()
    file = changed(machine, "cluster.onprem.yaml", change)
    machine.run("ray", "up", "-y", file, timeout=240)
    open_dashboard(machine, file)
    assert "it ran on 192.168.1.10 192.168.1.11 192.168.1.12\n" in submit(machine, SPREAD)

    headers = [{}, {"Authorization": f"Bearer {'0' * 64}"}, {"Authorization": f"Bearer {token}"}]
    assert json.loads(machine.run("python", "-c", ASK, json.dumps(headers))) == [401, 403, 200]

    shared = machine.state / "shared"  # which every node sees at this path
    study, hold = write_study(machine, str(shared))
    there = ["--address", "http://127.0.0.1:8266"]
    assert "small: submitted as job small-1" in machine.run("gce-study", "submit", study, *there, "--allow-code")
    hold.wait()
    assert {address for address, port in machine.listening() if port == 8265} == {"127.0.0.1"}

    _, page, port = open_study_dashboard(machine, file)
    look = [find_browser(), "--headless", "--no-sandbox", "--virtual-time-budget=8000", "--dump-dom", page]
    answer = re.compile(r"<title>small: Answer - gce-study</title>.*>\s*running\s*<", re.DOTALL)
    machine.wait(lambda: answer.search(machine.run(*look)), 240, "the page of the study")
    machine.run("pkill", "-INT", "-f", "gce-study dashboard")
    assert machine.started[-1].wait(120) == 130
    machine.wait(lambda: not machine.runs(f"study.cluster.forwarding|{port}:localhost"), 60, "the end of the tunnel")
    assert {("127.0.0.1", int(port)), ("127.0.0.1", 8050)} & machine.listening() == {("127.0.0.1", 8050)}  # the job's
    assert "running" in machine.run("gce-study", "status", "small", *there)

    log, *_ = open_study_dashboard(machine, file)
    dashboard = machine.started[-1]
    stop(machine, hold)
    assert dashboard.wait(240) == 0
    assert f"gce-study dashboard small --storage {shared} shows what is recorded\n" in log.read_text()
    stopped = len(read_records(shared))
    machine.run("gce-study", "resume", "small", *there)
    machine.run("gce-study", "wait", "small", *there, timeout=240)
    assert stopped < len(read_records(shared)) == 4
    assert "report.html" in machine.run("gce-study", "report", "small", "--storage", shared)

    machine.run("ray", "down", "-y", file, timeout=120)
    machine.wait(lambda: {port for _, port in machine.listening()} <= {22, 8266}, 60, "the end of the cluster")
