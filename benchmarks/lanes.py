"""Runs of equal shape trained together as lanes of one network, for devices that a single run cannot keep busy.

A lane is a run with its own weights, loss, learning rate, data order, dropout, schedule and end; when it ends, the next
run takes its place in the next epoch. Each lane equals the run trained alone (this script compares them in float64 on
the CPU), because no information passes between lanes: convolutions are grouped, batch normalisation works per channel,
dense layers are batched products, and Adam is applied to each element with the learning rate of its lane.

This is an experiment. It becomes part of the product only if eight lanes are at least twice as fast as single runs; see
``benchmarks/gpu.py``.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training_contender import data, run_of

from trainables.losses.base import Batch
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.networks.cnn import CNN
from trainables.training.plateau_schedule import PlateauSchedule
from trainables.training.run_training import EVALUATION_BATCH, RunTraining
from trainables.training.streams import stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.config import Run
    from trainables.training.run_data import RunData

BETA1, BETA2, EPS = 0.9, 0.999, 1e-7
NORMS = (0, 3, 6, 9, 12, 15)  # of ``CNN.convolutions``
Point = tuple[float, float, float]  # mean training loss, validation loss, validation accuracy


class Lanes:
    """K lanes, and the runs that wait for a free lane."""

    def __init__(
        self, runs: list[Run], lanes: int, chosen: RunData, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> None:
        """Assign the first runs to lanes.

        Args:
            runs: with the same data and, except for the learning rate, the same protocol.
            lanes: K, at most the number of runs.
            chosen: their data, on the device.
            device: of the lanes.
            dtype: of the weights.

        """
        self.data, self.device, self.count = chosen, device, lanes
        self.protocol = runs[0].configuration.training
        self.curves: dict[str, list[Point]] = {run.run_id: [] for run in runs}
        self._waiting = iter(runs)
        like = CNN(chosen.classes).to(dtype).state_dict()
        self._names = [
            name for name in like if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        ]
        # All weights of all lanes in one tensor, parameter by parameter, so that Adam takes only a few operations.
        sizes = [like[name].numel() * lanes for name in self._names]
        self._flat = torch.zeros(sum(sizes), dtype=dtype, device=device)
        self._gradient, self._mean, self._square = (torch.zeros_like(self._flat) for _ in range(3))
        self._p: dict[str, torch.Tensor] = {}
        for name, part, gradient in zip(self._names, self._flat.split(sizes), self._gradient.split(sizes), strict=True):
            shape = (lanes, *like[name].shape)
            self._p[name] = part.view(shape).requires_grad_()
            self._p[name].grad = gradient.view(shape)
        self._of_lane = torch.cat([torch.arange(lanes, device=device).repeat_interleave(n // lanes) for n in sizes])
        self._running = {
            name: torch.zeros((lanes, *value.shape), dtype=dtype, device=device)
            for name, value in like.items()
            if name.endswith(("running_mean", "running_var"))
        }
        self.runs: list[Run | None] = [None] * lanes
        self._schedules = [PlateauSchedule(0, 1, 0, 1, 0)] * lanes
        self._losses = [CCE(name="cce").make()] * lanes
        self._steps = torch.zeros(lanes, dtype=torch.float64)
        for lane in range(lanes):
            self._fill(lane)

    def _fill(self, lane: int) -> None:
        """Assign the next run to a lane; without one, the lane idles."""
        run = self.runs[lane] = next(self._waiting, None)
        if run is None:
            return
        p = run.configuration.training
        fresh = CNN(self.data.classes, seed=stream(run.seed, "weights")).state_dict()
        with torch.no_grad():
            for name, value in (self._p | self._running).items():
                value[lane] = fresh[name].to(self.device, value.dtype)
            weights = self._of_lane == lane
            self._mean[weights] = self._square[weights] = 0
        self._steps[lane] = 0
        self._losses[lane] = run.configuration.loss.make()
        self._schedules[lane] = PlateauSchedule(p.learning_rate, p.halve_after, p.halve_gain, p.stop_after, p.stop_gain)

    @property
    def finished(self) -> bool:
        """Whether every run has ended."""
        return not any(self.runs)

    def train_epoch(self) -> int:
        """Train an epoch of every lane, evaluate on the validation patches, and refill the lanes whose runs ended.

        Returns:
            The number of patches trained on, without idle lanes.

        """
        batches, losses = self.pass_over_training()
        log_p = self._log_probabilities()
        labels = self.data.validation.labels
        busy = [lane for lane, run in enumerate(self.runs) if run]
        for lane in busy:
            accuracy = (log_p[lane].argmax(dim=1) == labels).double().mean().item()
            run = self.runs[lane]
            assert run is not None  # noqa: S101 -- busy lanes have a run
            curve = self.curves[run.run_id]
            curve.append((losses[lane].item(), functional.nll_loss(log_p[lane], labels).item(), accuracy))
            self._schedules[lane].step(accuracy)
            if self._schedules[lane].stopped or len(curve) >= run.configuration.training.epochs:
                self._fill(lane)
        return len(busy) * batches * self.protocol.batch_size

    def pass_over_training(self) -> tuple[int, torch.Tensor]:
        """Return the number of batches, and each lane's mean loss, shape (K,)."""
        train, size = self.data.train, self.protocol.batch_size
        epochs = [len(self.curves[run.run_id]) + 1 if run else 1 for run in self.runs]
        seeds = [run.seed if run else 0 for run in self.runs]
        orders, dropouts = [], []
        for seed, epoch in zip(seeds, epochs, strict=True):
            generator = torch.Generator().manual_seed(stream(seed, "order", epoch))
            orders.append(torch.randperm(len(train), generator=generator))
            dropouts.append(torch.Generator(self.device).manual_seed(stream(seed, "dropout", epoch)))
        count = len(train) // size
        order = torch.stack(orders)[:, : count * size].to(self.device)  # (K, patches)
        total = torch.zeros(self.count, dtype=torch.float64, device=self.device)
        rates = [
            schedule.learning_rate if run else 0.0 for schedule, run in zip(self._schedules, self.runs, strict=True)
        ]
        adam = self._adam(torch.tensor(rates, dtype=torch.float64), count)
        for part in order.split(size, dim=1):
            inputs = self.data.patches.gather(train.starts[part.flatten()]).view(self.count, size, *self._shape)
            features, logits = self._forward(inputs[:, :, 0].transpose(0, 1), dropouts)
            means = []
            for lane, loss in enumerate(self._losses):
                rows = part[lane]
                batch = Batch(inputs[lane], features[lane].detach(), train.verified[rows], rows, 1)
                means.append(loss(logits[lane].float(), train.labels[rows], batch).mean())
            kernels = self._p["dense.2.weight"].square().sum((1, 2)) + self._p["output.1.weight"].square().sum((1, 2))
            loss_of_lane = torch.stack(means) + self.protocol.l2 * kernels
            self._gradient.zero_()
            loss_of_lane.sum().backward()  # yields the gradient of each lane, because lanes are independent
            next(adam)
            total += loss_of_lane.detach()
        return count, total / count

    @property
    def _shape(self) -> tuple[int, ...]:
        return (1, self.data.patches.length, self.data.patches.frames.shape[1])

    def _forward(
        self, x: torch.Tensor, dropouts: list[torch.Generator] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features (K, B, 64) and logits (K, B, classes) of patches (B, K, 100, 96).

        Given a generator per lane, this is a training step: with dropout and the statistics of the batch.
        """
        for layer in range(17):
            name = f"convolutions.{layer}"
            if layer in NORMS:
                scale, shift = self._p[f"{name}.weight"].flatten(), self._p[f"{name}.bias"].flatten()
                running = [self._running[f"{name}.running_{what}"].view(-1) for what in ("mean", "var")]
                x = functional.batch_norm(x, *running, scale, shift, dropouts is not None, 0.01, 1e-3)
            elif f"{name}.weight" in self._p:
                weight, bias = self._p[f"{name}.weight"], self._p[f"{name}.bias"]
                x = functional.conv2d(x, weight.flatten(0, 1), bias.flatten(), padding="same", groups=self.count)
            elif layer in {5, 11}:
                x = functional.max_pool2d(x, (4, 2))
            else:
                x = functional.relu(x)
        flat = x.reshape(len(x), self.count, -1).transpose(0, 1)
        features = functional.relu(self._dense("dense.2", _dropped(flat, dropouts)))
        return features, self._dense("output.1", _dropped(features, dropouts))

    def _dense(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(self._p[f"{name}.bias"][:, None], x, self._p[f"{name}.weight"].transpose(1, 2))

    def _adam(self, rates: torch.Tensor, count: int) -> Iterator[None]:
        """Take ``count`` steps of Adam, one per iteration, with a learning rate per lane, (K,)."""
        steps = self._steps + torch.arange(1, count + 1, dtype=torch.float64)[:, None]
        self._steps += count
        # Moved to the device once, because every copy from the CPU waits for the device.
        scaled = (rates / (1 - BETA1**steps)).to(self.device, self._flat.dtype)
        roots = (1 - BETA2**steps).sqrt().to(self.device, self._flat.dtype)
        for rate, root in zip(scaled, roots, strict=True):
            with torch.no_grad():
                self._mean.lerp_(self._gradient, 1 - BETA1)
                self._square.mul_(BETA2).addcmul_(self._gradient, self._gradient, value=1 - BETA2)
                step = self._mean / (self._square.sqrt() / root[self._of_lane] + EPS)
                self._flat.sub_(rate[self._of_lane] * step)
            yield

    def _log_probabilities(self) -> torch.Tensor:
        """Return the log-softmax of the validation patches, (K, P, classes)."""
        with torch.inference_mode():
            parts = []
            for starts in self.data.validation.starts.split(EVALUATION_BATCH):
                x = self.data.patches.gather(starts)
                parts.append(self._forward(x.expand(-1, self.count, -1, -1))[1])
            return functional.log_softmax(torch.cat(parts, dim=1).float(), dim=2)


def _dropped(x: torch.Tensor, generators: list[torch.Generator] | None) -> torch.Tensor:
    """Apply dropout of 0.5 to x (K, B, n), with a generator per lane."""
    if generators is None:
        return x
    masks = [torch.empty(x.shape[1:], dtype=x.dtype, device=x.device).bernoulli_(0.5, generator=g) for g in generators]
    return x * torch.stack(masks) * 2


def largest_difference() -> float:
    """Train three runs of different lengths on two lanes, and each alone, in float64 on the CPU.

    Returns:
        The largest relative difference between the curve of a lane and that of its run.

    """
    cpu, largest = torch.device("cpu"), 0.0
    losses = (AdaptiveGCE(name="adaptive_gce", temperature=300.0), GCE(name="gce"), CCE(name="cce"))
    with tempfile.TemporaryDirectory() as folder:
        loader = data(Path(folder), per_class=5)
        runs = [
            run_of(loader, loss, seed=seed, epochs=1 + seed, batch_size=8, halve_after=1, stop_after=2)
            for seed, loss in enumerate(losses)
        ]
        single = loader.run_data(runs[0])
        chosen = replace(single, patches=replace(single.patches, frames=single.patches.frames.double()))
        lanes = Lanes(runs, 2, chosen, cpu, torch.float64)
        while not lanes.finished:
            lanes.train_epoch()
        for run in runs:
            alone = RunTraining(run, chosen, cpu)
            alone.model.double()
            curve = lanes.curves[run.run_id]
            for point in curve:
                epoch = alone.train_epoch()
                pairs = zip(point, (epoch.train_loss, epoch.validation_loss, epoch.validation_accuracy), strict=True)
                largest = max(largest, *(abs(a - b) / max(abs(b), 1e-300) for a, b in pairs))
            if not alone.finished:
                msg = f"the lane of seed {run.seed} ended after {len(curve)} epochs, before its run"
                raise RuntimeError(msg)
    return largest


if __name__ == "__main__":
    print(f"{largest_difference():.1e}")
