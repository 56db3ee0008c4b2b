"""Join the Ray cluster that a study was submitted to, and check its nodes.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from study.cluster.capacity import check_a_run_fits, later_offers
from study.cluster.connection import listens
from study.cluster.ray_environment import WORKERS
from study.cluster.ray_start import start_ray
from study.console import say
from study.errors import EngineError, last_line
from trainables.provenance import code_digest
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.keys import Resources
    from trainables.storage.types import Location

SAME = "install the same on both"
ANSWER_S = 60.0  # for a node to answer; it may have to start a process that imports this


@contextmanager
def joined(resources: Resources, storage: Location) -> Iterator[None]:
    """Join the cluster that this process was started on, and check that runs find what they need there.

    Raises:
        EngineError: there is no such cluster, a node has another version or does not see the storage location, or no
            node, nor one that the cluster can start, has what a run asks for.

    """
    _same_version()
    address = os.environ["RAY_ADDRESS"]
    if ":" in address and not listens(address):  # Ray would keep trying for minutes
        msg = f"no Ray cluster answers at {address} (RAY_ADDRESS)"
        raise EngineError(msg)
    start_ray(
        f"the Ray cluster at {address} (RAY_ADDRESS) cannot be joined",
        address=address,
        runtime_env={"env_vars": WORKERS},
    )
    try:
        check_a_run_fits(resources)
        _seen_by_all(storage)
        _warn_of_later(storage)
        yield
    finally:
        ray.shutdown()


def _same_version() -> None:
    """Compare this installation with that of the client which submitted the study.

    Raises:
        EngineError: they differ.

    """
    here, client = version("gce-study"), os.environ.get("GCE_STUDY_CLIENT_VERSION")
    if client not in (None, here):
        msg = f"this cluster has gce-study {here}, the client that submitted the study {client}; {SAME}"
        raise EngineError(msg)


def _installed() -> str:
    """Return the version of this installation, and the beginning of the digest of its code."""
    return f"{version('gce-study')} (code {code_digest()[:12]})"


def _look(storage: str, name: str) -> tuple[str, bytes | str]:
    """Return this node's version, and the bytes of a file in a storage location or why it cannot be read."""
    try:
        path = location(storage).hasty() / name  # the caller does not wait for long
        return _installed(), path.read_bytes()
    except OSError as error:
        return _installed(), error.strerror or str(error)


def _seen_by_all(storage: Location) -> None:
    """Check that every other node can read what this one writes.

    Raises:
        EngineError: a node reads something else, or has another version.
        OSError: the storage location cannot be written.

    """
    this_node = ray.get_runtime_context().get_node_id()
    others = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    others.pop(this_node, None)
    if not others:
        return
    look = ray.remote(num_cpus=0, max_retries=0)(_look)
    name, token = f".seen-{secrets.token_hex(8)}", secrets.token_bytes(16)
    path = storage / name
    path.write(token)
    try:
        answers = {
            node: look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
                str(storage.absolute()), name
            )
            for node in others
        }
        for node, answer in answers.items():
            _judge(others[node], storage, token, answer)
    finally:
        path.unlink(missing_ok=True)


def _warn_of_later(storage: Location) -> None:
    """Warn about a folder: whether nodes that start later see it cannot be checked yet."""
    if storage.local_path and later_offers():
        say(f"the storage location {storage} is a folder: machines that start later must see it too", err=True)


def _judge(address: str, storage: Location, token: bytes, answer: Any) -> None:  # noqa: ANN401 -- Ray's reference
    try:
        theirs, content = ray.get(answer, timeout=ANSWER_S)
    except (ray.exceptions.NodeDiedError, ray.exceptions.TaskUnschedulableError):
        return  # it has just gone, so no run will start there
    except ray.exceptions.RayError as error:
        msg = f"node {address} cannot run this study: {last_line(error)}"
        raise EngineError(msg) from None
    if theirs != _installed():
        msg = f"node {address} has gce-study {theirs}, the head {_installed()}; {SAME}"
        raise EngineError(msg)
    if content != token:
        why = content if isinstance(content, str) else "it finds other files there"
        msg = (
            f"node {address} does not see the storage location {storage}: {why}; use s3://, or a folder that all share"
        )
        raise EngineError(msg)
