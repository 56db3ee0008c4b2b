"""The settings of the built-in losses that change during training; imports no torch, like the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainables.losses.base import LargeLosses, Loss, WeightsFrom

if TYPE_CHECKING:
    from trainables.losses.base import LossFunction

AnyQ = Annotated[float, Field(ge=0, le=1, description="q of L_q in [0, 1]: 0 is cross-entropy, 1 is MAE")]
PositiveQ = Annotated[float, Field(gt=0, le=1, description="q of L_q in (0, 1]")]
K = Annotated[float, Field(gt=0, lt=1, description="probability in (0, 1) at or below which the loss is constant")]


class ELR(Loss):
    """Early-learning regularisation (Liu et al. 2020): holds predictions to their running averages, patch by patch."""

    mixes: ClassVar[bool] = False
    name: Literal["elr"]
    beta: Annotated[float, Field(ge=0, lt=1, description="weight of the average so far in [0, 1)")] = 0.7
    lam: Annotated[float, Field(ge=0, le=1000, description="weight of the regularisation in [0, 1000]")] = 3.0

    def make(self) -> LossFunction:
        from trainables.losses.memory.early_learning import EarlyLearning

        return EarlyLearning(self.beta, self.lam)


class TruncatedGCE(Loss):
    """GCE at first, then constant for the patches with p <= k (Zhang and Sabuncu 2018, section 3.3)."""

    name: Literal["truncated_gce"]
    q: PositiveQ = 0.7
    k: K = 0.5
    start: Annotated[
        int, Field(ge=1, le=10_000, description="first epoch at which p may be compared with k; plain GCE before it")
    ] = 20
    every: Annotated[
        int,
        Field(
            ge=1, le=10_000, description="p is compared with k at the start of each epoch that is a multiple of this"
        ),
    ] = 10
    weights_from: Annotated[
        WeightsFrom,
        Field(
            description="which network p comes from: the one of the best validation accuracy so far, or the running one"
        ),
    ] = "best"

    def make(self) -> LossFunction:
        from trainables.losses.memory.sample_selection import Truncation

        return Truncation(self.q, self.k, self.start, self.every, self.weights_from)


class ConstantTruncatedGCE(Loss):
    """Truncated GCE of version 0.1.0: constant wherever p <= k, from the first batch on, so that it learns nothing.

    Plans and records of that version hold it, without ``start``. No study file names it.
    """

    name: Literal["truncated_gce"]
    q: PositiveQ = 0.7
    k: K = 0.5

    def make(self) -> LossFunction:
        from trainables.losses import robust

        return robust.plain(robust.truncated_gce, q=self.q, k=self.k)


class ScheduledGCE(Loss):
    """GCE at first, then GCE that discards each batch's largest losses (Fonseca et al. 2019, WASPAA)."""

    name: Literal["scheduled_gce"]
    q: AnyQ = 0.7
    later_q: Annotated[float, Field(ge=0, le=1, description="q after the warm-up, in [0, 1]")] = 0.5
    warm_up: Annotated[
        int, Field(ge=1, le=10_000, description="epochs before losses are discarded, fewer than training.epochs")
    ] = 20
    rule: Annotated[
        LargeLosses,
        Field(description="which losses are discarded: those near the batch's largest, or those above a quantile"),
    ] = "max"
    threshold: Annotated[
        float, Field(gt=0, le=1, description="share of the largest loss (rule max), or the quantile, in (0, 1]")
    ] = 0.93

    def make(self) -> LossFunction:
        from trainables.losses.memory import sample_selection

        return sample_selection.scheduled_gce(self.q, self.later_q, self.warm_up, self.rule, self.threshold)


class Pruning(Loss):
    """GCE that leaves out the clips with the largest losses after some epochs (Fonseca et al. 2019, WASPAA)."""

    name: Literal["pruning"]
    q: AnyQ = 0.7
    warm_up: Annotated[int, Field(ge=1, le=10_000, description="epochs on all clips, fewer than training.epochs")] = 20
    discard: Annotated[
        float, Field(gt=0, lt=1, description="share of the training clips that is left out after the warm-up")
    ] = 0.1

    def make(self) -> LossFunction:
        from trainables.losses.memory import sample_selection

        return sample_selection.Pruning(self.q, self.warm_up, self.discard)
