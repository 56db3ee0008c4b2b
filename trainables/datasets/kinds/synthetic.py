"""Six classes of synthesised sound events with known label noise, made in seconds from a seed: data for a first try.

The sounds vary in pitch, tempo, level, room and background, and often carry a quieter event of another class, so that
they are learnable but not trivial.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from trainables.config import digest
from trainables.datasets.keys import Noise
from trainables.datasets.kinds import csv_manifest
from trainables.datasets.kinds.sounds import CLASSES, RATE, render
from trainables.datasets.manifest import Clip, DataSetError, Manifest, Split, checked
from trainables.datasets.noise import inject
from trainables.processes.limits import usable_cpus
from trainables.storage.descriptors import explained

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1  # increased whenever the same seed would sound different
LIST = "clips.csv"


@dataclass(frozen=True)
class Settings:
    """What the data set is made from; see ``config.Synthetic``."""

    seed: int
    train_per_class: int
    test_per_class: int
    noise: float
    keep_verified: float


def generate(settings: Settings, cache: Path) -> Manifest:
    """Make the data set, or read it if it exists.

    Args:
        settings: seed, numbers of clips, label noise.
        cache: holds the data set in a folder named by the settings. It is made in a temporary folder and then
            renamed, so that it is never seen half done.

    Returns:
        A manifest whose training clips know their true label.

    Raises:
        DataSetError: its folder cannot be made because something else is there.

    """
    folder = cache / digest({"version": VERSION, "kind": "synthetic", **asdict(settings)})
    if not (folder / LIST).is_file():
        cache.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=cache, prefix=".making-"))
        try:
            _build(settings, temporary)
            _put(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return replace(checked(csv_manifest.parse(folder / LIST)), name="synthetic", kind="synthetic")


def _put(temporary: Path, folder: Path) -> None:
    """Rename the finished folder into its place."""
    try:
        temporary.rename(folder)
    except OSError as error:
        if not (folder / LIST).is_file():  # otherwise another process made the same set first
            message = f"{folder}: the synthetic data set cannot be put here: {error.strerror}"
            raise DataSetError([message]) from None


def _build(settings: Settings, folder: Path) -> None:
    clips = []
    splits: tuple[tuple[Split, int], ...] = (("train", settings.train_per_class), ("test", settings.test_per_class))
    for split, count in splits:
        (folder / split).mkdir()
        for label in CLASSES:
            clips += [Clip(f"{split}/{label}-{i:04d}.wav", label, split, verified=True) for i in range(count)]
    noise = Noise(symmetric=settings.noise, keep_verified=settings.keep_verified, seed=settings.seed)
    manifest = inject(Manifest("synthetic", "synthetic", folder, tuple(clips)), noise)
    with ThreadPoolExecutor(usable_cpus()) as pool:  # numpy and libsndfile release the interpreter lock
        list(pool.map(lambda clip: _write(folder / clip.path, _sound(settings.seed, clip)), clips))
    csv_manifest.write(manifest, folder / LIST)  # last, as its presence means that the sounds are complete


def _sound(seed: int, clip: Clip) -> NDArray[np.float32]:
    """Render a clip from the seed and its name alone, so that more clips do not change the others."""
    name = int.from_bytes(clip.path.encode(), "big")
    return render(clip.label, np.random.default_rng([seed, name]))


def _write(path: Path, wave: NDArray[np.float32]) -> None:
    """Write a sound.

    Raises:
        OSError: the disk is full, which libsndfile would not state.

    """
    sound = BytesIO()
    soundfile.write(sound, wave, RATE, format="WAV", subtype="PCM_16")
    with explained(path):
        path.write_bytes(sound.getvalue())
