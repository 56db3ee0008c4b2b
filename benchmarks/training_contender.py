"""A contender of the training-step benchmark, in a separate process because memory is managed per process.

``python benchmarks/training_contender.py NAME FOLDER [THREADS]`` trains an epoch for each line on its standard input
and answers with a line of JSON: wall and CPU seconds, and the loss of each step if known.

- ``plain``: eager PyTorch, as a user would write it, on batches of a tensor of patches.
- ``loader``: the same with a DataLoader of two worker processes.
- ``steps``: the training pass of a run, as ``trainables`` executes it.
- ``epoch``: a whole epoch of a run: training pass, validation, checkpoint, log.
- ``bare``: only the steps and the validation of such an epoch, on batches gathered beforehand.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from trainables.config import Configuration, Run, Training
from trainables.datasets.config import Synthetic
from trainables.datasets.load import load, with_digests
from trainables.feature_settings import FEATURES
from trainables.features.frame_store_builder import build_store
from trainables.losses.base import Batch, Loss
from trainables.losses.catalogue import GCE, AdaptiveGCE
from trainables.networks.cnn import CNN, PENULTIMATE
from trainables.networks.penalty import l2_penalty
from trainables.runs.execution import RunExecution
from trainables.storage.folder_location import FolderLocation
from trainables.training.run_data import RunData, RunDataSource
from trainables.training.run_training import EVALUATION_BATCH, RunTraining
from trainables.training.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

PER_CLASS = 255  # training clips, of which 15 % are held out: 20 batches of 64 per epoch
DEVICE = torch.device("cpu")


def data(folder: Path, per_class: int = PER_CLASS, device: torch.device = DEVICE) -> RunDataSource:
    """Open the data set and its frames; write them if absent."""
    manifest = load(Synthetic(kind="synthetic", train_per_class=per_class, test_per_class=1), folder / "sounds")
    manifest = with_digests(manifest, folder)
    return RunDataSource(manifest, build_store(manifest, folder / "features"), FEATURES, device)


def run_of(loader: RunDataSource, loss: Loss, seed: int = 0, epochs: int = 10_000, **training: Any) -> Run:  # noqa: ANN401 -- passed on
    """Return a run; by default, it trains for as many epochs as requested."""
    protocol = Training(**{"epochs": epochs, "stop_after": 10_000, "halve_after": 10_000} | training)
    configuration = Configuration(loss=loss, training=protocol)
    return Run(configuration=configuration, seed=seed, dataset=loader.manifest.fingerprint)


class Plain(nn.Module):
    """The network as a user would write it: default memory layout, no in-place operations, PyTorch's gradients."""

    def __init__(self, classes: int, seed: int) -> None:
        """Start with the initial weights of a run with this seed."""
        super().__init__()

        def norm(channels: int) -> list[nn.Module]:
            return [nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01), nn.ReLU()]

        def convolution(before: int, after: int) -> list[nn.Module]:
            return [*norm(before), nn.Conv2d(before, after, 5, padding="same"), *norm(after)]

        pool = nn.MaxPool2d((4, 2))
        layers = [*convolution(1, 24), pool, *convolution(24, 48), pool, *convolution(48, 48)]
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(6912, PENULTIMATE), nn.ReLU())
        self.output = nn.Sequential(nn.Dropout(0.5), nn.Linear(PENULTIMATE, classes))
        self.load_state_dict(CNN(classes, seed=stream(seed, "weights")).state_dict())

    def features(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the penultimate activations."""
        return self.dense(self.convolutions(patches))

    def penalty(self) -> torch.Tensor:
        """Return the sum of the squared weights of the dense layers."""
        return self.dense[2].weight.square().sum() + self.output[1].weight.square().sum()


def plain(run: Run, chosen: RunData, *, workers: int, device: torch.device = DEVICE) -> Callable[[], list[float]]:
    """Return an epoch in eager PyTorch with the weights, loss, order and dropout of a run.

    The function returns the loss of each step.
    """
    protocol, seed = run.configuration.training, run.seed
    patches = chosen.patches.gather(chosen.train.starts).contiguous()
    model = Plain(chosen.classes, seed).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=protocol.learning_rate, eps=1e-7)
    loss_of = run.configuration.loss.make()
    rows = TensorDataset(patches, chosen.train.labels, chosen.train.verified)
    number = 0

    def batches() -> list[torch.Tensor] | DataLoader[tuple[torch.Tensor, ...]]:
        generator = torch.Generator().manual_seed(stream(seed, "order", number))
        if workers:
            return DataLoader(rows, protocol.batch_size, True, num_workers=workers, drop_last=True, generator=generator)  # noqa: FBT003
        order = torch.randperm(len(patches), generator=generator)
        return [rows[batch] for batch in order.split(protocol.batch_size) if len(batch) == protocol.batch_size]

    def epoch() -> list[float]:
        nonlocal number
        number += 1
        losses = []
        model.train()
        torch.manual_seed(stream(seed, "dropout", number))
        for inputs, labels, verified in batches():
            optimiser.zero_grad()
            features = model.features(inputs)
            per_patch = loss_of(model.output(features), labels, Batch(inputs, features.detach(), verified, labels, 1))
            loss = per_patch.mean() + protocol.l2 * model.penalty()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        return losses

    return epoch


def steps(run: Run, chosen: RunData) -> Callable[[], list[float]]:
    """Return a run's training pass, as a function that returns the mean loss."""
    training = RunTraining(run, chosen, DEVICE)
    number = 0

    def epoch() -> list[float]:
        nonlocal number
        number += 1
        return [training.pass_over_training(number)[0]]

    return epoch


def whole(run: Run, loader: RunDataSource, folder: FolderLocation) -> Callable[[], list[float]]:
    """Return a whole epoch of a run."""
    execution = RunExecution(run, loader, folder / f"results-{os.getpid()}", {})

    def epoch() -> list[float]:
        point, _ = execution.step()
        return [] if point is None else [point.train_loss]

    return epoch


def bare(run: Run, chosen: RunData) -> Callable[[], list[float]]:
    """Return only the steps and the validation of an epoch, with a loss that needs no neighbours."""
    training = RunTraining(run, chosen, DEVICE)
    size = training.protocol.batch_size
    gathered = [chosen.patches.gather(s) for s in chosen.train.starts.split(size) if len(s) == size]
    held = [chosen.patches.gather(s) for s in chosen.validation.starts.split(EVALUATION_BATCH)]

    def epoch() -> list[float]:
        training.model.train()
        for inputs, labels in zip(gathered, chosen.train.labels.split(size), strict=False):
            features = training.model.features(inputs)
            losses = training.loss(training.model.output(features), labels, Batch(inputs, features, labels, labels, 1))
            training.optimiser.zero_grad(set_to_none=True)
            (losses.mean() + training.protocol.l2 * l2_penalty(training.model)).backward()
            training.optimiser.step()
        training.model.eval()
        with torch.inference_mode():
            for inputs in held:
                training.model(inputs)
        return []

    return epoch


def main(name: str, folder: FolderLocation, threads: int = 1) -> None:
    """Train an epoch for each line of the standard input."""
    torch.set_num_threads(threads)
    loader = data(folder)
    run = run_of(loader, GCE(name="gce") if name == "bare" else AdaptiveGCE(name="adaptive_gce", temperature=1000.0))
    chosen = loader.run_data(run)
    epoch = {
        "plain": lambda: plain(run, chosen, workers=0),
        "loader": lambda: plain(run, chosen, workers=2),
        "steps": lambda: steps(run, chosen),
        "epoch": lambda: whole(run, loader, folder),
        "bare": lambda: bare(run, chosen),
    }[name]()
    for _ in sys.stdin:
        start, before = time.perf_counter(), os.times()
        losses = epoch()
        after = os.times()
        cpu = sum(after[:4]) - sum(before[:4])
        sys.stdout.write(json.dumps({"wall": time.perf_counter() - start, "cpu": cpu, "losses": losses}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], FolderLocation(sys.argv[2]), *map(int, sys.argv[3:]))
