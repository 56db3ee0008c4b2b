"""Studies on few synthetic sounds, which ``gce-study`` runs on this machine."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from factories import GCE_STUDY

if TYPE_CHECKING:
    from pathlib import Path


def small_study(folder: Path, name: str, **keys: Any) -> Path:
    """Write the file of a study on few synthetic sounds, with its results in ``folder/storage``; return its path."""
    study = {
        "name": name,
        "dataset": {"kind": "synthetic", "train_per_class": 6, "test_per_class": 2},
        "arms": [{"name": "cce", "loss": {"name": "cce"}}],
        "seeds": 2,
        "training": {"epochs": 10_000, "stop_after": 10_000, "batch_size": 8},
        "storage": str(folder / "storage"),
    }
    path = folder / "study.yaml"
    path.write_text(json.dumps(study | keys))
    return path


STUDY = """
name: {name}
dataset: {{kind: synthetic, train_per_class: 12, test_per_class: 3}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: {{values: [100, 10000]}}}}}}
seeds: 2
training: {{epochs: {epochs}, batch_size: 16}}
resources: {{max_concurrent: 2}}
storage: {storage}
"""


def write_study(folder, name="small", epochs=3, storage="storage", text=STUDY):
    """Write the file of a study of six runs, ``STUDY`` or another text with its fields; return its path."""
    path = folder / f"{name}.yaml"
    path.write_text(text.format(name=name, epochs=epochs, storage=folder / storage))
    return path


def gce_study(*arguments, timeout=300):
    """Run a command to its end; return its exit code and what it printed."""
    return subprocess.run(
        [GCE_STUDY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False
    )


def start_and_wait(path, storage, *arguments, deadline=240):
    """Start a study; return its process once a run has a checkpoint."""
    process = subprocess.Popen(
        [GCE_STUDY, "run", path, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if list((storage / "checkpoints").glob("*.pt")):
            return process
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    process.kill()
    pytest.fail("the study did not get that far")
