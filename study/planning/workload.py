"""The work that a study takes: clips and patches of each subset, and seconds."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from study.planning.speed import seconds_per_patch
from study.spec.rules.between_keys import Load, largest_loads
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe, resampled_length
from trainables.datasets.known_labels import known_labels
from trainables.datasets.manifest import DataSetError, Manifest
from trainables.datasets.names import quoted
from trainables.datasets.subsets import split_validation, subset
from trainables.features.framing import frame_count, patch_starts
from trainables.naming import counted
from trainables.processes.limits import usable_cpus

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from study.spec.study import StudySpec
    from trainables.feature_settings import Features
    from trainables.features.embeddings.checking import CheckedEmbeddings
    from trainables.losses.base import KnownLabels
    from trainables.networks.base import Network

SEEDS = 12  # whose splits are looked at where the method, not the file, decides on the seeds


class Workload(NamedTuple):
    """The size of one epoch on a subset; where each fold is the test set in turn, the mean over folds, rounded."""

    train_clips: int
    train_patches: int
    validation_patches: int


def frame_counts(manifest: Manifest, features: Features) -> list[int]:
    """Return how many frames each clip has, by the lengths in the files' headers; 0 for a file that cannot be read."""
    return [_frames(manifest.file(clip), features) for clip in manifest.clips]


def _frames(path: Path, features: Features) -> int:
    try:
        header = probe(path)
    except AudioError:
        return 0  # listed as a bad clip elsewhere
    return frame_count(resampled_length(header.samples, header.rate, features.sample_rate), features)


def patch_counts(frames: Sequence[int], features: Features) -> list[int]:
    """Return how many patches clips with so many frames have."""
    return [len(patch_starts(count, features)) if count else 0 for count in frames]


def patches_of_clips(spec: StudySpec, manifest: Manifest, embeddings: CheckedEmbeddings | None) -> list[int]:
    """Return how many patches each clip has; windows of embeddings, if the network of no run receives frames."""
    if embeddings and not spec.uses_frames:
        return [embeddings.windows[clip.path] for clip in manifest.clips]
    features = spec.features.log_mel
    return patch_counts(frame_counts(manifest, features), features)


def workloads(spec: StudySpec, manifest: Manifest, patches: Sequence[int]) -> dict[str, Workload]:
    """Count clips and patches of each subset that the study trains on.

    Args:
        spec: the study.
        manifest: its data set.
        patches: how many patches each clip has.

    Raises:
        DataSetError: a subset is empty, holds less than one batch, or lacks labels that a loss needs; all such subsets
            are listed.

    """
    work: dict[str, Workload] = {}
    problems: list[str] = []
    for name in spec.subsets:
        of_folds = []
        for fold in manifest.folds or (None,):
            try:
                of_folds.append(_workload(spec, manifest, patches, name, fold))
            except DataSetError as error:
                problems += error.problems
        if of_folds:
            work[name] = Workload(*(round(fmean(sizes)) for sizes in zip(*of_folds, strict=True)))
    if problems:
        raise DataSetError(problems)
    return work


def _workload(spec: StudySpec, manifest: Manifest, patches: Sequence[int], name: str, fold: str | None) -> Workload:
    """Count clips and patches of a subset, while a fold is the test set.

    Raises:
        DataSetError: see ``workloads``.

    """

    def count(clips: Iterable[int]) -> int:
        return sum(patches[i] for i in clips)

    chosen = subset(manifest, name, fold=fold)
    # With a split for each seed, sizes hardly depend on it, but all verified clips may be on one side.
    looked_at = (spec.seed_list or range(SEEDS)) if spec.on_verified else (0,)
    ways = dict.fromkeys(map(spec.splitting.validation_split, looked_at))
    splits = [split_validation(manifest, chosen, *way) for way in ways]
    train, held = splits[0]
    work = Workload(len(train), count(train), count(held))
    verified = all(any(manifest.clips[i].verified for i in validation) for _, validation in splits)
    outside = "" if fold is None else f", tested on fold {quoted(fold)}"
    problems = list(_unusable(spec, name, f"subset {name}{outside}", work, verified=verified))
    problems += _unsuited(spec, name, known_labels(manifest, train), outside)
    if problems:
        raise DataSetError(problems)
    return work


