"""From a study file to runs that can be trained: the data set read and checked, its frames stored, every run named."""

from __future__ import annotations

import math
import os
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from study.endings import EngineError
from study.runs import study_plan
from trainables.config import FEATURES
from trainables.datasets.headers import AudioError, probe, resampled_length
from trainables.datasets.load import leave_out, load, with_digests
from trainables.datasets.manifest import DataSetError, Manifest
from trainables.datasets.remote import local_copy
from trainables.datasets.subsets import SUBSET_SEED, split_validation, subset
from trainables.lengths import frame_count, patch_starts
from trainables.records import DataSummary, StudyPlan
from trainables.storage import cache, location, scratch

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from study.spec import StudySpec

CPU = Path("/proc/cpuinfo")  # of Linux


@dataclass(frozen=True)
class Workload:
    """How much one epoch of a subset is."""

    train_clips: int
    train_patches: int
    validation_patches: int


def read_data(spec: StudySpec, skip_bad_clips: int = 0) -> Manifest:
    """Read the study's data set, with everything that can be checked without decoding the audio.

    Raises:
        DataSetError: all that is wrong with it.

    """
    local = scratch(location(spec.storage))
    return with_digests(load(local_copy(spec.dataset, cache()), local / "synthetic"), local / "digests", skip_bad_clips)


def store_data(
    spec: StudySpec,
    skip_bad_clips: int = 0,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    waiting: Callable[[], None] = lambda: None,
) -> Manifest:
    """Read the study's data set, build what is missing of its frame store, leave the manifest for the workers.

    Args:
        spec: the study.
        skip_bad_clips: how many clips that cannot be used may be left out.
        progress: called with (clips done, clips in all) while frames are computed.
        waiting: called once if another process is building the same store.

    Returns:
        The manifest without the clips that were left out.

    Raises:
        DataSetError: more clips cannot be used; those that only decoding finds are listed with the others.
        EngineError: a process that computed frames was killed.
        OSError: the storage location cannot be written.

    """
    from trainables.handover import leave_data  # noqa: PLC0415 -- a check stores nothing
    from trainables.store import STORES, store_folder  # noqa: PLC0415
    from trainables.store_builder import build_store  # noqa: PLC0415
    from trainables.store_cache import shared_store  # noqa: PLC0415

    storage = location(spec.storage)
    local = scratch(storage)
    listed = load(local_copy(spec.dataset, cache()), local / "synthetic")
    try:
        readable = with_digests(listed, local / "digests", len(listed.clips))
    except DataSetError:
        with_digests(listed, local / "digests", skip_bad_clips)  # says it better where that is the reason
        raise
    folder = local / STORES
    cores = len(os.sched_getaffinity(0))
    build = partial(build_store, readable, folder, workers=cores, progress=progress, waiting=waiting)
    try:
        if isinstance(storage, Path):
            store = build()
        else:
            store = shared_store(storage / STORES / store_folder(folder, readable).name, folder, build)
    except BrokenProcessPool:
        msg = "a process that computed frames was killed (out of memory?); what it had finished is kept"
        raise EngineError(msg) from None
    undecodable = store.problems(readable)
    leave_out(listed, dict(readable.skipped) | undecodable, skip_bad_clips)
    manifest = leave_out(readable, undecodable, skip_bad_clips)
    leave_data(storage, manifest, store)
    return manifest


def make_plan(spec: StudySpec, manifest: Manifest, earlier: StudyPlan | None = None) -> StudyPlan:
    """Name the runs of a study: all of a grid, else those that the plan kept so far names."""
    clips = {
        "train verified": sum(c.verified for c in manifest.of("train")),
        "train unverified": sum(not c.verified for c in manifest.of("train")),
        "test": len(manifest.of("test")),
    }
    known = [c for c in manifest.of("train") if c.true_label is not None]
    summary = DataSummary(
        name=manifest.name,
        kind=manifest.kind,
        fingerprint=manifest.fingerprint,
        classes=list(manifest.classes),
        clips=clips,
        wrong=sum(c.true_label not in (None, c.label) for c in known) if known else None,
        subset_seed=SUBSET_SEED,
        skipped=list(manifest.skipped),
    )
    return study_plan(spec, summary, earlier)


