"""The data set of a study, as its driver publishes it to the workers and leaves it for the report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from trainables.config import DIGEST, digest
from trainables.feature_settings import FEATURES
from trainables.storage.documents import DamagedError, Document, read_document

if TYPE_CHECKING:
    from trainables.feature_settings import Features
    from trainables.plans import DataSummary
    from trainables.storage.types import Location


class PublishedDataSet(Document):
    """A data set and its frames.

    Attributes:
        frames: the name of the folder of its frame store.
        manifest: what ``trainables.datasets.manifest.to_json`` wrote.

    """

    frames: Annotated[str, Field(pattern=f"^{DIGEST}$")]
    manifest: dict[str, Any]


class PublishedEmbeddings(PublishedDataSet):
    """A data set and its embeddings, whose store has the form of a frame store.

    Attributes:
        hop_s, window_s, model: see ``trainables.features.embeddings.files.Timing``.

    """

    hop_s: float
    window_s: float
    model: str


def embeddings_path(storage: Location, fingerprint: str, embeddings: str) -> Location:
    """Return the path of the published embeddings of a data set, by the data set's fingerprint and their digest."""
    return storage / "datasets" / f"{fingerprint}-{embeddings}.json"


def published_path(storage: Location, fingerprint: str, features: Features) -> Location:
    """Return the path of a published data set in a storage location: one for each setting of the features."""
    suffix = "" if features == FEATURES else f"-{digest(features.model_dump())}"
    return storage / "datasets" / f"{fingerprint}{suffix}.json"


def published_paths(storage: Location, data: DataSummary, features: Features) -> list[Location]:
    """Return the paths of what a study's driver published: its data set with frames, with embeddings, or each.

    Args:
        storage: the storage location.
        data: the data set that the study's plan names.
        features: settings of the frames.

    """
    paths = [published_path(storage, data.fingerprint, features)] if data.frames else []
    return [*paths, embeddings_path(storage, data.fingerprint, data.embeddings.digest)] if data.embeddings else paths


def is_published(name: str) -> bool:
    """Return whether a file's name is one that ``published_path`` or ``embeddings_path`` chooses."""
    return re.fullmatch(f"{DIGEST}(-{DIGEST})?\\.json", name) is not None


def store_name(published: Location) -> str | None:
    """Return the name of the store of a published data set; None if that cannot be read."""
    try:
        return read_document(published, PublishedDataSet).frames
    except (OSError, DamagedError):
        return None
