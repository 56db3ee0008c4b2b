"""The number of runs that fit on a cluster at once, including machines that its autoscaler may start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import ray
from ruamel.yaml import YAML

from study.errors import EngineError
from trainables.naming import counted

if TYPE_CHECKING:
    from study.methods.method import Method
    from study.spec.keys import Resources

MAX_WAITING = 200  # runs asked for at once; Ray Tune's own default


class Offer(NamedTuple):
    """Nodes of one kind that run or can be started: what each has, and how many there may be."""

    resources: dict[str, float]  # empty if unknown until a node starts
    nodes: int

    def slots(self, resources: Resources) -> int:
        """Return how many runs fit at once."""
        if not self.resources:
            return self.nodes
        fit = [self.resources.get("CPU", 0.0) // resources.cpus_per_run]
        if share := resources.gpus_per_run:
            gpus = self.resources.get("GPU", 0.0)
            fit.append(gpus // share if share >= 1 else gpus * int(1 / share + 1e-9))  # a share must fit on one GPU
        return int(min(fit)) * self.nodes


def _offers() -> list[Offer]:
    """Return the running nodes, and those that the autoscaler may start."""
    return [*(Offer(node["Resources"], 1) for node in ray.nodes() if node["Alive"]), *later_offers()]


def later_offers() -> list[Offer]:
    """Return the nodes that the autoscaler may start.

    The launcher leaves its file in the head's home, where a job's driver runs. On Kubernetes there is no such file.
    """
    offers = []
    launcher = Path("~/ray_bootstrap_config.yaml").expanduser()
    if launcher.exists():
        config = YAML(typ="safe").load(launcher)
        most = int(config.get("max_workers", 0))
        for name, kind in config["available_node_types"].items():
            count = min(most, int(kind.get("max_workers", most)))
            if name != config["head_node_type"] and count:
                offers.append(Offer(dict(kind.get("resources") or {}), count))
    elif "KUBERNETES_SERVICE_HOST" in os.environ:
        offers.append(Offer({}, MAX_WAITING))
    return offers


def check_a_run_fits(resources: Resources) -> None:
    """Check that one node, running or not yet started, has what a run needs.

    Raises:
        EngineError: no node has it; the message names what is missing.

    """
    offers = _offers()
    if any(offer.slots(resources) for offer in offers):
        return
    needed = {"cpus_per_run": ("CPU", float(resources.cpus_per_run)), "gpus_per_run": ("GPU", resources.gpus_per_run)}
    for name, (kind, number) in needed.items():
        most = max((offer.resources.get(kind, 0.0) for offer in offers), default=0.0)
        if number > most:
            msg = f"resources.{name}: {number:g} asked for; the most that a node here has, or could have: {most:g}"
            raise EngineError(msg)
    msg = f"resources: no node that the cluster has or can start has {wanted(resources)} at once"
    raise EngineError(msg)


def wanted(resources: Resources) -> str:
    """Write what a run asks for: ``2 CPUs``, ``1 CPU and 0.5 GPUs``."""
    cpus = counted(resources.cpus_per_run, "CPU")
    return f"{cpus} and {counted(resources.gpus_per_run, 'GPU')}" if resources.gpus_per_run else cpus


def most_at_once(method: Method, resources: Resources) -> int:
    """Return how many runs to ask for at once on a cluster that this process has joined.

    An autoscaling cluster grows to meet the demand, so no more is requested than the method can use.
    """
    slots = sum(offer.slots(resources) for offer in _offers())
    most = [MAX_WAITING, method.most_left(), method.most_in_flight(slots)]
    if resources.max_concurrent is not None:
        most.append(resources.max_concurrent)
    return max(1, min(most))
