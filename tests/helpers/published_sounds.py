"""Data sets as a driver publishes them, with sounds that can be played, and a study whose labels can be audited."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from clip_outputs import leave_manifest, write_margins
from factories import FINGERPRINT
from trainables.datasets.load import content_digest
from trainables.datasets.manifest import Clip, Manifest, to_json
from trainables.feature_settings import FEATURES
from trainables.losses.catalogue import CCE
from trainables.published import PublishedDataSet, published_path
from trainables.storage.documents import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from factories import Builder
    from trainables.storage.types import Location

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


def audited(  # noqa: PLR0913 -- a study has that many parts
    study: Builder,
    storage: Location,
    root: Path | None = None,
    *,
    seeds: int = 3,
    clips: int = 40,
    seconds: float = 0.5,
) -> list[Clip]:
    """Write a study whose runs left margins: of every fifth training clip, labelled as rain, they see wind instead.

    Args:
        study: has no run yet.
        storage: the storage location.
        root: where to write a sound for each clip; without it, none is written.
        seeds: how many runs.
        clips: how many training clips.
        seconds: the length of each sound.

    Returns:
        The training clips. Every fourth is verified; the true labels are known.

    """
    wrong = np.arange(clips) % 5 == 0
    labels = np.where(wrong | (np.arange(clips) % 2 == 0), "Rain", "Wind")
    true = np.where(wrong, "Wind", labels)
    training = [
        Clip(f"train/{k}.wav", str(labels[k]), "train", verified=k % 4 == 1, true_label=str(true[k]))
        for k in range(clips)
    ]
    test = [Clip(f"test/{name}.wav", name, "test", verified=True) for name in ("Rain", "Wind")]
    verified = sum(clip.verified for clip in training)
    study.clips = {"train verified": verified, "train unverified": clips - verified, "test": 2}
    for seed in range(seeds):
        noise = np.random.default_rng(seed).normal(size=clips)
        run_id = study.add("cce", CCE(name="cce"), seed, test=0.5)
        write_margins(storage, run_id, list(np.where(wrong, -3, 3) + noise), list((true == "Wind") * 1), held=2)
    study.write(storage)
    if root is None:
        leave_manifest(storage, study.plan(), [*training, *test])
    else:
        publish(storage, root, [*training, *test], seconds)
    return training
