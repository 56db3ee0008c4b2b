from __future__ import annotations

import pytest

from factories import Builder
from trainables.losses.catalogue import GCE
from trainables.storage.location import location


@pytest.fixture(autouse=True)
def cached(tmp_path, monkeypatch):
    monkeypatch.setenv("GCE_STUDY_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def two_studies(tmp_path):
    """Return a function that writes a finished study of a name, and one with a complete, a failed and a waiting run."""

    def write(name):
        folder = tmp_path / "results"
        Builder(name).temperatures([2, 3, 4], seeds=5).baselines(5).write(folder)
        builder = Builder("begun")
        for seed, status in enumerate(("complete", "failed", None)):
            builder.add("gce", GCE(name="gce", q=0.5), seed, status=status, error="no memory" if seed == 1 else None)
        builder.write(folder)
        return location(folder)

    return write
