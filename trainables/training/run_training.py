"""Training of one run, epoch by epoch, by default with the protocol of Fonseca et al. 2019.

Every random stream (weights, order, dropout) is seeded by (seed, purpose, epoch), so checkpoints need no generator
state, and a resumed run equals an uninterrupted one, bit for bit on a CPU. The streams do not depend on the
configuration, so runs of equal seed are paired across arms.
"""

from __future__ import annotations

import io
import math
import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.func import functional_call
from torch.nn import functional

from trainables.losses.base import Batch, Memory, TrainingSet
from trainables.losses.checking import checked_losses, made_function
from trainables.naming import counted
from trainables.networks.building import build, checked_outputs
from trainables.networks.penalty import l2_penalty
from trainables.records import Epoch
from trainables.training.augmentation import Augmentation
from trainables.training.clip_scores import clip_predictions, tested, validation_metrics
from trainables.training.margins import TrainingMargins
from trainables.training.optimiser import make_optimiser
from trainables.training.predictions import TrainingPredictions
from trainables.training.run_outputs import Evaluation, held_out_probabilities, run_outputs
from trainables.training.schedule import make_schedule
from trainables.training.streams import stream

if TYPE_CHECKING:
    from trainables.config import Run
    from trainables.training.patches import PatchIndex
    from trainables.training.run_data import RunData

EVALUATION_BATCH = 256


class Diverged(Exception):  # noqa: N818 -- a status, not an error
    """A loss, weight or score was not finite."""


