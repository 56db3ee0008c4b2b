"""`ray up` with the shipped files: on the AWS provider against moto's server, and on machines reached by SSH.

Every node is this machine, in namespaces of its own, so that what is installed on a node is there already.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MOTO = "http://127.0.0.1:5000"
IMAGE = {
    "ami_id": "ami-0123456789abcdef0",
    "name": "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20261101",
    "owner_id": "amazon",
    "public": True,
    "creation_date": "2026-11-01T00:00:00.000Z",
}
# The address at which a node was reached; of itself this machine would only find its loopback.
REACHED = "--node-ip-address=$(echo $SSH_CONNECTION | cut -d' ' -f3)"
# In place of what installs Python and the packages: those of this machine, with the code that travelled.
INSTALLED = [
    f"ln -sfn {Path(sys.executable).parent.parent} ~/venv",
    "echo export PYTHONPATH=~/gce-study PYTHONWARNINGS=ignore >> ~/.gce-study",
]
TASK = """
import ray
where = ray.remote(num_gpus=1)(lambda: (ray.util.get_node_ip_address(), ray.get_gpu_ids()))
print("RAN ON", *ray.get(where.remote()))
"""
INSTANCES = """
import boto3, json
pages = boto3.client("ec2").describe_instances()["Reservations"]
print(json.dumps([i for page in pages for i in page["Instances"]], default=str))
"""


def differences(a, b, path=""):
    """Where two files differ: keys by dots; a list is one thing."""
    if isinstance(a, dict) and isinstance(b, dict):
        return {d for key in a | b for d in differences(a.get(key), b.get(key), f"{path}.{key}".lstrip("."))}
    return set() if a == b else {path}


def written(folder, name, changed):
    """Write a cluster file beside the project, so that its relative paths hold; answer with its path."""
    shipped = yaml.safe_load((ROOT / name).read_text())
    assert differences(shipped, changed) == CHANGED[name]
    path = folder / name
    path.write_text(yaml.safe_dump(changed))
    return path


CHANGED = {
    "cluster.yaml": {
        "available_node_types.gpu.node_config.ImageId",  # as prepare.py prints them
        "available_node_types.gpu.node_config.SecurityGroupIds",
        "available_node_types.head.node_config.ImageId",
        "available_node_types.head.node_config.SecurityGroupIds",
        "head_start_ray_commands",  # REACHED
        "idle_timeout_minutes",
        "provider.use_internal_ips",  # moto's public addresses lead nowhere
        "setup_commands",  # INSTALLED
        "worker_start_ray_commands",  # REACHED
    },
}


def reached(commands):
    return [c.replace("ray start ", f"ray start {REACHED} ") for c in commands]


@pytest.fixture
def aws(machine):
    """A machine beside an AWS of moto's, prepared by the script; answers with what that printed, as YAML."""
    (machine.state / "amis.json").write_text(json.dumps([IMAGE]))
    machine.environment |= {
        "AWS_ENDPOINT_URL": MOTO,
        "AWS_ACCESS_KEY_ID": "person",
        "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_AMIS_PATH": str(machine.state / "amis.json"),
    }
    log = machine.start("moto.log", "moto_server", "-H", "127.0.0.1", "-p", "5000")
    machine.wait(lambda: "Running on" in log.read_text(), 60, "moto's server")
    printed = machine.run("python", "docs/aws/prepare.py", "--bucket", "results", "--ssh-from", "203.0.113.7/32")
    return yaml.safe_load(printed)


def instances(machine):
    return json.loads(machine.run("python", "-c", INSTANCES))


def running(machine):
    return [i for i in instances(machine) if i["State"]["Name"] == "running"]


def test_the_shipped_cluster_file_brings_up_a_head_and_gpu_workers_when_there_is_work(machine, aws):
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    for node_type in config["available_node_types"].values():
        node_type["node_config"] |= aws
    config["provider"]["use_internal_ips"] = True
    config["idle_timeout_minutes"] = 0.1
    forwarded = [f"{k}={v}" for k, v in machine.environment.items() if k.startswith("AWS_")]
    config["setup_commands"][-3:] = [*INSTALLED, f"echo export {' '.join(forwarded)} >> ~/.gce-study"]
    config["head_start_ray_commands"] = reached(config["head_start_ray_commands"])
    config["worker_start_ray_commands"] = reached(config["worker_start_ray_commands"])
    file = written(machine.state, "cluster.yaml", config)
    machine.new_token()
    key = machine.home / ".ssh" / "ray-autoscaler_us-west-2.pem"
    made = "import boto3; print(boto3.client('ec2').create_key_pair(KeyName='ray-autoscaler_us-west-2')['KeyMaterial'])"
    key.write_text(machine.run("python", "-c", made))
    machine.let_in(key)

    print(machine.run("ray", "up", "-y", "--no-config-cache", file, timeout=180))
    (head,) = running(machine)
    machine.start("tunnel.log", "ray", "dashboard", "--port", "8266", file)
    machine.wait(lambda: ("127.0.0.1", 8266) in machine.listening(), 30, "the way to the dashboard")
    submitted = machine.run("ray", "job", "submit", "--address", "http://127.0.0.1:8266", "--", "python", "-c", TASK, timeout=180)
    print(submitted)
    print(instances(machine))
    machine.wait(lambda: len(running(machine)) == 1, 60, "the worker's end")
    print(machine.run("ss", "-ltnpH"))
    print(machine.run("ray", "down", "-y", file))
    assert running(machine) == []
