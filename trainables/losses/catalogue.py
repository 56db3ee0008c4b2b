"""The settings of every built-in loss. Imports no torch: ``analysis`` and the command line start without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer

from trainables.losses.base import Distances, Loss, Reading, Rule
from trainables.losses.memory.settings import ELR, Pruning, ScheduledGCE, TruncatedGCE
from trainables.losses.plain_losses import (
    AGCE,
    ANL,
    AUL,
    JS,
    NCE,
    NCEAGCE,
    NCEAUL,
    NCEMAE,
    NCERCE,
    SCE,
    Focal,
    LabelSmoothing,
    PlainLoss,
    TaylorCE,
)
from trainables.losses.transition import INJECTED, VERIFIED, as_text, empirical, matrix_problem, parse_transition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.losses.base import KnownLabels, LossFunction

Q = Annotated[float, Field(ge=0, le=1, description="q of L_q in [0, 1]: 0 is cross-entropy, 1 is MAE")]
Temperature = Annotated[float, Field(gt=0, description="temperature T of the soft-nearest-neighbour score, > 0")]
Beta = Annotated[float, Field(ge=0, le=1, description="weight of the given label in [0, 1]")]


class CCE(PlainLoss):
    """Categorical cross-entropy."""

    name: Literal["cce"]


class MAE(PlainLoss):
    """Mean absolute error of the labelled class, 1 - p (half the loss of Ghosh et al. 2017)."""

    name: Literal["mae"]


class GCE(PlainLoss):
    """Generalized cross-entropy (1 - p^q) / q (Zhang and Sabuncu 2018, eq. 6)."""

    name: Literal["gce"]
    q: Q = 0.7


class GCEOrigin(Loss):
    """GCE on unverified clips, cross-entropy on verified ones (Fonseca et al. 2019)."""

    name: Literal["gce_origin"]
    q: Q = 0.7

    def make(self) -> LossFunction:
        from trainables.losses import robust

        return robust.origin(robust.plain(robust.gce, q=self.q))


class AdaptiveGCE(Loss):
    """GCE whose q is one minus the soft-nearest-neighbour score of each batch."""

    name: Literal["adaptive_gce"]
    temperature: Temperature = 1000.0
    # Omitted from dumps at its default, so that runs keep the run_id that they have without it.
    relative_temperature: Annotated[
        Annotated[float, Field(gt=0)] | None,
        Field(
            description="T as a multiple of the batch's median squared distance, > 0; in place of temperature",
            exclude_if=lambda relative: relative is None,
        ),
    ] = None
    reading: Annotated[
        Reading,
        Field(description="how q follows from a batch's scores: their mean, the pooled ratio, or one per patch"),
    ] = "mean"
    distances: Annotated[
        Distances,
        Field(
            description="what the distances are measured between: the network's inputs, its penultimate features, or "
            "embeddings"
        ),
    ] = "input"

    @model_serializer(mode="wrap")
    def _without_idle_temperature(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the temperature where the relative one is in its place."""
        dumped: dict[str, Any] = serialise(self)
        if self.relative_temperature is not None:
            dumped.pop("temperature", None)
        return dumped

    @property
    def needs_embeddings(self) -> bool:
        """Whether the distances are between embeddings."""
        return self.distances == "embedding"

    def make(self) -> LossFunction:
        from trainables.losses import robust

        relative = self.relative_temperature is not None
        temperature = self.temperature if self.relative_temperature is None else self.relative_temperature
        return robust.adaptive(temperature, self.reading, self.distances, relative=relative)


class SoftBootstrapping(PlainLoss):
    """Soft bootstrapping (Reed et al. 2015): the target mixes the label with the prediction."""

    name: Literal["soft_bootstrapping"]
    beta: Beta = 0.3


class SoftBootstrappingOrigin(Loss):
    """Soft bootstrapping on unverified clips, cross-entropy on verified ones."""

    name: Literal["soft_bootstrapping_origin"]
    beta: Beta = 0.3

    def make(self) -> LossFunction:
        from trainables.losses import robust

        return robust.origin(robust.plain(robust.soft_bootstrapping, beta=self.beta))


class LossMasking(Loss):
    """Cross-entropy that drops the batch's largest losses (Fonseca et al. 2019, section 3.3).

    For rule ``max``, ``threshold`` is m in ``loss > m * max`` (default 0.6); for rule ``outlier``, it is the number of
    standard deviations above the median (default 1.9).
    """

    name: Literal["loss_masking"]
    rule: Annotated[
        Rule, Field(description="which losses are dropped: those near the batch's largest, or its outliers")
    ] = "max"
    threshold: (
        Annotated[float, Field(gt=0, description="m (rule max) or standard deviations (rule outlier)")] | None
    ) = None

    def make(self) -> LossFunction:
        from trainables.losses import robust

        return robust.masking(self.rule, self.threshold)


class LossMaskingOrigin(LossMasking):
    """Loss masking that drops unverified clips only."""

    name: Literal["loss_masking_origin"]  # type: ignore[assignment]

    def make(self) -> LossFunction:
        from trainables.losses import robust

        return robust.origin(super().make())


class ForwardCorrection(Loss):
    """Forward-corrected cross-entropy on unverified clips (Patrini et al. 2017), cross-entropy on verified ones.

    The matrix holds the probabilities of each label given the true class. ``injected``: counted on the unverified clips
    whose true label is known, as it is where noise is injected. ``verified``: estimated after ``warm_up`` epochs
    (default 20) from what the network predicts for verified clips (gold loss correction, Hendrycks et al. 2018). A CSV
    file: the names of the classes, then a row of numbers for each true class, in the same order.
    """

    name: Literal["forward_correction"]
    # In a run, the matrix of a file is its text, so that the run is the same wherever the file is, or without it.
    matrix: Annotated[
        str,
        AfterValidator(as_text),
        Field(description="injected, verified, or a CSV file of the matrix; its path starts from this file"),
    ] = "injected"
    warm_up: (
        Annotated[int, Field(ge=1, le=10_000, description="epochs before the matrix is estimated (matrix: verified)")]
        | None
    ) = None

    @property
    def needs_truth(self) -> bool:
        return self.matrix == INJECTED

    def problem(self, labels: KnownLabels) -> str:
        return matrix_problem(self.matrix, labels)

    def rows(self, labels: KnownLabels) -> Sequence[Sequence[float]] | None:
        """Return the matrix, shape (K, K), for such labels; None if it has to be estimated."""
        if self.matrix == VERIFIED:
            return None
        return empirical(labels) if self.matrix == INJECTED else parse_transition(self.matrix).rows

    def make(self) -> LossFunction:
        from trainables.losses import correction

        return correction.Corrected(self)


LOSSES: tuple[type[Loss], ...] = (
    CCE,
    MAE,
    GCE,
    GCEOrigin,
    TruncatedGCE,
    AdaptiveGCE,
    SoftBootstrapping,
    SoftBootstrappingOrigin,
    LossMasking,
    LossMaskingOrigin,
    SCE,
    NCE,
    NCERCE,
    NCEMAE,
    LabelSmoothing,
    JS,
    TaylorCE,
    AGCE,
    AUL,
    NCEAGCE,
    NCEAUL,
    ANL,
    Focal,
    ForwardCorrection,
    ELR,
    ScheduledGCE,
    Pruning,
)
