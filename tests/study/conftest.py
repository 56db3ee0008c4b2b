"""Fixtures of the tests of study files and of clusters."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest

from study.errors import SpecError
from study.spec import validation_errors
from study.spec.reading import read_spec
from study.spec.study import json_schema
from trainables.datasets.kinds import synthetic
from trained_studies import trained_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainables.datasets.manifest import Clip
    from trainables.storage.types import Location


@pytest.fixture
def short_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make synthetic sounds of a tenth of a second of noise: those of the six classes take long to compute."""

    def noise(seed: int, clip: Clip) -> np.ndarray:
        name = int.from_bytes(clip.path.encode(), "big")
        return np.random.default_rng([seed, name]).uniform(-0.5, 0.5, 4410).astype(np.float32)

    monkeypatch.setattr(synthetic, "_sound", noise)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Location:
    """Return the storage location of the study ``small``, whose two runs were really trained and kept their weights."""
    return trained_study(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """Return the schema of a study file without plugins; making it takes a tenth of a second."""
    return json_schema()


@pytest.fixture
def one_schema(schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make error messages from one schema, for tests that make many of them and load no plugin."""
    monkeypatch.setattr(validation_errors, "json_schema", lambda: schema)


@pytest.fixture
def problems(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one_schema: None,  # noqa: ARG001 -- a fixture
) -> Callable[[str | bytes], list[str]]:
    """Return a function that reads a study file of the given content and returns its problems."""
    monkeypatch.chdir(tmp_path)

    def refused(content: str | bytes) -> list[str]:
        path = Path("figure3.yaml")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(SpecError) as error:
            read_spec(path)
        return error.value.problems

    return refused


class Head:
    """The head of a Ray cluster on loopback, with ports, a token and a home of its own; ``env`` is for its clients."""

    TOKEN = "0123456789abcdef" * 2

    def __init__(self, folder: Path, autoscaling: Callable[[int], Any] | None = None, **variables: str) -> None:
        self.folder, self.ports = folder, [_free_port() for _ in range(4)]
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
            with urlopen(Request(self.address + path, headers=headers), timeout=5) as answer:  # noqa: S310 -- loopback
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


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def start_head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Head]]:
    """Return a function that starts the head of a cluster; every head is ended with the module."""
    pytest.importorskip("aiohttp", reason="jobs need the cluster extra")
    heads: list[Head] = []

    def start(autoscaling: Callable[[int], Any] | None = None, **variables: str) -> Head:
        heads.append(Head(tmp_path_factory.mktemp("head"), autoscaling, **variables))
        return heads[-1]

    yield start
    for head in heads:
        head.end()
