"""Study files for tests: a text, and studies of a few arms as ``StudySpec``."""

from __future__ import annotations

from typing import Any, get_args

from study.spec.study import StudySpec
from trainables.losses.catalogue import LOSSES

GOOD = """\
name: small
dataset: {kind: synthetic}
arms:
  - {name: a, loss: {name: gce, q: 0.7}}
seeds: 2
"""
LOSS_NAMES = [get_args(loss.model_fields["name"].annotation)[0] for loss in LOSSES]
CCE_ARM = {"name": "cce", "loss": {"name": "cce"}}
GCE_ARM = {"name": "gce", "loss": {"name": "gce"}}
RATES = {"values": [1e-3, 1e-2]}
RATE_RANGE = {"min": 1e-4, "max": 1e-2, "scale": "log"}


def study(*arms: dict[str, Any], **keys: object) -> StudySpec:
    """Return a study on synthetic sounds of these arms, with two seeds unless ``keys`` name a method."""
    method = {} if "method" in keys else {"seeds": 2}
    return StudySpec.model_validate({"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, **method, **keys})
