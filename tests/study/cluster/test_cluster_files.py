"""The shipped cluster files and policies: valid for Ray, pinned, and open to nobody."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FILES = ["cluster.yaml", "cluster.onprem.yaml"]
AWS = yaml.safe_load((ROOT / "cluster.yaml").read_text())
POLICIES = sorted((ROOT / "deploy" / "aws").glob("*.json"))
PINS = dict(re.findall(r"^([^\s=]+)==([^\s;]+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))


def commands(config):
    return [c for key, value in config.items() if key.endswith("_commands") for c in value]


# In a process of its own: once imported, ray has read the environment that its studies are to set first.
TAKE = """
import sys, yaml
from ray.autoscaler._private.util import prepare_config, validate_config
config = prepare_config(yaml.safe_load(open(sys.argv[1])))
validate_config(config)
print(config["cluster_name"])
"""


@pytest.mark.parametrize("name", FILES)
@pytest.mark.slow
def test_ray_takes_the_file(name):
    done = subprocess.run([sys.executable, "-c", TAKE, ROOT / name], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == [yaml.safe_load((ROOT / name).read_text())["cluster_name"]], done.stderr


@pytest.mark.parametrize("name", FILES)
def test_no_file_opens_an_address_to_everyone(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"0\.0\.0\.0|::/0|FullAccess|AdministratorAccess", text)
    (start,) = [c for c in yaml.safe_load(text)["head_start_ray_commands"] if "ray start" in c]
    assert "--dashboard-host=127.0.0.1" in shlex.split(start.replace(";", " "))


@pytest.mark.parametrize("name", FILES)
def test_every_node_asks_for_the_token_and_keeps_it_to_itself(name):
    config = yaml.safe_load((ROOT / name).read_text())
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"  # noqa: S105 -- a path
    assert "chmod 600 ~/.ray/auth_token" in config["setup_commands"]
    (environment,) = [c for c in config["setup_commands"] if c.startswith("printf")]
    assert {"RAY_AUTH_MODE=token", "RAY_USAGE_STATS_ENABLED=0", "RAY_JOB_STOP_SIGNAL=SIGINT"} <= set(
        environment.split()
    )


@pytest.mark.parametrize("name", FILES)
def test_nothing_on_a_node_is_imported_from_its_working_folder(name):
    commands = yaml.safe_load((ROOT / name).read_text())["setup_commands"]
    (environment,) = [command for command in commands if command.startswith("printf")]
    assert "PYTHONSAFEPATH=1" in environment.split()


@pytest.mark.parametrize("name", FILES)
def test_what_is_installed_must_have_a_known_hash(name):
    installing = [c for c in commands(yaml.safe_load((ROOT / name).read_text())) if "pip install" in c]
    (first, second) = installing[0].split(" && ")[1:]
    assert len(installing) == 1
    assert "--require-hashes --only-binary :all: --requirement requirements/cluster.txt" in first
    assert second.endswith("--no-deps --no-build-isolation .")  # the project itself, for which nothing is fetched


def test_uv_is_unpacked_only_if_it_has_the_known_hash():
    (installing,) = [command for command in AWS["setup_commands"] if "curl" in command]
    fetch, check, *unpack = installing.split(" && ")[1:]
    assert "-o uv.tar.gz https://" in fetch
    assert re.fullmatch(r"echo '[0-9a-f]{64}  uv.tar.gz' \| sha256sum --check --quiet", check)
    assert any(step.startswith("tar -xzf uv.tar.gz") for step in unpack)
    assert not re.search(r"\| *(ba)?sh\b", " ".join(AWS["setup_commands"]))  # no script from elsewhere is run


@pytest.mark.parametrize("name", FILES)
def test_what_is_installed_travels(name):
    config = yaml.safe_load((ROOT / name).read_text())
    travels = {Path(local) for local in config["file_mounts"].values() if not local.startswith("~")}
    assert travels >= {Path(p) for p in ("study", "trainables", "analysis", "pyproject.toml", "requirements")}
    assert all((ROOT / path).exists() for path in travels)


def test_versions_that_the_comments_name_are_the_pinned_ones():
    text = (ROOT / "cluster.yaml").read_text()
    assert f"Ray {PINS['ray']}" in text
    assert f"torch {PINS['torch']} with CUDA {PINS['cuda-toolkit'].rsplit('.', 2)[0]}" in re.sub(r"\n# ", " ", text)
    assert re.search(r"astral-sh/uv/releases/download/\d+\.\d+\.\d+/", text)
    assert re.search(r"--python 3\.11\.\d+ ", text)


def test_every_machine_of_aws_is_closed():
    for node_type in AWS["available_node_types"].values():
        node = node_type["node_config"]
        assert node["MetadataOptions"]["HttpTokens"] == "required"
        assert node["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        assert all(
            disk["Ebs"]["Encrypted"] and disk["Ebs"]["DeleteOnTermination"] for disk in node["BlockDeviceMappings"]
        )
        assert re.fullmatch("ami-[0-9a-f]{17}", node["ImageId"])
        assert node["SecurityGroupIds"]  # without it Ray makes one with SSH from anywhere
        assert node["IamInstanceProfile"]["Name"] in {"gce-study-head", "gce-study-worker"}  # without it Ray makes one


def test_gpu_machines_come_and_go_and_the_head_trains_nothing():
    head, gpu = (AWS["available_node_types"][name] for name in ("head", "gpu"))
    assert AWS["head_node_type"] == "head"
    assert head["resources"] == {"CPU": 0}
    assert "InstanceMarketOptions" not in head["node_config"]
    assert gpu["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert gpu["min_workers"] == 0 < gpu["max_workers"] == AWS["max_workers"]
    assert 0 < AWS["idle_timeout_minutes"] <= 10
    assert AWS["provider"]["cache_stopped_nodes"] is False


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_a_policy_allows_named_actions_on_named_things(path):
    for statement in json.loads(path.read_text())["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]
        if not all(action.startswith(("ec2:Describe", "sts:")) for action in actions):
            assert statement["Resource"] != "*"


def test_only_the_head_may_start_machines_and_both_reach_one_prefix():
    head, storage = (json.loads((ROOT / "deploy" / "aws" / f"{name}.json").read_text()) for name in ("head", "storage"))
    (passing,) = [s for s in head["Statement"] if s["Action"] == "iam:PassRole"]
    assert passing["Resource"] == "arn:aws:iam::${account}:role/${cluster}-worker"
    listing, using = storage["Statement"]
    assert listing["Condition"]["StringLike"]["s3:prefix"] == ["${prefix}", "${prefix}/*"]
    assert using["Resource"] == "arn:aws:s3:::${bucket}/${prefix}/*"


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "10.0.0.0/8", "203.0.113.7/24", "here"])
def test_ssh_from_anywhere_is_refused(text):
    command = [sys.executable, ROOT / "deploy" / "aws" / "prepare.py", "--bucket", "results", "--ssh-from", text]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert answer.returncode == 2
    allowed = "allowed: a network no wider than /16, such as 203.0.113.7/32"
    assert f"argument --ssh-from: {text!r} is not allowed; {allowed}" in answer.stderr
