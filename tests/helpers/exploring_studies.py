"""Studies of the methods settle and search: their exploring and confirming runs, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.losses.catalogue import CCE, GCE, MAE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder


CONFIRM = {"confirm_seeds": 4, "baselines": ["cce"]}
SETTLE = {"name": "settle", "within": 0.5, "confidence": 0.9, "start_seeds": 2, "max_runs": None, **CONFIRM}
SEARCH = {"name": "search", "sampler": "tpe", "seeds": 1, "asha": None, "confirm_best": 2, **CONFIRM}
DROPS = {100.0: 4.0, 1000.0: 0.0, 10000.0: 2.5}
NOISE = (0.3, -0.4, 0.1, 0.5, -0.2, -0.3)


def explore(study: Builder, seeds: int = 6, drops: dict[float, float] | None = None) -> Builder:
    """Add exploring runs of three T, whose validation accuracy falls from 80 %; their test accuracy misleads.

    Every T has the same noise in another order, so it is not the seed's.
    """
    study.method = SETTLE
    for place, (temperature, drop) in enumerate((drops or DROPS).items()):
        for seed in range(seeds):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed,
                validation=(80 - drop + NOISE[(seed + place) % len(NOISE)]) / 100,
                test=0.1 + drop / 10,
                varied={"temperature": temperature},
                stage="explore",
            )
    return study


def confirm(study: Builder, temperature: float = 1000.0, seeds: int = 4) -> Builder:
    """Add the confirmation of a T beside CCE (2 points below on the test set) and its control (0.1 below)."""
    varied = {"temperature": temperature}
    for seed in range(seeds):
        test = 0.75 + NOISE[seed] / 100
        loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
        study.add("adaptive", loss, 10_000 + seed, test=test, varied=varied, stage="confirm")
        study.add("cce", CCE(name="cce"), 10_000 + seed, test=test - 0.02 + 0.0001 * seed, stage="confirm")
        control = GCE(name="gce", q=0.85)
        study.add("adaptive.fixed_q", control, 10_000 + seed, test=test - 0.001, varied=varied, stage="control")
    return study


def search(study: Builder) -> Builder:
    study.method = SEARCH
    for q, accuracy in ((0.2, 0.6), (0.5, 0.9), (0.7, 0.8)):
        study.add("gce", GCE(name="gce", q=q), 0, validation=accuracy, varied={"q": q}, stage="explore", epochs=9)
    for q, epochs in ((0.9, 2), (0.95, 4)):
        study.add(
            "gce",
            GCE(name="gce", q=q),
            0,
            validation=0.95,
            varied={"q": q},
            stage="explore",
            status="stopped",
            epochs=epochs,
        )
    return study


def confirm_below(study: Builder, *baselines: CCE | MAE) -> None:
    """Add three confirming runs of gce with q = 0.5 and of baselines that are a tenth of a point above it."""
    for seed in range(3):
        fresh, varied, noise = 10_000 + seed, {"q": 0.5}, NOISE[seed] / 100
        study.add("gce", GCE(name="gce", q=0.5), fresh, validation=0.75 + noise, varied=varied, stage="confirm")
        for loss in baselines:
            study.add(loss.name, loss, fresh, validation=0.751 + NOISE[seed + 1] / 100, stage="confirm")
