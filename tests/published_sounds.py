"""A data set as a driver publishes it, with sounds that can be played."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from factories import FINGERPRINT
from trainables.datasets.load import content_digest
from trainables.datasets.manifest import Clip, Manifest, to_json
from trainables.feature_settings import FEATURES
from trainables.published import PublishedDataSet, published_path
from trainables.storage.documents import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CLIPS = tuple(Clip(f"train/{name}", "Rain", "train", verified=False) for name in ("a.wav", "b.flac", "c.ogg", "d.mp3"))


def publish(storage: Path, root: Path, clips: Iterable[Clip] = CLIPS, seconds: float = 0.5) -> Path:
    """Write a tone for each clip below a root, and publish the data set; return the path of what is published."""
    clips = tuple(clips)
    for number, clip in enumerate(clips):
        path = root / clip.path
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * np.sin(np.arange(int(44_100 * seconds)) / (7 + number % 20)), 44_100)
    digests = tuple(content_digest(root / clip.path) for clip in clips)
    manifest = json.loads(to_json(Manifest("sounds", "csv", root, clips, digests)))
    published = published_path(storage, FINGERPRINT, FEATURES)
    published.parent.mkdir(exist_ok=True)
    published.write_bytes(to_bytes(PublishedDataSet(frames="0" * 20, manifest=manifest)))
    return published
