"""Small sounds, and embeddings of them, for tests."""

import json
from pathlib import Path

import numpy as np
import soundfile

from trainables.datasets.manifest import Clip, Manifest

HOP, WINDOW, DIMS, RATE = 0.1, 0.2, 3, 8_000
# A model with the HEAR API: mean and deviation of 0.2 s of sound every 0.1 s.
MODEL = """
import torch

class Model:
    sample_rate = 4000
    scene_embedding_size = 2
    timestamp_embedding_size = 2

def load_model(model_file_path=""):
    return Model()

def get_timestamp_embeddings(audio, model):
    windows = audio.unfold(1, 800, 400)
    embeddings = torch.stack([windows.mean(dim=2), windows.std(dim=2)], dim=2)
    times = 100.0 * torch.arange(windows.shape[1]) + 100.0
    return embeddings, times[None]
"""
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
    """Write embeddings as another tool would; return the path."""
    np.savez(str(path), **{**TIMING, **timing, **of_clips})
    return Path(path)


def as_folder(path, of_clips, **timing):
    """Write embeddings as a folder; return its path."""
    for clip, array in of_clips.items():
        (path / clip).parent.mkdir(parents=True, exist_ok=True)
        np.save(str(path / f"{clip}.npy"), array)
    (path / "embeddings.json").write_text(json.dumps({**TIMING, **timing}))
    return Path(path)


def csv_study(folder, **keys):
    """Write eight sounds of two classes, their list, and a study of them into a folder; return the sounds' manifest."""
    data = sounds(folder / "sounds", clips=8)
    rows = [f"{c.path},{c.label},{'test' if i in {2, 5} else 'train'},1" for i, c in enumerate(data.clips)]
    (folder / "clips.csv").write_text("\n".join(["path,label,split,verified", *rows]) + "\n")
    study = {
        "name": "small",
        "dataset": {"kind": "csv", "path": str(folder / "clips.csv"), "root": str(folder / "sounds")},
        "features": {},
        "seeds": 1,
        "training": {"epochs": 2, "batch_size": 8},
        "storage": str(folder / "storage"),
    }
    (folder / "study.yaml").write_text(json.dumps(study | keys))
    return data
