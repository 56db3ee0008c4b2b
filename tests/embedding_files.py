"""Small sounds, and embeddings of them, for tests."""

import json
from pathlib import Path

import numpy as np
import soundfile

from trainables.datasets.manifest import Clip, Manifest

HOP, WINDOW, DIMS, RATE = 0.1, 0.2, 3, 8_000
TIMING = {"hop_s": HOP, "window_s": WINDOW, "model": "toy"}


def sounds(folder, clips=4, seconds=1.0):
    """Return a manifest of wav files in a folder, the odd ones in another class."""
    (folder / "a").mkdir(parents=True, exist_ok=True)
    listed = []
    for i in range(clips):
        path = f"a/{i}.wav"
        noise = np.random.default_rng(i).uniform(-0.5, 0.5, int(RATE * seconds))
        soundfile.write(folder / path, noise, RATE, subtype="PCM_16")
        listed.append(Clip(path, "ab"[i % 2], "train", verified=True))
    return Manifest("toy", "csv", folder, tuple(listed), digests=tuple(f"content{i}" for i in range(clips)))


def arrays(manifest, windows=9, dims=DIMS):
    """Return random embeddings of each clip, by its path."""
    rng = np.random.default_rng(0)
    return {clip.path: rng.normal(size=(windows, dims)).astype(np.float32) for clip in manifest.clips}


def as_file(path, of_clips, **timing):
    """Write embeddings as a stranger would; return the path."""
    np.savez(str(path), **{**TIMING, **timing, **of_clips})
    return Path(path)


def as_folder(path, of_clips, **timing):
    """Write embeddings as a folder; return its path."""
    for clip, array in of_clips.items():
        (path / clip).parent.mkdir(parents=True, exist_ok=True)
        np.save(str(path / f"{clip}.npy"), array)
    (path / "embeddings.json").write_text(json.dumps({**TIMING, **timing}))
    return Path(path)
