"""The parts of a plan's study file that a report reads; a key that an older plan lacks has its default."""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import BeforeValidator, ConfigDict, Field

from trainables.config import Part, Split, parameter_name
from trainables.feature_settings import FEATURES, Features
from trainables.frozen import Frozen
from trainables.settings import (
    Budget,
    CollapseRule,
    Controls,
    GpuPrices,
    Grid,
    Keep,
    MethodSpec,
    OpenRange,
    SelectOn,
)

# parameter -> its range, or any other value that the file states
_Open = dict[str, Annotated[OpenRange | Any, Field(union_mode="left_to_right")]]


class PlanArm(Frozen):
    """The parts of a plan's arm that a report needs."""

    model_config = ConfigDict(extra="ignore")

    name: str
    loss: _Open
    network: _Open | None = None
    training: _Open | None = None


class PlanResources(Frozen):
    """The parts of a plan's resources that a report needs."""

    model_config = ConfigDict(extra="ignore")

    price_per_gpu_hour: GpuPrices = None


def _without_embeddings(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    return {key: item for key, item in value.items() if key != "embeddings"} if isinstance(value, dict) else value


class PlanSettings(Frozen):
    """The parts of a plan's study file that a report needs; a key that an older plan lacks has its default."""

    model_config = ConfigDict(extra="ignore")

    arms: Annotated[tuple[PlanArm, ...], Field(strict=False)] = ()
    method: MethodSpec = Grid()
    budget: Budget = Budget()
    controls: Controls = ()
    select_on: SelectOn = "validation"
    collapse: CollapseRule = "set_aside"
    keep: Keep = "best"
    resources: PlanResources = PlanResources()
    training: _Open = Field(default_factory=dict)
    network: _Open = Field(default_factory=dict)
    # A study file may name embeddings beside the settings of the log-mel frames.
    features: Annotated[Features, BeforeValidator(_without_embeddings)] = FEATURES

    @property
    def split(self) -> Split:
        """Whether all runs hold out the same validation clips; if not, each seed holds out other ones."""
        return cast("Split", self.training.get("split", "fixed"))

    @property
    def ranges(self) -> dict[tuple[str, str], OpenRange]:
        """The parameters that are sampled from a range, by the arm's name and the parameter's (``parameter_name``)."""
        by_name: dict[tuple[str, str], OpenRange] = {}
        for arm in self.arms:
            parts: dict[Part, _Open] = {
                "loss": arm.loss,
                "network": arm.network or self.network,
                "training": self.training | (arm.training or {}),
            }
            for part, values in parts.items():
                ranges = {key: value for key, value in values.items() if isinstance(value, OpenRange)}
                by_name |= {(arm.name, parameter_name(part, key)): value for key, value in ranges.items()}
        return by_name
