"""Read and check a study's embeddings, and store and publish them to the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.datasets.remote import local_path
from trainables.features.embeddings.checking import check_embeddings
from trainables.features.embeddings.files import open_embeddings
from trainables.features.embeddings.store import build_embedding_store
from trainables.features.frame_store import STORES
from trainables.features.frame_store_cache import shared_store
from trainables.features.shared_data import StoredEmbeddings, publish_embeddings
from trainables.storage.files import cache
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Callable

    from study.spec.study import StudySpec
    from trainables.datasets.manifest import Manifest
    from trainables.features.embeddings.checking import CheckedEmbeddings
    from trainables.features.frame_store import FrameStore


def read_embeddings(spec: StudySpec, manifest: Manifest) -> CheckedEmbeddings | None:
    """Read the embeddings of a data set's clips and check them; None if no run of the study uses embeddings.

    Raises:
        DataSetError: clips have no embeddings, or unusable ones; all problems are listed.

    """
    return _read(spec, manifest, None)


def store_embeddings(
    spec: StudySpec, manifest: Manifest, waiting: Callable[[str], None] = lambda _holder: None
) -> CheckedEmbeddings | None:
    """Read and check the embeddings, write their store if it is absent, and publish them to the workers.

    Args:
        spec: the study.
        manifest: the data set, as it was published.
        waiting: called once with a description of the process that is writing the same store, if another one is.

    Raises:
        DataSetError: clips have no embeddings, or unusable ones; all problems are listed.
        OSError: the storage location cannot be written.

    """
    return _read(spec, manifest, waiting)


def _read(spec: StudySpec, manifest: Manifest, waiting: Callable[[str], None] | None) -> CheckedEmbeddings | None:
    """Read and check the embeddings; store and publish them if ``waiting`` is given."""
    if not spec.uses_embeddings:
        return None
    with open_embeddings(local_path(str(spec.features.embeddings), cache())) as files:
        checked = check_embeddings(files, manifest)
        if waiting is None:
            return checked
        storage = location(spec.storage)
        folder = storage.scratch / STORES

        def build() -> FrameStore:
            return build_embedding_store(files, checked, folder, waiting=waiting)

        store = build() if storage.local_path else shared_store(storage / STORES / checked.digest, folder, build)
    publish_embeddings(storage, StoredEmbeddings(manifest, store, checked.timing))
    return checked
