"""How far q_a of a batch follows the share of wrong labels: on the patches, and on embeddings of them.

    python benchmarks/q_against_noise.py STUDY.yaml

The study's data set has verified labels alone (kind csv or folder); its ``features.embeddings`` names embeddings, and
without them only the patches are measured. Symmetric noise of several rates is injected into the labels. For each rate
and temperature, the script prints mean and standard deviation of q_a over batches of 64 training patches, and how far
neighbouring rates are apart: the difference of their means, in standard deviations of a batch's q_a. No network is
trained.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from study.planning.frames import store_data
from study.spec.reading import read_spec
from trainables.config import Configuration, Run
from trainables.losses.catalogue import AdaptiveGCE
from trainables.losses.soft_nearest_neighbour import adaptive_q, median_squared_distance, squared_distances
from trainables.storage.location import location
from trainables.training.run_data import RunDataSource, open_run_data

if TYPE_CHECKING:
    from study.spec.study import StudySpec

RATES = (0.0, 0.2, 0.4, 0.6)
TEMPERATURES = (0.01, 0.03, 0.1, 0.3, 1.0)  # in units of the batch's median squared distance
BATCH, EPOCHS, SEED = 64, 5, 0
Space = Literal["input", "embedding"]


def measure(source: RunDataSource, run: Run, space: Space) -> tuple[dict[float, torch.Tensor], torch.Tensor]:
    """Return q_a of every batch by temperature, and every batch's median squared distance."""
    data = source.run_data(run)
    generator = torch.Generator().manual_seed(SEED)
    q: dict[float, list[float]] = {temperature: [] for temperature in TEMPERATURES}
    medians = []
    for _ in range(EPOCHS):
        order = torch.randperm(len(data.train), generator=generator)
        for patches in order[: len(order) // BATCH * BATCH].split(BATCH):
            if space == "embedding" and data.embeddings is not None:
                x = data.embeddings.gather(patches)
            else:
                x = data.patches.gather(data.train.starts[patches])
            medians.append(median_squared_distance(squared_distances(x)).item())
            for temperature, of_batches in q.items():
                labels = data.train.labels[patches]
                of_batches.append(adaptive_q(x, labels, temperature, relative=True).item())
    return {temperature: torch.tensor(of_batches) for temperature, of_batches in q.items()}, torch.tensor(medians)


def with_noise(spec: StudySpec, rate: float) -> StudySpec:
    """Return the study with symmetric label noise of this rate in all training labels."""
    noise = {"symmetric": rate, "keep_verified": 0.0, "seed": SEED}
    dataset = type(spec.dataset).model_validate(spec.dataset.model_dump(exclude={"noise"}) | {"noise": noise})
    return spec.model_copy(update={"dataset": dataset})


def main(file: str) -> None:
    """Measure every rate and print a table for each space."""
    spec = read_spec(Path(file))
    spaces: tuple[Space, ...] = ("input", "embedding") if spec.uses_embeddings else ("input",)
    q: dict[tuple[Space, float], dict[float, torch.Tensor]] = {}
    for rate in RATES:
        noisy = with_noise(spec, rate)
        manifest, embeddings = store_data(noisy)
        digest = embeddings.digest if embeddings else None
        storage, features = location(spec.storage), spec.features.log_mel
        source = open_run_data(storage, manifest.fingerprint, features, digest, torch.device("cpu"))
        for space in spaces:
            loss = AdaptiveGCE(name="adaptive_gce", distances=space)
            run = Run(configuration=Configuration(loss=loss), seed=SEED, dataset=manifest.fingerprint)
            q[space, rate], medians = measure(source, run, space)
            spread = 100 * medians.std() / medians.mean()
            print(
                f"{space}, noise {rate:g}: median squared distance {medians.mean():.4g}, sd over batches {spread:.1f} %"
            )
    for space in spaces:
        print(f"\n{space}: q_a of a batch at noise {', '.join(map(str, RATES))}; apart, in sd of a batch")
        for temperature in TEMPERATURES:
            of = [q[space, rate][temperature] for rate in RATES]
            values = "  ".join(f"{x.mean():.3f} ± {x.std():.3f}" for x in of)
            pairs = itertools.pairwise(of)
            apart = "  ".join(f"{(b.mean() - a.mean()) / ((a.var() + b.var()) / 2).sqrt():.2f}" for a, b in pairs)
            print(f"T/median = {temperature:<5g} {values}   {apart}")


if __name__ == "__main__":
    main(sys.argv[1])
