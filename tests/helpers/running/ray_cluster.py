"""Ray clusters on loopback: a head, and workers that its autoscaler starts and stops as processes of this machine."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from watching import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


MOST_WORKERS = 6
HEAD_ID = "f" * 51 + "00000"
# With them a head has an autoscaler that starts processes of this machine.
AUTOSCALED = {
    "RAY_FAKE_CLUSTER": "1",
    "AUTOSCALER_UPDATE_INTERVAL_S": "1",
    "RAY_enable_autoscaler_v2": "1",
    "RAY_CLOUD_INSTANCE_ID": HEAD_ID,
    "RAY_OVERRIDE_NODE_ID_FOR_TESTING": HEAD_ID,
}
# `ray start` lets nobody join by way of a loopback.
JOIN = """
import sys, time
from ray._private.node import Node
from ray._private.parameter import RayParams
Node(RayParams(gcs_address=f"127.0.0.1:{sys.argv[1]}", node_ip_address="127.0.0.1", num_cpus=0), head=False)
time.sleep(600)
"""


class Head:
    """The head of a Ray cluster on loopback, with ports, a token and a home of its own; ``env`` is for its clients."""

    TOKEN = "0123456789abcdef" * 2

    def __init__(self, folder: Path, autoscaling: Callable[[int], Any] | None = None, **variables: str) -> None:
        self.folder, self.ports = folder, _free_ports(4)
        self.address = f"http://127.0.0.1:{self.ports[1]}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        binaries = str(Path(sys.executable).parent)
        self.env = kept | {"HOME": str(folder), "PATH": f"{binaries}:{kept['PATH']}", "STUDY_UNDER_TEST": str(folder)}
        self.env |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.TOKEN}
        self.env["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # else Ray takes 127.0.0.1 for the machine's outer address
        gcs, dashboard, agent, clients = self.ports
        command = [
            *("ray", "start", "--head", "--disable-usage-stats", "--num-cpus=2", "--num-gpus=0"),
            *("--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1", f"--temp-dir={folder / 'ray'}"),
            *(f"--port={gcs}", f"--dashboard-port={dashboard}", f"--dashboard-agent-listen-port={agent}"),
            *(f"--ray-client-server-port={clients}", "--object-store-memory=100000000"),
        ]
        if autoscaling:
            (folder / "ray_bootstrap_config.yaml").write_text(json.dumps(autoscaling(gcs)))
            command.append(f"--autoscaling-config={folder / 'ray_bootstrap_config.yaml'}")
        with (folder / "head.log").open("wb") as log:
            done = subprocess.run(
                command, env=self.env | variables, stdout=log, stderr=subprocess.STDOUT, timeout=200, check=False
            )
        assert done.returncode == 0, (folder / "head.log").read_text()

    def get(self, path: str, token: str | None = TOKEN) -> int:
        """Return the HTTP status of the dashboard's answer; 0 if nothing answers."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            with urlopen(Request(self.address + path, headers=headers), timeout=60) as answer:  # noqa: S310 -- loopback
                return answer.status
        except HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ask(self, path: str) -> Any:
        """Return the dashboard's answer, parsed from JSON."""
        request = Request(self.address + path, headers={"Authorization": f"Bearer {self.TOKEN}"})  # noqa: S310 -- loopback
        with urlopen(request, timeout=60) as answer:  # noqa: S310 -- loopback
            return json.load(answer)

    def processes(self) -> dict[int, str]:
        """Return the processes still running that the cluster or its clients started, as pid -> command."""
        processes = {}
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and f"STUDY_UNDER_TEST={self.folder}".encode() in (
                    entry / "environ"
                ).read_bytes().split(b"\0"):
                    processes[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return processes

    def study(self, *arguments: object, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run ``gce-study`` as a client of this cluster, in the cluster's folder."""
        return subprocess.run(
            ["gce-study", *map(str, arguments), "--address", self.address],  # noqa: S607 -- of this environment
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def end(self) -> None:
        """Kill every process of the cluster, by id."""
        while left := self.processes():  # a process may have started another before it was killed
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    """Return ports that no process is given by chance between this look and their use.

    They are below those that the system chooses, and above those that Ray's workers try.
    """
    ports: set[int] = set()
    while len(ports) < count:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            ports.add(port)
    return list(ports)


def autoscaling(gcs: int) -> dict[str, Any]:
    """Return what the autoscaler may start: workers of three cores, as processes of this machine."""
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


def drivers(head: Head, name: str) -> list[int]:
    """Return the process ids of a study's drivers, without those that one has just forked."""
    found = [pid for pid, command in head.processes().items() if f"gce-study run {name}.yaml" in command]
    return [pid for pid in found if _parent(pid) not in found]


def _parent(pid: int) -> int:
    """Return the process that started a process; 0 if that has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def workers(head: Head) -> int:
    """Return how many machines beside the head there are."""
    # A process that one has just forked has the same command line.
    return len({command for command in head.processes().values() if "/raylet/raylet " in command}) - 1


def places_asked_for(head: Head) -> int:
    """Return how many runs have their place, or wait for one."""
    groups = head.ask("/api/v0/placement_groups?limit=1000")["data"]["result"]["result"]
    return sum(group["state"] != "REMOVED" for group in groups)


@contextmanager
def node_without(head: Head, folder: Path) -> Iterator[None]:
    """Add a node that has another folder in place of this one; skip the test where no file system can be mounted."""
    mounts = [shutil.which("unshare"), "--mount", "sh", "-c", f"mount -t tmpfs none {folder} && exec " + '"$@"', "sh"]
    if subprocess.run([*mounts, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    with subprocess.Popen([*mounts, sys.executable, "-c", JOIN, str(head.ports[0])], env=head.env) as node:
        until(lambda: len(_alive(head)) == 2, "the node", seconds=400)
        yield
        node.terminate()
    until(lambda: len(_alive(head)) == 1, "the end of the node", seconds=400)


def _alive(head: Head) -> list[dict[str, Any]]:
    listed = head.ask("/api/v0/nodes?limit=1000")["data"]["result"]["result"]
    return [node for node in listed if node["state"] == "ALIVE"]
