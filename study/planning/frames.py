"""Compute the missing frames of a study's data set, and publish it to the workers."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING

from study.errors import EngineError
from study.planning.data import StudyData, examined, read_list
from study.planning.embeddings import store_embeddings
from trainables.datasets.load import leave_out, with_digests
from trainables.datasets.manifest import DataSetError
from trainables.features.frame_store import STORES, store_folder
from trainables.features.frame_store_builder import build_store
from trainables.features.frame_store_cache import shared_store
from trainables.features.shared_data import publish_dataset
from trainables.processes.limits import usable_cpus
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Callable

    from study.spec.study import StudySpec
    from trainables.datasets.manifest import Manifest
    from trainables.feature_settings import Features
    from trainables.features.frame_store import FrameStore
    from trainables.storage.types import Location


def store_data(
    spec: StudySpec,
    skip_bad_clips: int = 0,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    waiting: Callable[[str], None] = lambda _holder: None,
) -> StudyData:
    """Read the study's data set, compute the frames that are missing, and publish the data set to the workers.

    No frames are computed if the network of no run receives any.

    Args:
        spec: the study.
        skip_bad_clips: how many clips that cannot be used may be left out.
        progress: called with (clips done, clips in all) while frames are computed.
        waiting: called once with a description of the process that is building the same store, if another one is.

    Returns:
        The manifest without the clips that were left out, and its embeddings.

    Raises:
        DataSetError: more clips cannot be used, those that only decoding reveals are listed with the others; or
            embeddings are missing or unusable.
        EngineError: a process that computed frames was lost, or cannot import what it needs.
        OSError: the storage location cannot be written.

    """
    storage = location(spec.storage)
    listed = read_list(spec)
    digests = storage.scratch / "digests"
    try:
        readable = with_digests(listed, digests, len(listed.clips))
    except DataSetError:
        with_digests(listed, digests, skip_bad_clips)  # if this fails, its message names the bad clips
        raise
    features = spec.features.log_mel
    store = _computed_frames(storage, readable, features, progress, waiting) if spec.uses_frames else None
    undecodable = store.problems(readable) if store else {}
    leave_out(listed, dict(readable.skipped) | undecodable, skip_bad_clips)
    manifest = examined(spec, leave_out(readable, undecodable, skip_bad_clips), store)
    if store:
        publish_dataset(storage, manifest, features, store)
    return StudyData(manifest, store_embeddings(spec, manifest, waiting))


def _computed_frames(
    storage: Location,
    manifest: Manifest,
    features: Features,
    progress: Callable[[int, int], None],
    waiting: Callable[[str], None],
) -> FrameStore:
    """Compute a manifest's missing frames; return this machine's store of them. See ``store_data``."""
    folder = storage.scratch / STORES
    build = partial(build_store, manifest, folder, features, workers=usable_cpus(), progress=progress, waiting=waiting)
    try:
        if storage.local_path:
            return build()
        return shared_store(storage / STORES / store_folder(folder, manifest, features).name, folder, build)
    except BrokenProcessPool as broken:
        msg = f"{broken}; finished frames are kept"
        raise EngineError(msg) from None
    except ImportError as error:
        msg = f"a process that computes frames cannot import what it needs: {error}"
        raise EngineError(msg) from None
