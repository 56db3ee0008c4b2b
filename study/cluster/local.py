"""A Ray cluster on this machine alone, and how many runs it trains at once."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import ray

from study.cluster.capacity import Offer
from study.cluster.nodes import quietly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.keys import Resources


@contextmanager
def own_cluster() -> Iterator[None]:
    """Start a cluster on this machine, reachable on loopback only; it ends with the context."""
    with quietly():
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


def most_here(resources: Resources) -> int:
    """Return how many runs to ask for at once on this process's own cluster: those that fit, and one that waits.

    Given this number, Ray Tune starts all processes at once; without one, one after the other.
    """
    most = 1 + sum(Offer(node["Resources"], 1).slots(resources) for node in ray.nodes())
    return min(most, resources.max_concurrent or most)
