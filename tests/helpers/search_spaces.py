"""A search space of two arms, of which one varies its subset too."""

from __future__ import annotations

from study.methods.search_space import ArmSpace, SampledChoices, SampledRange
from trainables.config import Configuration
from trainables.losses.catalogue import GCE, AdaptiveGCE

SPACE = [
    ArmSpace(
        "adaptive",
        {"temperature": SampledRange(10, 1e5, log=True)},
        lambda v: Configuration(loss=AdaptiveGCE(name="adaptive_gce", **v)),
    ),
    ArmSpace(
        "lq",
        {"q": SampledRange(0, 1), "subset": SampledChoices(("all", "clean"))},
        lambda v: Configuration(loss=GCE(name="gce", q=v["q"]), subset=v["subset"]),
    ),
]
