"""A simulated machine for the cluster launcher: namespaces with an SSH server, where every address is this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
VENV = Path(sys.executable).parent.parent
NEEDED = ("ip", "nsenter", "rsync", "ss", "ssh", "ssh-keygen", "unshare")

# Processes, network, Ray's folders and the list of users are the machine's own: `ray stop` ends every Ray that it sees,
# and the launcher finds its SSH connections again by where they lead. The users come first in the list: to ssh `~` is
# the home of the first that has the process's number.
SET_UP = """
set -e
ip link set lo up
for network in 172.31.0.0/16 192.168.1.0/24; do ip route add local $network dev lo; done
mkdir -p /run/sshd
for folder in ray ray_ssh_$(printf ubuntu | sha256sum | cut -c-10) ray_ssh_$(printf gce | sha256sum | cut -c-10); do
  mkdir -p /tmp/$folder "$STATE/$folder"
  mount --bind "$STATE/$folder" /tmp/$folder
done
for user in ubuntu gce; do echo "$user:x:0:0::$STATE/node:/bin/bash"; done | cat - /etc/passwd > "$STATE/passwd"
mount --bind "$STATE/passwd" /etc/passwd
ssh-keygen -q -t ed25519 -N '' -f "$STATE/host_key"
{sshd} -E "$STATE/sshd.log" -f /dev/null -h "$STATE/host_key" -o StrictModes=no -o MaxStartups=100 -o UsePAM=no \\
  -o PasswordAuthentication=no -o PermitRootLogin=yes
touch "$STATE/ready"
sleep infinity & wait  # not exec: who holds the processes buries them too
"""


class Machine:
    """The namespace, by the process that holds it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.home = state / "client"  # of the person at the laptop
        self.node_home = state / "node"  # of every node: they are one machine
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{VENV / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "USER": "ubuntu",
            "RAY_AUTH_MODE": "token",
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONWARNINGS": "ignore",
            "PYTHONPATH": str(ROOT),
        }
        (self.home / ".ssh").mkdir(parents=True)
        (self.node_home / ".ssh").mkdir(parents=True)
        script = SET_UP.replace("{sshd}", shutil.which("sshd", path="/usr/sbin:/usr/bin") or "")
        namespaces = ["--fork", "--pid", "--mount-proc", "--net", "--kill-child"]
        with (state / "machine.log").open("w") as log:
            self.holder = subprocess.Popen(
                [shutil.which("unshare"), *namespaces, "bash", "-c", script],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "STATE": str(state)},
                stdout=log,
                stderr=log,
            )
        self.started = [self.holder]
        self.wait((state / "ready").exists, 120, "the SSH server")
        (self.pid,) = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        self.inside = ["nsenter", "--target", self.pid, "--pid", "--net", "--mount", f"--wd={ROOT}", "--"]

    def start(self, log: str, *command: str | Path) -> Path:
        """Start a command inside and leave it running; return the file of its output."""
        path = self.state / log
        with path.open("w") as printed:
            self.started.append(
                subprocess.Popen(
                    [*self.inside, *command],
                    env=self.environment,
                    stdout=printed,
                    stderr=printed,
                    stdin=subprocess.DEVNULL,
                )
            )
        return path

    def run(self, *command: str | Path, timeout: float = 240, code: int = 0) -> str:
        """Run a command inside; return its output, standard error included."""
        answer = subprocess.run(
            [*self.inside, *command],
            check=False,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=timeout,
        )
        assert answer.returncode == code, f"{command} ended with {answer.returncode}:\n{answer.stdout}"
        return answer.stdout

    def runs(self, pattern: str) -> bool:
        """Return whether a process inside has a command line that matches."""
        command = [*self.inside, "pgrep", "-f", pattern]
        return subprocess.run(command, check=False, env=self.environment, stdout=subprocess.DEVNULL).returncode == 0

    def listening(self) -> set[tuple[str, int]]:
        """Return the addresses and ports on which something listens."""
        sockets = [line.split()[3].rpartition(":") for line in self.run("ss", "-ltnH").splitlines()]
        return {(address.strip("[]").removeprefix("::ffff:"), int(port)) for address, _, port in sockets}

    def wait(self, reached, timeout: float, what: str):
        """Call ``reached`` until it returns something true, and return that."""
        until = time.monotonic() + timeout
        while not (answer := reached()):
            if time.monotonic() > until or self.holder.poll() is not None:
                pytest.fail(f"{what}: not within {timeout} s\n{(self.state / 'machine.log').read_text()}")
            time.sleep(0.2)
        return answer

    def let_in(self, private_key: Path) -> None:
        """Let this key log in to the nodes."""
        private_key.chmod(0o600)
        public = subprocess.run(
            [shutil.which("ssh-keygen"), "-y", "-f", private_key], check=True, capture_output=True
        ).stdout
        (self.node_home / ".ssh" / "authorized_keys").write_bytes(public)

    def new_token(self) -> Path:
        """Create the clusters' token, as the documentation describes."""
        self.run("ray", "get-auth-token", "--generate")
        token = self.home / ".ray" / "auth_token"
        token.chmod(0o600)
        return token

    def close(self) -> None:
        """End everything inside."""
        os.kill(int(self.pid), signal.SIGKILL)
        for process in self.started:
            process.wait(120)


@pytest.fixture
def machine(tmp_path):
    """Return a simulated machine; skip the test where none can be made, or fail it if GCE_STUDY_REQUIRE_MACHINES=1."""
    without = pytest.fail if os.environ.get("GCE_STUDY_REQUIRE_MACHINES") == "1" else pytest.skip
    lacking = [name for name in NEEDED if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
    lacking += [] if shutil.which("sshd", path="/usr/sbin:/usr/bin") else ["sshd"]
    if os.geteuid() != 0:
        without("needs root, for namespaces of its own")
    if lacking:
        without(f"needs {', '.join(lacking)}")
    try_it = [shutil.which("unshare"), "--fork", "--pid", "--mount-proc", "--net", "ip", "link", "set", "lo", "up"]
    if (refused := subprocess.run(try_it, check=False, capture_output=True, text=True)).returncode:
        without(f"needs namespaces: {refused.stderr.strip()}")
    made = Machine(tmp_path)
    yield made
    made.close()
