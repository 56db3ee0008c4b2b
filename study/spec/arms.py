"""An arm as a study file has it: a loss on a training subset, of which any parameter may be left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from study.spec.named import Named
from study.spec.open_models import (
    Open,
    Overrides,
    Unloaded,
    Values,
    open_annotation,
    open_model,
    open_overrides,
    open_training,
)
from trainables.config import Subset, Training
from trainables.frozen import Frozen
from trainables.losses.registry import UnknownLoss, known_losses
from trainables.networks.catalogue import BaselineCNN
from trainables.networks.registry import UnknownNetwork, known_networks
from trainables.settings import Name

# The settings that decide which clips validate. Accuracies over different clips cannot be compared.
SHARED = ("validation", "split_seed", "split")
_ONE_VALUE = "one value, for all arms: accuracies over different validation clips cannot be compared"
_OF_THE_STUDY = (
    "under the study's training, for all arms: accuracies over different validation clips cannot be compared"
)


class UnloadedLoss(Unloaded):
    """A loss of a plugin that is not loaded."""

    of = UnknownLoss


class UnloadedNetwork(Unloaded):
    """A network of a plugin that is not loaded."""

    of = UnknownNetwork


def _open_losses() -> dict[str, type[Open]]:
    return {name: open_model(loss) for name, loss in known_losses().items()}


def _open_networks() -> dict[str, type[Open]]:
    return {name: open_model(network) for name, network in known_networks().items()}


if TYPE_CHECKING:
    OpenTraining = Open
    ArmTraining = Overrides
    OpenLoss = Open
    OpenNetwork = Open
    OpenSubset = Subset | Values
else:
    OpenLoss = Annotated[Open, Named(_open_losses, UnloadedLoss)]
    OpenNetwork = Annotated[Open, Named(_open_networks, UnloadedNetwork)]
    OpenTraining = open_training(Training, dict.fromkeys(SHARED, _ONE_VALUE))
    ArmTraining = open_overrides(Training, dict.fromkeys(SHARED, _OF_THE_STUDY))
    OpenSubset = open_annotation("Subset", Subset, "names of training subsets")

DEFAULT_NETWORK = open_model(BaselineCNN).model_validate({"name": "cnn"})


class Arm(Frozen):
    """One line of the comparison: a loss on a training subset."""

    name: Annotated[Name, Field(description="the arm's name in reports; distinct within the study")]
    loss: Annotated[
        OpenLoss, Field(description="the loss and its parameters, each fixed, {values: [...]} or {min: ..., max: ...}")
    ]
    subset: Annotated[OpenSubset, Field(description="training subset, fixed or {values: [...]}")] = "all"
    # Both are left out of dumps where the arm has none.
    network: Annotated[
        OpenNetwork | None,
        Field(description="the arm's network; null means the study's", exclude_if=lambda network: network is None),
    ] = None
    training: Annotated[
        ArmTraining | None,
        Field(
            description="training settings of this arm, which replace the study's key by key",
            exclude_if=lambda training: training is None,
        ),
    ] = None

    @property
    def subsets(self) -> tuple[str, ...]:
        """The subsets that the arm trains on."""
        return tuple(map(str, self.subset.values)) if isinstance(self.subset, Values) else (self.subset,)
