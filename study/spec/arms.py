"""An arm as a study file has it: a loss on a training subset, of which any parameter may be left open."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic_core import core_schema

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
from trainables.plugins.forms import NAME
from trainables.settings import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo

# The settings that decide which clips validate. Accuracies over different clips cannot be compared.
SHARED = ("validation", "split_seed", "split")
_ONE_VALUE = "one value, for all arms: accuracies over different validation clips cannot be compared"
_OF_THE_STUDY = (
    "only in the study's training, for all arms: accuracies over different validation clips cannot be compared"
)


class _Named:
    """Annotation of a key whose value is a mapping with a name, which decides its model."""

    def __init__(self, models: Callable[[], Mapping[str, type[Frozen]]], unloaded: type[Frozen]) -> None:
        """Set the models.

        Args:
            models: returns the models with every parameter fixed, by name; called at each validation.
            unloaded: the model for ``prefix.name`` of a plugin that is not loaded.

        """
        self._models, self._unloaded = models, unloaded

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 -- pydantic's
        """Return the schema of the validation."""
        del source, handler
        return core_schema.with_info_plain_validator_function(self._validated)

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:  # noqa: ANN401 -- pydantic's
        """Return the JSON Schema: a branch for each model, and one for the names of plugins that are not loaded."""
        del core
        schema = handler(_union(tuple(self._models().items())).core_schema)
        name: dict[str, Any] = {"type": "string", "pattern": f"^{NAME}$"}
        if loaded := [known for known in self._models() if "." in known]:
            name["not"] = {"enum": loaded}
        unloaded = {
            "type": "object",
            "title": "Plugin",
            "description": "what a plugin defines",
            "properties": {"name": name},
            "required": ["name"],
        }
        return schema | {"oneOf": [*schema["oneOf"], unloaded]}

    def _validated(self, value: Any, info: ValidationInfo) -> Frozen:  # noqa: ANN401 -- any value of a file
        models = self._models()
        name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
        if isinstance(name, str) and "." in name and name not in models:
            return self._unloaded.model_validate(value)
        # Of a known name only that model is made: all of them take a tenth of a second.
        chosen = {name: models[name]} if isinstance(name, str) and name in models else models
        validated: Frozen = _union(tuple(chosen.items())).validate_python(value, context=info.context)
        return validated


class _ByName:
    """Annotation of the union of some models by name; pydantic's own takes no fewer than two."""

    def __init__(self, models: Mapping[str, type[Open]]) -> None:
        """Set the models."""
        self._models = models

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 -- pydantic's
        """Return the schema of the validation; the location of an error in a model begins with its name."""
        del source
        choices = {name: handler.generate_schema(model) for name, model in self._models.items()}
        return core_schema.tagged_union_schema(choices, discriminator="name")


@lru_cache(maxsize=64)
def _union(models: tuple[tuple[str, type[Frozen]], ...]) -> TypeAdapter[Any]:
    by_name = {name: open_model(model) for name, model in models}
    return TypeAdapter(Annotated[Any, _ByName(by_name)])


class UnloadedLoss(Unloaded):
    """A loss of a plugin that is not loaded."""

    of = UnknownLoss


class UnloadedNetwork(Unloaded):
    """A network of a plugin that is not loaded."""

    of = UnknownNetwork


if TYPE_CHECKING:
    OpenTraining = Open
    ArmTraining = Overrides
    OpenLoss = Open
    OpenNetwork = Open
    OpenSubset = Subset | Values
else:
    OpenLoss = Annotated[Open, _Named(known_losses, UnloadedLoss)]
    OpenNetwork = Annotated[Open, _Named(known_networks, UnloadedNetwork)]
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
