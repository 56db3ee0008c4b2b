"""A Ray cluster on this machine alone, and how many runs it trains at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import ray

from study.cluster.capacity import Offer
from study.cluster.ray_folder import ray_folder
from study.cluster.ray_start import kill, ray_processes, start_ray
from study.errors import RayFailedError
from trainables.processes.limits import usable_cpus
from trainables.processes.watchdog import name_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.cluster.ray_folder import RayFolder
    from study.spec.keys import Resources


@contextmanager
def own_cluster() -> Iterator[RayFolder]:
    """Start a cluster on this machine, reachable on loopback only; it ends with the context.

    Yields:
        The cluster's folder, which is removed at the end. If the cluster fails, the folder stays, for Ray's logs.

    Raises:
        RayFailedError: Ray does not start, or failed inside; the message names the folder of its logs.
        EngineError: there is no place for the folder.

    """
    name_driver()
    with ray_folder() as folder:
        try:
            start_ray(
                "Ray did not start on this machine",
                clean=lambda: kill(ray_processes(folder.path)),
                address="local",
                include_dashboard=False,
                num_cpus=usable_cpus(),
                _node_ip_address="127.0.0.1",
                _temp_dir=str(folder.path),
            )
            yield folder
        except RayFailedError as error:
            msg = f"{error}; Ray's logs: {folder.logs}"
            raise RayFailedError(msg) from error.__cause__
        finally:
            processes = ray_processes(folder.path)
            ray.shutdown()
            kill(processes)  # some agents would write into the folder for up to a minute


def most_here(resources: Resources) -> int:
    """Return how many runs to ask for at once on this process's own cluster: those that fit, and one that waits.

    Given this number, Ray Tune starts all processes at once; without one, one after the other.
    """
    most = 1 + sum(Offer(node["Resources"], 1).slots(resources) for node in ray.nodes())
    return min(most, resources.max_concurrent or most)
