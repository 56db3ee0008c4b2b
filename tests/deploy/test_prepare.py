"""What deploy/aws/prepare.py makes in an account, against moto's server."""

import json
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import yaml

from watching import until

ROOT = Path(__file__).resolve().parents[2]
SERVER = Path(sys.executable).parent / "moto_server"


@pytest.fixture
def account(tmp_path, monkeypatch):
    """An empty account with two images of the name that is looked for."""
    if not SERVER.exists():
        pytest.skip("needs moto's server, of the extra dev")
    name = "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 2026110"
    images = [
        {"ami_id": f"ami-{day}", "name": f"{name}{day}", "owner_id": "amazon", "creation_date": f"2026-11-0{day}"}
        for day in (1, 3, 2)
    ]
    (tmp_path / "amis.json").write_text(json.dumps([image | {"public": True} for image in images]))
    settings = {
        "AWS_ACCESS_KEY_ID": "person",
        "AWS_SECRET_ACCESS_KEY": "of-the-person",
        "AWS_DEFAULT_REGION": "us-west-2",
        "MOTO_AMIS_PATH": str(tmp_path / "amis.json"),
    }
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    log, address = tmp_path / "server.log", re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
    with (
        log.open("w") as printed,
        subprocess.Popen([SERVER, "-H", "127.0.0.1", "-p", "0"], stdout=printed, stderr=printed) as server,
    ):
        running = until(lambda: address.search(log.read_text()), "moto's server", seconds=200)
        monkeypatch.setenv("AWS_ENDPOINT_URL", running[1])
        yield
        server.terminate()


PREPARE = [sys.executable, ROOT / "deploy" / "aws" / "prepare.py"]


def prepare(ssh_from, *options):
    command = [*PREPARE, "--bucket", "sounds", "--ssh-from", ssh_from, *options]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return yaml.safe_load(answer.stdout)


def launching():
    """The conditions on what the head may start."""
    document = boto3.client("iam").get_role_policy(RoleName="gce-study-head", PolicyName="head")["PolicyDocument"]
    (statement,) = [s for s in document["Statement"] if s["Sid"] == "LaunchForThisCluster"]
    return statement["Condition"]["StringEquals"]


@pytest.mark.slow
@pytest.mark.usefixtures("account")
def test_it_opens_ssh_to_one_network_and_makes_two_roles_of_which_one_may_start_machines():
    ids = prepare("203.0.113.0/24")
    assert prepare("198.51.100.7/32") == ids  # the same group, and another network instead of the first
    assert ids["ImageId"] == "ami-3"
    (group,) = ids["SecurityGroupIds"]
    (found,) = boto3.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    rules = sorted(found["IpPermissions"], key=lambda rule: rule["IpProtocol"])
    assert [r["IpProtocol"] for r in rules] == ["-1", "tcp"]
    assert [pair["GroupId"] for pair in rules[0]["UserIdGroupPairs"]] == [group]
    assert rules[0]["IpRanges"] == []
    assert (rules[1]["FromPort"], rules[1]["ToPort"]) == (22, 22)
    assert [r["CidrIp"] for r in rules[1]["IpRanges"]] == ["198.51.100.7/32"]

    iam = boto3.client("iam")
    for name, policies in (("gce-study-head", ["head", "storage"]), ("gce-study-worker", ["storage"])):
        profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        assert [role["RoleName"] for role in profile["Roles"]] == [name]
        assert sorted(iam.list_role_policies(RoleName=name)["PolicyNames"]) == policies
        assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
        for policy in policies:
            text = json.dumps(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
            assert "$" not in text
            assert ("arn:aws:s3:::sounds/gce-study/*" in text) == (policy == "storage")
            assert (f"security-group/{group}" in text) == (policy == "head")


@pytest.mark.slow
@pytest.mark.usefixtures("account")
def test_the_head_may_start_only_the_machines_of_the_cluster_file(tmp_path):
    prepare("203.0.113.0/24")
    assert launching()["ec2:InstanceType"] == ["g5.xlarge"]
    assert launching()["ec2:InstanceMarketType"] == ["spot"]
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    config["available_node_types"]["big"] = {"node_config": {"InstanceType": "g4dn.xlarge"}}
    (tmp_path / "cluster.yaml").write(yaml.safe_dump(config).encode())
    prepare("203.0.113.0/24", "--cluster-file", str(tmp_path / "cluster.yaml"))
    assert launching()["ec2:InstanceType"] == ["g4dn.xlarge", "g5.xlarge"]
    assert launching()["ec2:InstanceMarketType"] == ["on-demand", "spot"]


@pytest.mark.parametrize(
    ("option", "text"),
    [
        *(("--bucket", text) for text in ("", "*", "sounds*", "sound?", "${aws:username}", "a/b", "Sounds")),
        *(("--prefix", text) for text in ("", "*", "/", "a/*", "a//b", "/a", "a/", "a?", "${aws:username}")),
        *(("--cluster", text) for text in ("", "*", "${aws:username}")),
        *(("--region", text) for text in ("", "*")),
    ],
)
@pytest.mark.slow
def test_an_option_that_would_match_more_than_one_name_is_refused(option, text):
    options = {"--bucket": "sounds", "--ssh-from": "203.0.113.7/32"} | {option: text}
    command = [*PREPARE, *(word for pair in options.items() for word in pair)]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert answer.returncode == 2
    assert f"argument {option}: {text!r} is not allowed; allowed: " in answer.stderr


@pytest.mark.parametrize("name", ["README.md", "cluster.onprem.yaml", "no-such-file.yaml"])
@pytest.mark.slow
def test_a_file_that_is_not_an_aws_cluster_file_is_refused(name):
    command = [*PREPARE, "--bucket", "sounds", "--ssh-from", "203.0.113.7/32", "--cluster-file", ROOT / name]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert answer.returncode == 2
    assert "is not a cluster file for AWS" in answer.stderr.splitlines()[-1]
