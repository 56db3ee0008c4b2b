"""A search to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trainables.losses.catalogue import AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder
    from trainables.losses.base import Reading


@pytest.fixture
def search(study: Builder) -> Builder:
    """Return nine configurations: accuracy rises with T, the reading matters not at all, the lowest T are stopped."""
    study.method = {"name": "search", "baselines": []}
    temperature = {"min": 1.0, "max": 1e6, "scale": "log"}
    study.spec = {"arms": [{"name": "adaptive", "loss": {"name": "adaptive_gce", "temperature": temperature}}]}
    readings: tuple[Reading, ...] = ("mean", "sample", "pooled")
    for i in range(9):
        reading = readings[(0, 1, 2, 2, 1, 0, 1, 0, 2)[i]]
        study.add(
            "adaptive",
            AdaptiveGCE(name="adaptive_gce", temperature=10.0**i, reading=reading),
            0,
            # A stopped run's last accuracy may be above that of one that went on.
            validation=0.7 + i / 100 if i > 2 else 0.9 + i / 100,
            varied={"temperature": 10.0**i, "reading": reading},
            status="complete" if i > 2 else "stopped",
            stage="explore",
        )
    return study
