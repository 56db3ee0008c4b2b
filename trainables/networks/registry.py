"""Networks by name: the built-in ones, those of plugins, and those whose plugin is not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ConfigDict

from trainables.networks.base import Network
from trainables.networks.catalogue import NETWORKS
from trainables.registry import Registry

if TYPE_CHECKING:
    from torch import nn


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


_NETWORKS: Registry[Network] = Registry(Network, NETWORKS, UnknownNetwork)
use, known_networks, network_class = _NETWORKS.use, _NETWORKS.known, _NETWORKS.find

if TYPE_CHECKING:
    AnyNetwork = Network
else:
    AnyNetwork = _NETWORKS.annotation({})
