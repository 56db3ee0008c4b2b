"""Forward a port of a cluster's head to this machine, through an SSH connection that ends with this process.

    python -u -P -m study.cluster.forwarding FILE REMOTE PORT PARENT

``ray dashboard`` shares one connection among all commands that use a cluster. A process in the background holds it,
with every port that any of them has forwarded, until the last of them has ended.
"""

from __future__ import annotations

import sys
from typing import Any

import click
from ray.autoscaler._private import command_runner
from ray.autoscaler._private.commands import exec_cluster

from study.console import say
from study.errors import last_line
from trainables.processes.watchdog import end_with_parent

FAILED, MALFORMED = 1, 2  # exit codes


class _Unshared(command_runner.SSHOptions):  # type: ignore[misc] # Ray's launcher has no types
    """Options of an SSH connection that no other process uses."""

    def __init__(self, ssh_key: str, control_path: str | None = None, **options: Any) -> None:  # noqa: ANN401, ARG002 -- Ray's parameters
        super().__init__(ssh_key, None, **options)


def main(file: str, remote: str, port: str, parent: str) -> int:
    """Forward the port until the connection is lost, this process is ended or its parent has ended.

    Args:
        file: the cluster file.
        remote: the port on the head's loopback.
        port: on this machine's loopback.
        parent: pid of the process that needs the port.

    Returns:
        The exit code; why it is not 0 is the last line on standard error.

    """
    end_with_parent(int(parent), group=True)  # SSH is in its group
    command_runner.SSHOptions = _Unshared
    try:
        exec_cluster(file, port_forward=[(int(port), int(remote))])
    except click.ClickException:  # Ray or SSH has printed why
        return FAILED
    except NotImplementedError as error:  # Ray's, of a kind of provider that it does not know
        say(str(error), err=True)
        return MALFORMED
    except Exception as error:  # noqa: BLE001 -- a provider raises what its libraries raise
        if key := getattr(error, "json_path", None):  # an error of Ray's schema
            say(f"{key.removeprefix('$.')}: {error.message}", err=True)  # type: ignore[attr-defined]
            return MALFORMED
        say(last_line(error), err=True)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
