"""Cluster files that are not ones, and what is left of a tunnel whose command was killed."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from study.cluster.tunnel import check_cluster_file, forwarded
from study.errors import EngineError, UsageError
from trainables.processes.watchdog import began
from watching import until

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (None, "is not a file"),
        (b"", ": null is not a mapping of keys to values"),
        (b"- 1\n", ": [1] is not a mapping of keys to values"),
        (b"a: [1\nb: 2\n", ":2:2: not YAML: expected ',' or ']', but got ':'"),
        (b"\x97\x00", ": not YAML: invalid start byte"),
        (b"name: small\narms: []\n", ": cluster_name has no name, provider has no type"),
        (b"cluster_name: x\nprovider: aws\n", ": provider has no type"),
        (b"cluster_name: !!python/object:os.system x\n", ":1:15: not YAML: "),
    ],
)
def test_what_is_no_cluster_file_is_refused_with_the_place_and_what_is_allowed(tmp_path, content, refusal):
    file = tmp_path / "cluster.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError) as error:
        check_cluster_file(file)
    assert refusal in str(error.value)
    assert str(error.value).startswith(f"--cluster: {file}")
    assert str(error.value).endswith("; allowed: the cluster file that `ray up` was given")


@pytest.mark.parametrize("name", ["cluster.yaml", "cluster.onprem.yaml"])
def test_the_shipped_files_are_cluster_files(name):
    check_cluster_file(ROOT / name)


SSH = """
import socket, sys, time
port = sys.argv[sys.argv.index("-L") + 1].split(":")[0]
listener = socket.create_server(("127.0.0.1", int(port)))
time.sleep(600)
"""
HOLD = """
import sys, time
from pathlib import Path
from study.cluster.tunnel import forwarded
with forwarded(Path(sys.argv[1])) as forwarding:
    print(forwarding.port, forwarding.process.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Return a function that writes a cluster file, of machines whose head is up where ``ssh`` leads to this one."""
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def write(old="", new="", *, up=False):
        file = tmp_path / "cluster.yaml"
        file.write_text((ROOT / "cluster.onprem.yaml").read_text().replace(old, new, 1))
        if up:
            (tmp_path / "ray").mkdir()
            tags = {"ray-node-type": "head", "ray-node-status": "up-to-date"}
            state = {"192.168.1.10": {"tags": tags, "state": "running"}}
            (tmp_path / "ray" / "cluster-gce-study-onprem.state").write_text(json.dumps(state))
            ssh = tmp_path / "ssh"
            ssh.write_text(f"#!{sys.executable}{SSH}")
            ssh.chmod(0o755)
            monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return file

    return write


def of_group(group):
    """Return the command lines of the processes of a group."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(process.name)) == group and began(int(process.name)):
                commands.append((process / "cmdline").read_text().split("\0"))
    return commands


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (("type: local", "type: nonsense"), UsageError, "cluster.yaml: Unsupported node provider: nonsense; allowed: "),
        (("auth:", "idle_timeout_minutes: soon\nauth:"), UsageError, ": idle_timeout_minutes: 'soon' is not of type"),
        ((), EngineError, "its head cannot be reached (is it up? ray up "),
    ],
)
def test_what_ray_refuses_is_one_message(cluster, change, error, text):
    with pytest.raises(error) as raised, forwarded(cluster(*change)):
        pass
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_ssh_is_shared_with_no_other_command_and_ends_with_its_own(cluster, number):
    command = [sys.executable, "-c", HOLD, cluster(up=True)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as holder:
        port, group = map(int, holder.stdout.readline().split())
        (ssh,) = (command for command in of_group(group) if "-L" in command)
        assert f"{port}:localhost:8265" in ssh
        assert "gce@192.168.1.10" in ssh
        assert not [argument for argument in ssh if "Control" in argument]
        holder.send_signal(number)
        holder.wait(60)
    until(lambda: not of_group(group), "the end of ssh")
