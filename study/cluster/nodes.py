"""Where a study's runs are trained: on a Ray cluster of its own on this machine, or on the one it was submitted to.

Call ``ray_settings.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
import warnings
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from ruamel.yaml import YAML

from study.console import say
from study.endings import EngineError
from study.ray_settings import WORKERS
from trainables.records import write_atomically
from trainables.storage import location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from study.conductor import Conductor
    from study.spec import Resources
    from trainables.storage import Location

SAME = "install the same on both"
ANSWER_S = 60.0  # for a node to answer; it may have to start a process that imports this
PROBE_S = 2.0  # between two looks whether the cluster's control process is there
GONE_S = 20.0  # of silence; after 60 s Ray ends this process itself, without a word
MOST_WAITING = 200  # runs asked for at once; as many as Ray Tune asks for where it chooses
# A sampler that is asked for much at once learns nothing in between: of a search's runs so many are out at once. The
# first ten are drawn at random whatever is known.
SEARCHED_AT_ONCE = 10
SEARCHED_SHARE = 0.25


@contextmanager
def own_cluster() -> Iterator[None]:
    """Start a cluster of this machine, on loopback alone; it ends with the context."""
    with _quietly():
        ray.init(
            address="local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
        )
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def joined(resources: Resources, storage: Location) -> Iterator[None]:
    """Join the cluster that this process was started on, once it is sure that runs find there what they need.

    Raises:
        EngineError: there is no such cluster, a node has another version or does not see the storage location, or no
            node, nor one that the cluster can start, has what a run asks for.

    """
    _same_version()
    address = os.environ["RAY_ADDRESS"]
    nobody = f"no Ray cluster answers at {address} (RAY_ADDRESS)"
    if ":" in address and not _listens(address):  # Ray would go on trying for minutes
        raise EngineError(nobody)
    with _quietly():
        try:
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": WORKERS},
            )
        except (ConnectionError, RuntimeError) as error:
            reason = str(error).strip().split("\n")[0]
            msg = f"{nobody}: {reason}"
            raise EngineError(msg) from None
    try:
        _enough(resources)
        _seen_by_all(storage)
        _warn_of_later(storage)
        yield
    finally:
        ray.shutdown()


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep Ray's warnings about itself back, and its handler of SIGTERM, which ends the process with a C++ stack."""
    ours = signal.getsignal(signal.SIGTERM)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, ours)


def _same_version() -> None:
    """Compare this installation with that of the client which submitted the study.

    Raises:
        EngineError: they differ.

    """
    here, client = version("gce-study"), os.environ.get("GCE_STUDY_CLIENT_VERSION")
    if client not in (None, here):
        msg = f"this cluster has gce-study {here}, the client that submitted the study {client}; {SAME}"
        raise EngineError(msg)


