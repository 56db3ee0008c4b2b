"""Random studies of every method, and arms with noise of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from factories import Builder
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from trainables.config import Subset
    from trainables.losses.base import Loss
    from trainables.records import Stage

LONG = "a-name-of-an-arm-that-is-as-long-as-a-name-may-be-in-a-study-fil"
SETTLE = {"name": "settle", "within": 0.5, "confidence": 0.9, "max_runs": None, "baselines": ["cce"]}
SEARCH = {"name": "search", "configurations": 5, "asha": None, "baselines": ["cce"]}


def add_arm(study: Builder, arm: str, loss: Loss, mean: float, subset: Subset = "all", **more: Any) -> Builder:
    """Add six runs of an arm, or as many as ``seeds``, whose validation accuracies scatter around a mean."""
    noise = 0.001 * np.random.default_rng([*map(ord, f"{arm}{mean}")]).normal(size=6)
    for seed in range(more.pop("seeds", 6)):
        first = 10_000 if more.get("stage") == "confirm" else 0
        study.add(arm, loss, first + seed, validation=mean + noise[seed], subset=subset, **more)
    return study


def random_study(rng: np.random.Generator) -> Builder:
    """Return a study of any method, state and size, with names of any length."""
    method = rng.choice(["grid", "settle", "search"])
    study = Builder(progress={"ended": bool(rng.random() < 0.7)})
    study.method = {"grid": {"name": "grid"}, "settle": SETTLE, "search": SEARCH}[method]
    arms = [str(rng.choice(["adaptive", LONG, "x"])) + str(i) for i in range(rng.integers(1, 5))]
    subsets: list[Subset] = ["all", "clean", "noisy"]
    for subset in subsets[: 1 if method != "grid" else rng.integers(1, 4)]:
        for arm in arms:
            for q in rng.choice([0.1, 0.2, 0.3, 0.4, 0.123456789], rng.integers(1, 6), replace=False):
                mean = 0.7 + 0.02 * rng.normal()
                stages: list[Stage] = [""] if method == "grid" else ["explore"]
                if method != "grid" and rng.random() < 0.4:
                    stages.append("confirm")
                for stage in stages:
                    for seed in range(rng.integers(1, 7)):
                        study.add(
                            arm,
                            GCE(name="gce", q=float(q)),
                            seed + (10_000 if stage == "confirm" else 0),
                            validation=float(np.clip(mean + 0.01 * rng.normal(), 0, 1)),
                            subset=subset,
                            varied={"q": float(q)},
                            stage=stage,
                            status=str(rng.choice(["complete", "complete", "complete", "failed"])),  # type: ignore[arg-type]
                            epochs=1,
                        )
    if method != "grid" and rng.random() < 0.7:
        add_arm(study, "cce", CCE(name="cce"), float(0.7 + 0.03 * rng.normal()), stage="confirm", epochs=1)
    return study
