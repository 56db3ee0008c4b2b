"""The disk space that the weights of a study's runs will take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.naming import counted, file_size
from trainables.networks.catalogue import NETWORKS
from trainables.settings import MOST_UNDECIDED, Grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.study import StudySpec
    from trainables.networks.base import Network

FLOAT = 4  # bytes; weights are kept in single precision


def weights_in_words(spec: StudySpec, runs: int, classes: int, dims: int) -> Iterator[str]:
    """State which weights are kept and, unless a network of a plugin is trained, how many bytes they take at most.

    Args:
        spec: the study.
        runs: the most runs that it trains.
        classes: number of classes.
        dims: length of the embeddings; 0 without any.

    """
    if spec.keep == "none":
        yield "weights: none are kept (keep: none)"
        return
    networks = dict.fromkeys(arm.largest_network() for arm in spec.open_arms)
    counts = [known_weights(spec, network, classes, dims) for network in networks]
    size = None if None in counts else FLOAT * max(filter(None, counts))

    def taking(count: int) -> str:
        return counted(count, "run") + ("" if size is None else f", about {file_size(count * size)}")

    if spec.keep == "all":
        yield f"weights: kept for every complete run (keep: all): {taking(runs)}"
        return
    seeds, candidates = _runs_of_choice(spec)
    line = f"weights: kept for the choice: {taking(seeds)}"
    if candidates > seeds:
        most = MOST_UNDECIDED if size is None else min(candidates * size, max(MOST_UNDECIDED, seeds * size))
        line += f"; until the study ends, for {counted(candidates, 'run')} that may be the choice's"
        line += f", at most {file_size(most)}"
    yield line


def _runs_of_choice(spec: StudySpec) -> tuple[int, int]:
    """Return how many runs the choice has, and how many may turn out to be the choice's."""
    method = spec.method
    if isinstance(method, Grid):
        return len(spec.seed_list), len(spec.seed_list) * sum(arm.size for arm in spec.open_arms)
    return method.confirm_seeds, method.confirm_seeds * method.confirm_best


def known_weights(spec: StudySpec, network: Network, classes: int, dims: int) -> int | None:
    """Return how many weights a network has; None if only building it, which other processes do, would show that."""
    shape = (dims,) if network.input == "embeddings" else spec.features.shape
    return network.weights(shape, classes) if type(network) in NETWORKS and not network.problem(shape) else None