class RunTraining:
    """The state of one run between epochs."""

    def __init__(self, run: Run, data: RunData, device: torch.device) -> None:
        """Create network, loss and optimiser from the run's configuration and seed.

        Raises:
            ValueError: there are fewer training patches than one batch holds, or the network does not take them.
            TypeError: the loss's settings made no function of logits, targets and batch, or the network's no module.

        """
        protocol = run.configuration.training
        if len(data.train) < protocol.batch_size:
            msg = (
                f"training.batch_size is {protocol.batch_size}, but the subset {run.configuration.subset} has only "
                f"{counted(len(data.train), 'training patch')}"
            )
            raise ValueError(msg)
        self.run, self.data, self.device, self.protocol = run, data, device, protocol
        self.loss = made_function(run.configuration.loss)
        self.memory = self.loss if isinstance(self.loss, Memory) else None
        if self.memory is not None:
            train = data.train
            self.memory.start(TrainingSet(train.labels, train.verified, train.clips, data.classes, data.labels))
        self.predictions = TrainingPredictions(
            partial(self._log_probabilities, data.train), keeps_best=self.memory is not None and self.memory.needs_best
        )
        network = run.configuration.network
        self.model = build(network, data.patches.shape, data.classes, stream(run.seed, "weights"), device)
        self.optimiser = make_optimiser(self.model.parameters(), protocol)
        self.schedule = make_schedule(protocol)
        self.margins = TrainingMargins(data.train, data.classes)
        self.curve: list[Epoch] = []
        self.images = 0
        self.train_s = 0.0

    @property
    def finished(self) -> bool:
        """Whether the run ends here: all epochs are trained, or the schedule has stopped it."""
        return self.schedule.stopped or len(self.curve) >= self.protocol.epochs

    def train_epoch(self) -> Epoch:
        """Train one epoch, evaluate on the validation patches, and step the schedule.

        Returns:
            The epoch's entry in the curve.

        Raises:
            Diverged: a loss, weight or score was not finite in this epoch.

        """
        number = len(self.curve) + 1
        rate = self.schedule.learning_rate
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        start = time.perf_counter()
        if self.memory is not None:
            self.memory.begin_epoch(number, self.predictions)
        loss, scores = self.pass_over_training(number)
        self.train_s += time.perf_counter() - start
        self._check_finite(number, loss, scores)
        log_p = self._log_probabilities(self.data.validation)
        validation = self.data.validation
        accuracy = (log_p.argmax(dim=1) == validation.labels).double().mean().item()
        validation_loss = functional.nll_loss(log_p, validation.labels).item()
        if not math.isfinite(validation_loss):  # running statistics can overflow even if every weight is finite
            msg = f"the validation loss was not finite in epoch {number}"
            raise Diverged(msg)
        point = Epoch(
            epoch=number,
            train_loss=loss,
            validation_loss=validation_loss,
            validation_accuracy=accuracy,
            **validation_metrics(log_p, self.data.validation),
            learning_rate=rate,
            q_mean=scores.mean().item() if len(scores) else None,
            q_sd=scores.std(correction=0).item() if len(scores) else None,
        )
        self.curve.append(point)
        self.schedule.step(accuracy)
        self.predictions.end_epoch(accuracy, self.model)
        return point

    def pass_over_training(self, number: int) -> tuple[float, torch.Tensor]:
        """Train on every patch once, in the order and with the dropout of epoch ``number``.

        Returns:
            The mean loss, and the q of every batch, shape (batches,); empty if the loss has no q.

        """
        train, size = self.data.train, self.protocol.batch_size
        order = self._order(number)
        torch.manual_seed(stream(self.run.seed, "dropout", number))
        self.model.train()
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        scores: list[torch.Tensor] = []
        batches = order[: len(order) // size * size].split(size)  # the last, incomplete batch is dropped
        shape = self.data.patches.shape
        augmentation = Augmentation(self.protocol, self.run.seed, number, len(batches), shape[1:], self.device)
        for position, patches in enumerate(batches):
            inputs, targets = self.data.patches.gather(train.starts[patches]), train.labels[patches]
            mixing = augmentation.mixing(position)
            shown = augmentation.masked(position, inputs if mixing is None else mixing.inputs(inputs))
            logits, features = self._outputs(shown)
            embeddings = self.data.embeddings.gather(patches) if self.data.embeddings else None
            batch = Batch(inputs, features.detach(), train.verified[patches], patches, number, embeddings)
            if mixing is None:
                returned = self.loss(logits.float(), targets, batch)
            else:
                returned = mixing.losses(self.loss, logits.float(), targets, batch)
            losses = checked_losses(returned, self.run.configuration.loss.name, size)
            loss = losses.mean() + self.protocol.l2 * l2_penalty(self.model)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.optimiser.step()
            total += loss.detach()  # on the device, so that the loop never waits for it
            self.margins.add(logits.float(), patches, mixing)
            if "q" in batch.scores:
                scores.append(batch.scores["q"].mean())
        self.margins.end_epoch()
        self.images += size * len(batches)
        return (total / len(batches)).item(), torch.stack(scores).cpu() if scores else torch.empty(0)

    def _outputs(
        self, inputs: torch.Tensor, weights: dict[str, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits and features, by the current weights unless others are stated.

        With ``bf16``, weights stay float32 and are cast for each pass.
        """
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.protocol.precision == "bf16"):
            outputs = self.model(inputs) if weights is None else functional_call(self.model, weights, (inputs,))
        return checked_outputs(outputs, self.run.configuration.network.name, len(inputs), self.data.classes)

    def _order(self, number: int) -> torch.Tensor:
        """Return the patches to train on in epoch ``number``, in their order.

        Raises:
            ValueError: the loss has left out so many that not one batch remains.

        """
        generator = torch.Generator().manual_seed(stream(self.run.seed, "order", number))
        order = torch.randperm(len(self.data.train), generator=generator).to(self.device)
        if self.memory is not None and self.memory.kept is not None:
            order = order[self.memory.kept[order]]
            if len(order) < self.protocol.batch_size:
                msg = (
                    f"training.batch_size is {self.protocol.batch_size}, but from epoch {number} on the loss "
                    f"{self.run.configuration.loss.name} keeps only {counted(len(order), 'training patch')}"
                )
                raise ValueError(msg)
        return order

    def _check_finite(self, number: int, loss: float, scores: torch.Tensor) -> None:
        weights = torch.stack([p.detach().isfinite().all() for p in self.model.parameters()]).all().item()
        for what, finite in (
            ("the score q_a", bool(scores.isfinite().all())),
            ("the loss", math.isfinite(loss)),
            ("a weight", bool(weights)),
        ):
            if not finite:
                msg = f"{what} was not finite in epoch {number}"
                raise Diverged(msg)

    def _log_probabilities(self, index: PatchIndex, weights: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
        """Return the log-softmax of patches, shape (P, K), float32, by the current weights unless others are stated."""
        self.model.eval()
        with torch.inference_mode():
            parts = [
                self._outputs(self.data.patches.gather(s), weights)[0] for s in index.starts.split(EVALUATION_BATCH)
            ]
            return functional.log_softmax(torch.cat(parts).float(), dim=1)

    def evaluate(self) -> Evaluation:
        """Evaluate the current weights on the validation and test clips."""
        validation, test = self._log_probabilities(self.data.validation), self._log_probabilities(self.data.test)
        index = self.data.validation
        right = clip_predictions(validation, index.clips, len(index.clip_labels)) == index.clip_labels
        return Evaluation(
            test=tested(test, self.data.test),
            verified_right="".join("1" if one else "0" for one in right[index.clip_verified].tolist()) or None,
            outputs=run_outputs(self.data, self.margins.means(), validation, test),
            held_out=held_out_probabilities(self.data, validation) if self.protocol.split == "in_turn" else None,
        )

    def state(self) -> dict[str, Any]:
        """Return everything that the next epoch depends on, as tensors and plain values."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": asdict(self.schedule),
            "curve": [point.model_dump() for point in self.curve],
            "images": self.images,
            "train_s": self.train_s,
            "margins": self.margins.state(),
        }
        if self.memory is not None:
            state |= {"loss": self.memory.state_dict(), "best": self.predictions.state()}
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a ``state()`` of the same run."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule = type(self.schedule)(**state["schedule"])
        self.curve = [Epoch(**point) for point in state["curve"]]
        self.images, self.train_s = state["images"], state["train_s"]
        if "margins" in state:  # an earlier version did not keep them; then they are those of the rest of the run
            self.margins.restore(state["margins"])
        if self.memory is not None:
            buffer = io.BytesIO()  # a copy on the device, however deep the state is nested
            torch.save(state["loss"], buffer)
            buffer.seek(0)
            self.memory.load_state_dict(torch.load(buffer, map_location=self.device, weights_only=True))
            self.predictions.restore(state["best"], self.device)
