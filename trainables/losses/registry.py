"""Losses by name: the built-in ones, those of plugins, and those whose plugin is not loaded."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args

from pydantic import ConfigDict, Discriminator, PlainValidator, SerializeAsAny, Tag, ValidationError, ValidationInfo

from trainables.losses.base import Loss
from trainables.losses.catalogue import LOSSES
from trainables.losses.memory.settings import ConstantTruncatedGCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.losses.base import LossFunction

PLUGIN = "plugin"  # tag of the losses that are not built in
CONSTANT = "truncated_gce of 0.1.0"  # tag of the truncated GCE of that version, which lacked these parameters
STAGES = frozenset({"start", "every", "weights_from"})
_BUILT_IN: dict[str, type[Loss]] = {get_args(loss.model_fields["name"].annotation)[0]: loss for loss in LOSSES}
_PLUGINS: dict[str, type[Loss]] = {}


class UnknownLoss(Loss):
    """A loss of a plugin that is not loaded: its name and parameters, as a run states them."""

    model_config = ConfigDict(extra="allow")

    def make(self) -> LossFunction:
        """Refuse.

        Raises:
            LookupError: always, because the plugin is not loaded.

        """
        msg = f"loss {self.name}: its plugin is not loaded"
        raise LookupError(msg)


def use(losses: Mapping[str, type[Loss]]) -> None:
    """Make these losses of plugins, and no others, known by their names, which have the form ``prefix.name``."""
    _PLUGINS.clear()
    _PLUGINS.update(losses)


def known_losses() -> dict[str, type[Loss]]:
    """Return the classes of the built-in losses and of those whose plugin is loaded, by name."""
    return _BUILT_IN | _PLUGINS


def loss_class(name: str) -> type[Loss] | None:
    """Return the class of a built-in loss or of one whose plugin is loaded; None for any other name."""
    return _BUILT_IN.get(name) or _PLUGINS.get(name)


def _tag(value: Any) -> str:  # noqa: ANN401 -- any value of a file
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
    if name == "truncated_gce" and not STAGES.intersection(
        value if isinstance(value, dict) else type(value).model_fields
    ):
        return CONSTANT
    return PLUGIN if isinstance(name, str) and "." in name else str(name)


def _plugin_loss(value: Any, info: ValidationInfo) -> Loss:  # noqa: ANN401 -- any value of a file
    if isinstance(value, Loss):
        return value
    model = _PLUGINS.get(value["name"], UnknownLoss)
    with suppress(ValidationError):  # what is stored may be of an earlier version of the plugin
        # JSON has lists where a model may have tuples, which strict models accept from JSON alone.
        return model.model_validate_json(json.dumps(value)) if info.mode == "json" else model.model_validate(value)
    return UnknownLoss.model_validate(value)


if TYPE_CHECKING:
    AnyLoss = Loss
else:
    _branches = [Annotated[loss, Tag(name)] for name, loss in _BUILT_IN.items()]
    _plugin = Annotated[SerializeAsAny[Loss], PlainValidator(_plugin_loss), Tag(PLUGIN)]
    _constant = Annotated[ConstantTruncatedGCE, Tag(CONSTANT)]
    AnyLoss = Annotated[Union[(*_branches, _constant, _plugin)], Discriminator(_tag)]