def workloads(spec: StudySpec, manifest: Manifest) -> dict[str, Workload]:
    """Count clips and patches of each subset that the study trains on, by the lengths the files' headers state.

    Raises:
        DataSetError: a subset is empty or holds less than one batch; all such subsets are listed.

    """
    patches: dict[int, int] = {}

    def count(clips: list[int]) -> int:
        for i in clips:
            if i not in patches:
                try:
                    header = probe(manifest.file(manifest.clips[i]))
                except AudioError:
                    patches[i] = 0  # listed as a bad clip elsewhere
                    continue
                samples = resampled_length(header.samples, header.rate, FEATURES.sample_rate)
                patches[i] = len(patch_starts(frame_count(samples)))
        return sum(patches[i] for i in clips)

    found: dict[str, Workload] = {}
    problems: list[str] = []
    for name in dict.fromkeys(name for arm in spec.arms for name in arm.subsets):
        try:
            chosen = subset(manifest, name)
        except DataSetError as error:
            problems += error.problems
            continue
        train, held = split_validation(manifest, chosen, spec.training.validation, spec.training.split_seed)
        found[name] = Workload(len(train), count(train), count(held))
        problems += _unusable(spec, name, found[name], verified=any(manifest.clips[i].verified for i in held))
    if problems:
        raise DataSetError(problems)
    return found


def _unusable(spec: StudySpec, name: str, work: Workload, *, verified: bool) -> Iterator[str]:
    """Say why a subset cannot be trained on; ``verified`` says whether one of its validation clips is."""
    if work.validation_patches == 0:
        yield f"subset {name}: no clip can be held out to validate; a class needs at least 2 clips"
    elif spec.select_on == "verified" and not verified:
        yield f"subset {name}: none of its validation clips is verified, and select_on is verified"
    if work.train_patches < spec.training.batch_size:
        yield (
            f"subset {name}: {work.train_patches} training patches; training.batch_size is "
            f"{spec.training.batch_size}, and at least one whole batch is needed"
        )


def lacking(spec: StudySpec) -> list[str]:
    """Return what a run asks for and this machine does not have, a line each."""
    asked = spec.resources
    there = {"cpus": len(os.sched_getaffinity(0)), "gpus": 0}
    if asked.gpus_per_run:
        import torch  # noqa: PLC0415 -- only a GPU's count needs it

        there["gpus"] = torch.cuda.device_count()
    return [
        f"resources.{name}_per_run: {number:g} asked for; this machine has {there[name]} {name.upper()[:-1]}s"
        for name, number in (("cpus", asked.cpus_per_run), ("gpus", asked.gpus_per_run))
        if number > there[name]
    ]


def ill_suited(spec: StudySpec) -> list[str]:
    """Return what this machine does, but much more slowly than a user of the study file expects; a line each."""
    emulated = spec.training.precision == "bf16" and not spec.resources.gpus_per_run and not has_bf16()
    return ["training.precision: bf16 is emulated by this processor and takes many times longer than fp32"] * emulated


def has_bf16() -> bool:
    """Say whether the processor has instructions for bfloat16 (of AVX-512, AMX or Arm); True where that is unknown."""
    try:
        with CPU.open(encoding="utf-8") as lines:
            known = next(line for line in lines if line.lower().startswith(("flags", "features")))
    except (OSError, StopIteration):
        return True
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(known.split())


def estimate_s(spec: StudySpec, runs: Counter[str], work: dict[str, Workload], classes: int) -> float | None:
    """Estimate the wall time of runs in seconds, from a few batches trained here and now on noise.

    Args:
        spec: the study.
        runs: how many runs of each subset.
        work: how much one epoch of each subset is.
        classes: number of classes.

    Returns:
        Seconds; every run is counted with all its epochs, so early stopping makes the study shorter. None where runs
        use a GPU, whose speed a CPU does not tell.

    """
    from study.estimate import seconds_per_patch  # noqa: PLC0415

    if spec.resources.gpus_per_run:
        return None
    train_s, validate_s = seconds_per_patch(spec.training.batch_size, classes, spec.training.precision)
    once = {name: w.train_patches * train_s + w.validation_patches * validate_s for name, w in work.items()}
    total = sum(once[name] * count for name, count in runs.items()) * spec.training.epochs
    fit = max(1, len(os.sched_getaffinity(0)) // spec.resources.cpus_per_run)
    slots = min(fit, spec.resources.max_concurrent or fit)
    return total / runs.total() * math.ceil(runs.total() / slots)
