"""From a study file to runs that can be trained: the data set read and checked, its frames stored, every run named."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING

from study.errors import EngineError
from study.planning.runs import study_plan
from trainables.datasets.load import leave_out, load, with_digests
from trainables.datasets.manifest import DataSetError, Manifest
from trainables.datasets.remote import local_copy
from trainables.datasets.subsets import SUBSET_SEED
from trainables.plans import DataSummary, StudyPlan
from trainables.storage.files import cache
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Callable

    from study.spec.study import StudySpec


def read_data(spec: StudySpec, skip_bad_clips: int = 0) -> Manifest:
    """Read the study's data set, with everything that can be checked without decoding the audio.

    Raises:
        DataSetError: all that is wrong with it.

    """
    local = location(spec.storage).scratch
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
    from trainables.features.frame_store import STORES, store_folder  # noqa: PLC0415
    from trainables.features.frame_store_builder import build_store  # noqa: PLC0415
    from trainables.features.frame_store_cache import shared_store  # noqa: PLC0415
    from trainables.features.shared_data import publish_dataset  # noqa: PLC0415 -- a check stores nothing

    storage = location(spec.storage)
    local = storage.scratch
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
        if storage.local_path:
            store = build()
        else:
            store = shared_store(storage / STORES / store_folder(folder, readable).name, folder, build)
    except BrokenProcessPool:
        msg = "a process that computed frames was killed (out of memory?); what it had finished is kept"
        raise EngineError(msg) from None
    undecodable = store.problems(readable)
    leave_out(listed, dict(readable.skipped) | undecodable, skip_bad_clips)
    manifest = leave_out(readable, undecodable, skip_bad_clips)
    publish_dataset(storage, manifest, store)
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
