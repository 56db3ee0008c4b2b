"""Studies of a few arms, as ``StudySpec``."""

from __future__ import annotations

from typing import Any

from study.spec.study import StudySpec

CCE_ARM = {"name": "cce", "loss": {"name": "cce"}}
GCE_ARM = {"name": "gce", "loss": {"name": "gce"}}
RATES = {"values": [1e-3, 1e-2]}
RATE_RANGE = {"min": 1e-4, "max": 1e-2, "scale": "log"}


def study(*arms: dict[str, Any], **keys: object) -> StudySpec:
    """Return a study on synthetic sounds of these arms, with two seeds unless ``keys`` name a method."""
    method = {} if "method" in keys else {"seeds": 2}
    return StudySpec.model_validate({"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, **method, **keys})
