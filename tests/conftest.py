"""Fixtures of every test: the shared real data where it is at hand, and small sound files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 44_100


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real metadata and recordings; the test is skipped where there is none."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("GCE_STUDY_SHARED", default))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data at {folder}; set GCE_STUDY_SHARED to use them")
    return folder


@pytest.fixture
def make_wav() -> Callable[..., Path]:
    """Return a function that writes noise as PCM16 and answers its path."""

    def write(path: Path, samples: int = 2_000, rate: int = RATE, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, samples), rate, subtype="PCM_16")
        return path

    return write
