"""A large study of synthetic records of realistic size, written to a storage location."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from trainables.config import Configuration, Run, Training
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.plans import DataSummary, PlannedRun, StudyPlan, write_plan
from trainables.records import Cost, Epoch, Record, Test

if TYPE_CHECKING:
    from trainables.config import Subset
    from trainables.losses.base import Loss
    from trainables.storage.folder_location import FolderLocation

NAME = "answers"
FINGERPRINT = "0123456789abcdef0123"
SUBSETS: tuple[Subset, ...] = ("all", "s_noisy+clean", "m_noisy+clean", "l_noisy+clean")
BEST = 3.0  # log10 of the T with the highest mean accuracy
EPOCHS, CLIPS, CLASSES = 40, 200, 20
PATCHES = 2700  # of the validation split; accuracies are multiples of 1 / PATCHES


def planned_runs(configurations: int, seeds: int) -> list[PlannedRun]:
    """Return the runs: on every subset cce, gce, and the remaining number of values of T from 1e2 to 1e6."""
    values, rest = divmod(configurations, len(SUBSETS))
    if rest or values < 3:  # noqa: PLR2004 -- cce, gce and one T
        msg = f"--configurations {configurations}: a multiple of {len(SUBSETS)}, {3 * len(SUBSETS)} or more"
        raise SystemExit(msg)
    temperatures = [float(f"{t:.6g}") for t in np.logspace(2, 6, values - 2)]
    arms: list[tuple[str, Loss, dict[str, float | str]]] = [
        *(("adaptive", AdaptiveGCE(name="adaptive_gce", temperature=t), {"temperature": t}) for t in temperatures),
        ("gce", GCE(name="gce"), {}),
        ("cce", CCE(name="cce"), {}),
    ]
    training = Training(epochs=EPOCHS)
    return [
        PlannedRun(
            arm=arm,
            varied=varied | {"subset": subset},
            run=Run(
                configuration=Configuration(loss=loss, subset=subset, training=training),
                seed=seed,
                dataset=FINGERPRINT,
            ),
        )
        for arm, loss, varied in arms
        for subset in SUBSETS
        for seed in range(seeds)
    ]


def record_of(planned: PlannedRun, truth: np.ndarray, random: np.random.Generator) -> Record:
    """Return a synthetic record: a saturating curve, predictions of matching accuracy, and floats of full precision."""
    loss, seed = planned.run.configuration.loss, planned.run.seed
    shift = SUBSETS.index(planned.run.configuration.subset) * -0.01 + 0.01 * np.sin(
        seed
    )  # a seed affects all configurations equally
    mean = {"cce": 0.70, "gce": 0.74}.get(loss.name, 0.75) + shift + random.normal(0, 0.006)
    if isinstance(loss, AdaptiveGCE):
        mean -= 0.01 * (np.log10(loss.temperature) - BEST) ** 2
    done = 1 - np.exp(-np.arange(1, EPOCHS + 1) / 6)
    accuracy = np.round(PATCHES * (0.85 * mean * done + random.normal(0, 0.01, EPOCHS))) / PATCHES
    verified = np.round(400 * mean * done) / 400
    noise = random.random((4, EPOCHS))
    epochs = [
        Epoch(
            epoch=e + 1,
            train_loss=3 - 2 * done[e] + 0.1 * noise[0, e],
            validation_loss=2 - done[e] + 0.1 * noise[1, e],
            validation_accuracy=accuracy[e],
            validation_clip_accuracy=accuracy[e],
            verified_accuracy=verified[e],
            learning_rate=1e-3 / 2 ** (e // 10),
            q_mean=0.8 + 0.1 * noise[2, e] if isinstance(loss, AdaptiveGCE) else None,
            q_sd=0.02 + 0.01 * noise[3, e] if isinstance(loss, AdaptiveGCE) else None,
        )
        for e in range(EPOCHS)
    ]
    predicted = np.where(random.random(len(truth)) < mean, truth, random.integers(0, CLASSES, len(truth)))
    return Record(
        run_id=planned.run.run_id,
        run=planned.run,
        status="complete",
        epochs=epochs,
        validation_accuracy=epochs[-1].validation_accuracy,
        validation_clip_accuracy=epochs[-1].validation_clip_accuracy,
        verified_accuracy=epochs[-1].verified_accuracy,
        test=Test(accuracy=float((predicted == truth).mean()), predictions=predicted.tolist()),
        cost=Cost(
            wall_s=1000 + 100 * random.random(), cpu_s=1900 + 100 * random.random(), images=1_000_000, images_per_s=1e3
        ),
        provenance={
            "started": "2026-01-01T00:00:00+00:00",
            "ended": "2026-01-01T00:17:00+00:00",
            "attempts": 1,
            "earlier_attempts": [],
            "host": f"node{seed % 8}",
            "device": "cpu",
            "threads": 1,
            "torch": "2.14.1",
            "python": "3.11.9",
            "git": {"commit": "abc1234", "dirty": False},
        },
    )


def write_study(storage: FolderLocation, runs: list[PlannedRun], late: int, seed: int) -> list[Record]:
    """Write a study, the labels of its data set and its records except the last few, which are returned."""
    random = np.random.default_rng(seed)
    classes = [f"Class {k}" for k in range(CLASSES)]
    truth = random.integers(0, CLASSES, CLIPS)
    clips = [[f"{i}.wav", classes[k], "test", True, None, False, None] for i, k in enumerate(truth)]
    counts = {"train verified": 1772, "train unverified": 15_813, "test": CLIPS}
    data = DataSummary(name="synthetic", kind="csv", fingerprint=FINGERPRINT, classes=classes, clips=counts)
    spec = {"name": NAME, "seeds": 1 + max(p.run.seed for p in runs), "method": {"name": "grid"}}
    plan = StudyPlan(name=NAME, description="Synthetic records", method="grid", spec=spec, dataset=data, runs=runs)
    write_plan(storage, plan)
    for folder in ("records", "datasets"):
        (storage / folder).mkdir()
    (storage / "datasets" / f"{FINGERPRINT}.json").write_text(json.dumps({"manifest": {"clips": clips}}))
    left = []
    for number, planned in enumerate(runs):
        record = record_of(planned, truth, random)
        if number < len(runs) - late:  # as add_record does, without waiting for the disk each time
            path = storage / "records" / f"{record.run_id}.json"
            path.write_bytes(record.model_dump_json(indent=1).encode())
        else:
            left.append(record)
    return left