class _Offer(NamedTuple):
    """Nodes that are there, or that the cluster can start: what each has, and how many of them there may be."""

    resources: dict[str, float]  # empty where that is not known before one is there
    nodes: int

    def slots(self, resources: Resources) -> int:
        """Return how many runs fit at once."""
        if not self.resources:
            return self.nodes
        fit = [self.resources.get("CPU", 0.0) // resources.cpus_per_run]
        if share := resources.gpus_per_run:
            gpus = self.resources.get("GPU", 0.0)
            fit.append(gpus // share if share >= 1 else gpus * int(1 / share + 1e-9))  # a share is one of one GPU
        return int(min(fit)) * self.nodes


def _offers() -> list[_Offer]:
    """Return the nodes that are there, and those that the autoscaler may start."""
    return [*(_Offer(node["Resources"], 1) for node in ray.nodes() if node["Alive"]), *_later()]


def _later() -> list[_Offer]:
    """Return the nodes that the autoscaler may start.

    The launcher leaves its file in the home of the head, where a job's driver runs. On Kubernetes there is none.
    """
    offers = []
    launcher = Path("~/ray_bootstrap_config.yaml").expanduser()
    if launcher.exists():
        config = YAML(typ="safe").load(launcher)
        most = int(config.get("max_workers", 0))
        for name, kind in config["available_node_types"].items():
            count = min(most, int(kind.get("max_workers", most)))
            if name != config["head_node_type"] and count:
                offers.append(_Offer(dict(kind.get("resources") or {}), count))
    elif "KUBERNETES_SERVICE_HOST" in os.environ:
        offers.append(_Offer({}, MOST_WAITING))
    return offers


def _enough(resources: Resources) -> None:
    offers = _offers()
    if any(offer.slots(resources) for offer in offers):
        return
    asked = {"cpus_per_run": ("CPU", float(resources.cpus_per_run)), "gpus_per_run": ("GPU", resources.gpus_per_run)}
    for name, (kind, number) in asked.items():
        most = max((offer.resources.get(kind, 0.0) for offer in offers), default=0.0)
        if number > most:
            msg = f"resources.{name}: {number:g} asked for; the most that a node here has, or could have: {most:g}"
            raise EngineError(msg)
    both = f"{resources.cpus_per_run} CPUs and {resources.gpus_per_run:g} GPUs"
    msg = f"resources: no node that the cluster has or can start has {both} at once"
    raise EngineError(msg)


def most_here(resources: Resources) -> int:
    """Return how many runs are asked for at once on this process's own cluster: those that fit, and one that waits.

    Ray Tune starts as many processes at once as it may ask for runs; where it is told no number, one after the other.
    """
    most = 1 + sum(_Offer(node["Resources"], 1).slots(resources) for node in ray.nodes())
    return min(most, resources.max_concurrent or most)


def most_at_once(conductor: Conductor, resources: Resources) -> int:
    """Return how many runs are asked for at once on a cluster that this process has joined.

    Where a cluster can grow, what is asked for is what it grows for. So no more is asked for than the method can make
    use of; ``settle`` waits by itself when enough is out.
    """
    most = [MOST_WAITING, conductor.method.most_left()]
    if conductor.plan.method != "grid":  # what is asked for too early is chosen worse; the runs of a grid are known
        most.append(sum(offer.slots(resources) for offer in _offers()))
    if conductor.plan.method == "search":
        settings = conductor.plan.spec["method"]
        most.append(max(SEARCHED_AT_ONCE, int(SEARCHED_SHARE * settings["configurations"] * settings["seeds"])))
    if resources.max_concurrent is not None:
        most.append(resources.max_concurrent)
    return max(1, min(most))


def _look(storage: str, name: str) -> tuple[str, bytes | str]:
    """Return this node's version, and the bytes that it finds in a file of a storage location, or why it has none."""
    try:
        place = location(storage)
        path = (place if isinstance(place, Path) else place.hasty()) / name  # who asks does not wait for long
        return version("gce-study"), path.read_bytes()
    except OSError as error:
        return version("gce-study"), error.strerror or str(error)


def _seen_by_all(storage: Location) -> None:
    """Let every other node read what is written here.

    Raises:
        EngineError: one finds something else, or has another version.
        OSError: the storage location cannot be written.

    """
    own = ray.get_runtime_context().get_node_id()
    others = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    others.pop(own, None)
    if not others:
        return
    look = ray.remote(num_cpus=0, max_retries=0)(_look)
    name, token = f".seen-{secrets.token_hex(8)}", secrets.token_bytes(16)
    path = storage / name
    write_atomically(path, token)
    try:
        asked = {
            node: look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
                str(storage.absolute()), name
            )
            for node in others
        }
        for node, answer in asked.items():
            _judge(others[node], storage, token, answer)
    finally:
        path.unlink(missing_ok=True)


def _warn_of_later(storage: Location) -> None:
    """Say what nobody can ask a node that is not there yet."""
    if isinstance(storage, Path) and _later():
        say(f"the storage location {storage} is a folder: machines that start later must see it too", err=True)


def _judge(address: str, storage: Location, token: bytes, answer: Any) -> None:  # noqa: ANN401 -- Ray's reference
    try:
        theirs, found = ray.get(answer, timeout=ANSWER_S)
    except (ray.exceptions.NodeDiedError, ray.exceptions.TaskUnschedulableError):
        return  # it has just gone: no run will be there
    except ray.exceptions.RayError as error:
        last = str(error).strip().split("\n")[-1]
        msg = f"node {address} cannot run this study: {last}"
        raise EngineError(msg) from None
    if theirs != version("gce-study"):
        msg = f"node {address} has gce-study {theirs}, the head {version('gce-study')}; {SAME}"
        raise EngineError(msg)
    if found != token:
        why = found if isinstance(found, str) else "it finds other files there"
        msg = (
            f"node {address} does not see the storage location {storage}: {why}; use s3://, or a folder that all share"
        )
        raise EngineError(msg)


@contextmanager
def watched(on_gone: Callable[[str], None]) -> Iterator[None]:
    """End this process with exit code 1 when the cluster's control process (GCS) is gone.

    Ray would wait for a minute and then end the process without a word. What is recorded stays, and so do checkpoints.

    Args:
        on_gone: called with what has happened before the process ends.

    """
    address = ray.get_runtime_context().gcs_address
    ended = threading.Event()

    def watch() -> None:
        seen = time.monotonic()
        while not ended.wait(PROBE_S):
            if _listens(address):
                seen = time.monotonic()
            elif time.monotonic() - seen > GONE_S:
                on_gone(f"the cluster's control process at {address} is gone, and with it the cluster")
                os._exit(1)  # nothing of Ray's can be ended in order any more

    thread = threading.Thread(target=watch, name="gcs-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _listens(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PROBE_S).close()
    except OSError:
        return False
    return True