def _unusable(spec: StudySpec, name: str, shown: str, work: Workload, *, verified: bool) -> Iterator[str]:
    """Yield why a subset cannot be trained on; ``verified``: whether a validation clip is verified in every split."""
    if work.validation_patches == 0:
        yield f"{shown}: no clip can be held out to validate; a class needs at least 2 training clips"
    elif spec.on_verified and not verified:
        some = " of some seed" if spec.splitting.split != "fixed" else ""
        yield f"{shown}: none of its validation clips{some} is verified, and select_on is verified"
    if larger := [f"{size}" for size in batch_sizes(spec, name) if size > work.train_patches]:
        yield (
            f"{shown}: {counted(work.train_patches, 'training patch')}; training.batch_size is {' and '.join(larger)}, "
            "and at least one whole batch is needed"
        )


def _unsuited(spec: StudySpec, name: str, labels: KnownLabels, outside: str) -> Iterator[str]:
    """Yield why a loss cannot be trained on a subset with such labels."""
    for arm in spec.open_arms:
        if name in arm.subsets:
            problems = dict.fromkeys(loss.problem(labels) for loss in arm.losses())
            yield from (f"arm {arm.name}, subset {name}{outside}: {problem}" for problem in problems if problem)


def batch_sizes(spec: StudySpec, subset: str) -> list[int]:
    """Return the batch sizes of the runs on a subset, ascending; of a range its ends."""
    return sorted({size for arm in spec.open_arms if subset in arm.subsets for size in arm.possible("batch_size")})


def estimate_s(  # noqa: PLR0913, PLR0917 -- what a time depends on
    spec: StudySpec, runs: Counter[Load], work: dict[str, Workload], classes: int, unnamed: int = 0, dims: int = 0
) -> float | None:
    """Estimate the wall time of runs in seconds, from a few batches of noise trained on this machine.

    Args:
        spec: the study.
        runs: how many runs of each load.
        work: one epoch of each subset.
        classes: number of classes.
        unnamed: how many runs beside them the method has yet to name; each counts as the longest that it may be.
        dims: length of the embeddings; 0 without any.

    Returns:
        Seconds; every run is counted with all its epochs, so early stopping makes the study shorter, and with the
        smallest batches and the slowest precision of any run. None if runs use a GPU, whose speed cannot be measured on
        a CPU.

    """
    if spec.resources.gpus_per_run:
        return None
    size = min(min(batch_sizes(spec, name)) for name in work)
    precisions = dict.fromkeys(p for arm in spec.open_arms for p in arm.possible("precision"))
    possible = [load for arm in spec.open_arms for load in largest_loads(arm)] if unnamed else []

    def measured(network: Network) -> tuple[float, float]:
        shape = (dims,) if network.input == "embeddings" else spec.features.shape
        return max(seconds_per_patch(network, shape, size, classes, precision) for precision in precisions)

    speeds = {network: measured(network) for network in dict.fromkeys(load.network for load in (*runs, *possible))}

    def run_s(load: Load) -> float:
        (train_s, validate_s), w = speeds[load.network], work[load.subset]
        return (w.train_patches * train_s + w.validation_patches * validate_s) * load.epochs

    total = sum(run_s(load) * count for load, count in runs.items()) + unnamed * max(map(run_s, possible), default=0.0)
    fit = max(1, usable_cpus() // spec.resources.cpus_per_run)
    slots = min(fit, spec.resources.max_concurrent or fit)
    count = runs.total() + unnamed
    return total / count * math.ceil(count / slots)
