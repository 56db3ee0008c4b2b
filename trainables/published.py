"""The data set of a study, as its driver publishes it to the workers and leaves it for the report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from trainables.config import DIGEST, FEATURES, digest
from trainables.storage.documents import Document

if TYPE_CHECKING:
    from trainables.config import Features
    from trainables.storage.types import Location


class PublishedDataSet(Document):
    """A data set and its frames.

    Attributes:
        frames: the name of the folder of its frame store.
        manifest: what ``trainables.datasets.manifest.to_json`` wrote.

    """

    frames: Annotated[str, Field(pattern=f"^{DIGEST}$")]
    manifest: dict[str, Any]


def published_path(storage: Location, fingerprint: str, features: Features) -> Location:
    """Return the path of a published data set in a storage location: one for each setting of the features."""
    suffix = "" if features == FEATURES else f"-{digest(features.model_dump())}"
    return storage / "datasets" / f"{fingerprint}{suffix}.json"


def is_published(name: str) -> bool:
    """Return whether a file's name is one that ``published_path`` chooses."""
    return re.fullmatch(f"{DIGEST}(-{DIGEST})?\\.json", name) is not None
