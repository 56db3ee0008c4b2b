"""Networks by name: the built-in ones, those of plugins, and those whose plugin is not loaded."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args

from pydantic import ConfigDict, Discriminator, PlainValidator, SerializeAsAny, Tag, ValidationError, ValidationInfo

from trainables.networks.base import Network
from trainables.networks.catalogue import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

PLUGIN = "plugin"  # tag of the networks that are not built in
_BUILT_IN: dict[str, type[Network]] = {
    get_args(network.model_fields["name"].annotation)[0]: network for network in NETWORKS
}
_PLUGINS: dict[str, type[Network]] = {}


class UnknownNetwork(Network):
    """A network of a plugin that is not loaded: its name and parameters, as a run states them."""

    model_config = ConfigDict(extra="allow")

    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:  # noqa: ARG002 -- the signature of the base
        """Refuse.

        Raises:
            LookupError: always, because the plugin is not loaded.

        """
        msg = f"network {self.name}: its plugin is not loaded"
        raise LookupError(msg)


def use(networks: Mapping[str, type[Network]]) -> None:
    """Make these networks of plugins, and no others, known by their names, which have the form ``prefix.name``."""
    _PLUGINS.clear()
    _PLUGINS.update(networks)


def known_networks() -> dict[str, type[Network]]:
    """Return the classes of the built-in networks and of those whose plugin is loaded, by name."""
    return _BUILT_IN | _PLUGINS


def network_class(name: str) -> type[Network] | None:
    """Return the class of a built-in network or of one whose plugin is loaded; None for any other name."""
    return _BUILT_IN.get(name) or _PLUGINS.get(name)


def _tag(value: Any) -> str:  # noqa: ANN401 -- any value of a file
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
    return PLUGIN if isinstance(name, str) and "." in name else str(name)


def _plugin_network(value: Any, info: ValidationInfo) -> Network:  # noqa: ANN401 -- any value of a file
    if isinstance(value, Network):
        return value
    model = _PLUGINS.get(value["name"], UnknownNetwork)
    with suppress(ValidationError):  # what is stored may be of an earlier version of the plugin
        # JSON has lists where a model may have tuples, which strict models accept from JSON alone.
        return model.model_validate_json(json.dumps(value)) if info.mode == "json" else model.model_validate(value)
    return UnknownNetwork.model_validate(value)


if TYPE_CHECKING:
    AnyNetwork = Network
else:
    _branches = [Annotated[network, Tag(name)] for name, network in _BUILT_IN.items()]
    _plugin = Annotated[SerializeAsAny[Network], PlainValidator(_plugin_network), Tag(PLUGIN)]
    AnyNetwork = Annotated[Union[(*_branches, _plugin)], Discriminator(_tag)]
