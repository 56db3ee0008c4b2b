"""A small study whose runs are really trained, in this process: with records, outputs and weights."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import torch

from trainables.config import Configuration, Run, Training
from trainables.datasets.config import Synthetic
from trainables.datasets.load import load, with_digests
from trainables.feature_settings import Features
from trainables.features.frame_store_builder import build_store
from trainables.features.shared_data import publish_dataset
from trainables.losses.catalogue import CCE
from trainables.plans import DataSummary, PlannedRun, StudyPlan, write_plan
from trainables.plugins.loading import code_of, keep_plugins
from trainables.runs.execution import RunExecution, machine_facts
from trainables.storage.location import location
from trainables.training.run_data import RunDataSource

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.datasets.manifest import Clip
    from trainables.networks.base import Network
    from trainables.storage.types import Location

FEATURES = Features(hop=1764, mels=16, patch_frames=20, patch_hop=20)  # a network trains on them in no time
CPU = torch.device("cpu")


def trained_study(folder: Path, name: str = "small", seeds: int = 2, network: Network | None = None) -> Location:
    """Train one configuration with some seeds, one epoch each, and return the storage location of the study.

    The plugins in use are kept.

    The sounds are in ``folder/sounds``.
    """
    storage = location(folder / "storage")
    data = Synthetic(kind="synthetic", train_per_class=4, test_per_class=1)
    manifest = with_digests(load(data, folder / "sounds"), folder / "sounds")
    store = build_store(manifest, folder / "frames", FEATURES)
    keep_plugins(storage)
    publish_dataset(storage, manifest, FEATURES, store)
    settings = {"network": network} if network else {}
    configuration = Configuration(loss=CCE(name="cce"), training=Training(epochs=1, batch_size=8), **settings)
    alike = Run(
        configuration=configuration,
        seed=0,
        dataset=manifest.fingerprint,
        features=FEATURES,
        code=code_of(configuration),
    )
    runs = [alike.model_copy(update={"seed": seed}) for seed in range(seeds)]
    summary = DataSummary(
        name="synthetic",
        kind="synthetic",
        fingerprint=manifest.fingerprint,
        classes=list(manifest.classes),
        clips=dict(Counter(map(_part, manifest.clips))),
    )
    spec = {"name": name, "seeds": seeds, "features": FEATURES.model_dump()}
    planned = [PlannedRun(arm="cce", varied={}, run=run) for run in runs]
    write_plan(storage, StudyPlan(name=name, description="", method="grid", spec=spec, dataset=summary, runs=planned))
    source = RunDataSource(manifest, store, FEATURES, CPU)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several would wait for each other longer than they compute
    for run in runs:
        execution = RunExecution(run, source, storage, machine_facts(CPU), keep_weights=True)
        while execution.step().record is None:
            pass
    torch.set_num_threads(threads)
    return storage


def _part(clip: Clip) -> str:
    """Name a clip's part of the data set as plans do."""
    return "test" if clip.split == "test" else f"train {'verified' if clip.verified else 'unverified'}"
