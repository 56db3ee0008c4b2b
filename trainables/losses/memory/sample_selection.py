"""Generalized cross-entropy that leaves out samples whose loss is large once the network has begun to learn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from trainables.losses.base import Memory
from trainables.losses.robust import gce, truncated_ceiling

if TYPE_CHECKING:
    from trainables.losses.base import Batch, LargeLosses, LossFunction, Predictions, TrainingSet, WeightsFrom


def discard_largest(losses: torch.Tensor, rule: LargeLosses, threshold: float) -> torch.Tensor:
    """Return losses of which the largest are 0 and the others are scaled up, so that the mean is that of the others.

    As ``loss_time.py`` of Fonseca et al. 2019 (WASPAA) does: https://github.com/edufonseca/waspaa19.

    Args:
        losses: shape (B,), at least 0.
        rule: ``max``: losses above ``threshold`` times the largest are discarded; ``quantile``: those above the
            batch's quantile ``threshold``, where the lower of two neighbours is taken.
        threshold: in (0, 1].

    Returns:
        Shape (B,); all 0 if every loss is discarded, as equal losses are by ``max``.

    """
    seen = losses.detach()
    limit = seen.max() * threshold if rule == "max" else seen.quantile(threshold, interpolation="lower")
    kept = seen <= limit
    return losses * kept * (len(losses) / kept.sum().clamp_min(1))


def scheduled_gce(q: float, later_q: float, warm_up: int, rule: LargeLosses, threshold: float) -> LossFunction:
    """Return GCE that, after ``warm_up`` epochs, has another q and discards the largest losses of each batch.

    Args:
        q: of the first ``warm_up`` epochs, in [0, 1].
        later_q: of the epochs after them, in [0, 1].
        warm_up: number of epochs, at least 0.
        rule: see ``discard_largest``.
        threshold: see ``discard_largest``.

    """

    def function(logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        if batch.epoch <= warm_up:
            return gce(logits, targets, q)
        return discard_largest(gce(logits, targets, later_q), rule, threshold)

    return function


class Truncation(Memory):
    """Truncated GCE as Zhang and Sabuncu (2018, section 3.3) train it, by alternate convex search.

    Every sample is kept at first, so the loss is plain GCE. At the start of each epoch that is at least ``first`` and a
    multiple of ``every``, the samples with p > k are kept, and the loss of the others is constant until the next
    renewal. A sample that was left out can come back.
    """

    state = ("weights",)

    def __init__(self, q: float, k: float, first: int, every: int, weights_from: WeightsFrom) -> None:
        """Take the parameters.

        Args:
            q: of L_q, in (0, 1].
            k: probability in (0, 1) at or below which a sample is left out.
            first: epoch, counted from 1, before which nothing is renewed.
            every: epochs between renewals.
            weights_from: which weights of the network p comes from: those of the epoch with the highest validation
                accuracy so far, or the running ones.

        """
        self.q, self.k, self.first, self.every = q, k, first, every
        self.needs_best = weights_from == "best"
        self.targets = torch.empty(0, dtype=torch.int64)
        self.weights = torch.empty(0, dtype=torch.bool)

    def start(self, data: TrainingSet) -> None:
        """Keep every sample."""
        self.targets, self.weights = data.targets, torch.ones_like(data.targets, dtype=torch.bool)

    def begin_epoch(self, epoch: int, predictions: Predictions) -> None:
        """Renew the weights if they are due."""
        if epoch < self.first or epoch % self.every:
            return
        log_p = predictions.best() if self.needs_best else predictions.running()
        self.weights = log_p.gather(1, self.targets[:, None]).squeeze(1) > math.log(self.k)

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the losses, shape (B,): w L_q(p) + (1 - w) L_q(k) (eq. 9)."""
        losses = gce(logits, targets, self.q)
        return torch.where(self.weights[batch.patches], losses, truncated_ceiling(self.q, self.k))


class Pruning(Memory):
    """GCE that leaves out, from epoch ``warm_up`` + 1 on, the training clips with the largest losses.

    A clip's loss is the mean of its patches' losses, of the running network in evaluation mode. Clips above the
    quantile 1 - ``discard`` are left out for the rest of the run, and epochs are shorter (Fonseca et al. 2019, WASPAA;
    mode 3 of ``main.py`` of https://github.com/edufonseca/waspaa19, which also standardises the patches by those that
    are left, and stops no run during the warm-up).
    """

    state = ("kept",)

    def __init__(self, q: float, warm_up: int, discard: float) -> None:
        """Take the parameters.

        Args:
            q: of L_q, in [0, 1].
            warm_up: epochs on all clips, at least 1.
            discard: share of the clips to leave out, in (0, 1).

        """
        self.q, self.warm_up, self.discard = q, warm_up, discard
        self.targets = self.clips = torch.empty(0, dtype=torch.int64)

    def start(self, data: TrainingSet) -> None:
        """Keep every clip."""
        self.targets, self.clips, self.kept = data.targets, data.clips, None

    def begin_epoch(self, epoch: int, predictions: Predictions) -> None:
        """Choose the clips to keep once the warm-up has ended."""
        if epoch != self.warm_up + 1:
            return
        losses = gce(predictions.running().double(), self.targets, self.q)
        sums = losses.new_zeros(int(self.clips.max()) + 1).index_add_(0, self.clips, losses)
        means = sums / self.clips.bincount()
        self.kept = (means <= means.quantile(1 - self.discard))[self.clips]

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:  # noqa: ARG002
        """Return the losses, shape (B,)."""
        return gce(logits, targets, self.q)
