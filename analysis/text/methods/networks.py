"""The networks of a study, in words of its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.text.methods.values import values_in_words
from trainables.config import DEFAULT_NETWORK, parameter_name
from trainables.naming import counted
from trainables.networks.registry import UnknownNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.results.study_results import StudyResults
    from analysis.text.methods.bibliography import References
    from trainables.config import Run
    from trainables.networks.base import Network
    from trainables.plans import PlannedRun

# Each built-in network: its name in the text, and the work that introduced it.
NETWORKS: dict[str, tuple[str, str]] = {
    "cnn": ("the network of three convolutional layers of the FSDnoisy18k baseline", "fonseca"),
    "vgg": ("the VGG-like network of FSD50K's baselines", "fonseca_fsd50k"),
    "head": ("a classifier on embeddings", ""),
}


def has_network_of_baseline(results: StudyResults) -> bool:
    """Return whether every run of a study trains the baseline's network."""
    return all(planned.run.configuration.network == DEFAULT_NETWORK for planned in results.plan.runs)


def takes_frames(results: StudyResults) -> bool:
    """Return whether the network of some run receives log-mel frames."""
    return any(not _takes_embeddings(planned.run) for planned in results.plan.runs)


def _takes_embeddings(run: Run) -> bool:
    configuration = run.configuration
    if isinstance(configuration.network, UnknownNetwork):
        return run.embeddings is not None and not configuration.loss.needs_embeddings
    return configuration.network.input == "embeddings"


def embeddings(results: StudyResults) -> str:
    """Describe a study's embeddings in a sentence; empty if it uses none."""
    used = results.plan.dataset.embeddings
    if used is None:
        return ""
    return (
        f"Embeddings are those of {used.model}: {counted(used.dims, 'dimension')} for windows of {used.window_s:g} s "
        f"every {used.hop_s:g} s."
    )


def networks(results: StudyResults, cited: References) -> str:
    """Name the networks in a sentence, with their weights and the arms that train them.

    It is empty where all runs train the baseline's, which the sentence on the protocol names.
    """
    if has_network_of_baseline(results):
        return ""
    of_arm: dict[str, dict[Network, PlannedRun]] = {}
    for planned in results.plan.runs:
        of_arm.setdefault(planned.arm, {}).setdefault(planned.run.configuration.network, planned)
    arms_of: dict[frozenset[Network], list[str]] = {}
    for arm, runs in of_arm.items():
        arms_of.setdefault(frozenset(runs), []).append(arm)
    described = [(_described(list(of_arm[arms[0]].values()), results, cited), arms) for arms in arms_of.values()]
    if len(described) == 1:
        return f"The network was {described[0][0]}."
    parts = [f"{words} [{', '.join(arms)}]" for words, arms in described]
    return f"Networks compared: {'; '.join(parts)}."


def network_of_baseline(results: StudyResults) -> str:
    """Describe the baseline's network on a study's patches and classes."""
    run = results.plan.runs[0].run
    weights = DEFAULT_NETWORK.weights(run.features.shape, len(results.plan.dataset.classes))
    return f"a network of three convolutional layers with {weights:,} weights"


def _described(runs: Sequence[PlannedRun], results: StudyResults, cited: References) -> str:
    """Describe the networks of an arm, of which there is a run each."""
    networks = [planned.run.configuration.network for planned in runs]
    name = networks[0].name
    words, work = NETWORKS.get(name, (f"{name} from a plugin", ""))
    ranges = results.plan.settings.ranges
    parameters: list[dict[str, Any]] = [network.model_dump(exclude={"name"}) for network in networks]
    values = [
        values_in_words(
            key, [of.get(key) for of in parameters], ranges.get((runs[0].arm, parameter_name("network", key)))
        )
        for key in parameters[0]
    ]
    details = ", ".join(filter(None, [*values, _weights(networks, runs[0], results)]))
    text = f"{words} ({cited.cite(work)})" if work else words
    return f"{text} with {details}" if details else text


def _weights(networks: Sequence[Network], planned: PlannedRun, results: StudyResults) -> str:
    """Return the numbers of weights, where they are known without building the networks."""
    data, run = results.plan.dataset, planned.run
    shape: tuple[int, ...] = run.features.shape
    if _takes_embeddings(run):
        shape = (data.embeddings.dims,) if data.embeddings else ()
    classes = len(data.classes)
    if not shape:
        return ""
    counts = sorted({count for network in networks if (count := network.weights(shape, classes)) is not None})
    if not counts:
        return ""
    return f"{counts[0]:,}{f' to {counts[-1]:,}' if len(counts) > 1 else ''} weights"
