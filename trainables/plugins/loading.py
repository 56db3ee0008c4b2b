"""Load plugins: import their code, find the losses and networks that they define, and make those known by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trainables.config import PluginCode
from trainables.losses import registry as losses
from trainables.losses.base import Loss
from trainables.networks import registry as networks
from trainables.networks.base import Network
from trainables.plugins.forms import add_named, defined_in
from trainables.plugins.importing import import_sources
from trainables.plugins.isolated import isolated
from trainables.plugins.sources import PluginError, Sources, keep_sources

if TYPE_CHECKING:
    from collections.abc import Collection

    from trainables.config import Configuration, Run
    from trainables.storage.types import Location

_in_use: list[Plugin] = []
_code: WeakKeyDictionary[type, str] = WeakKeyDictionary()  # class of a plugin -> SHA-256 of its code


@dataclass(frozen=True)
class Plugin:
    """A plugin that is loaded.

    Attributes:
        name: of its file, folder or distribution.
        sha256: of its code.
        losses, networks: the classes that it defines, by name.
        sources: its code; None for an installed package.

    """

    name: str
    sha256: str
    losses: dict[str, type[Loss]]
    networks: dict[str, type[Network]]
    sources: Sources | None = None

    def __post_init__(self) -> None:
        """Remember which code the classes are of."""
        _code.update(dict.fromkeys((*self.losses.values(), *self.networks.values()), self.sha256))


def load(sources: Sources) -> Plugin:
    """Import a plugin and find what it defines.

    Raises:
        PluginError: its code raises an error, defines no loss and no network, or one of a form that is not allowed.

    """
    module = import_sources(sources).__name__
    plugin = Plugin(sources.name, sources.sha256, defined_in(module, Loss), defined_in(module, Network), sources)
    if not (plugin.losses or plugin.networks):
        where = "" if len(sources.files) == 1 else "; its __init__.py must import the modules that define them"
        msg = f"{sources.name}: defines no subclass of Loss or Network{where}"
        raise PluginError(msg)
    return plugin


def load_apart(sources: Sources) -> None:
    """Load a plugin in a separate process first, so that code which ends, blocks or crashes the process does no harm.

    Raises:
        PluginError: see ``load``; or its process ended or took too long.

    """
    files = [sources.shown(path) for path in sources.files]
    isolated("trainables.plugins.loading:load_described", sources.model_dump(), files)


def load_described(sources: dict[str, Any]) -> None:
    """Load a plugin whose sources are described by JSON data; see ``load``."""
    load(Sources.model_validate(sources))


def use(plugins: Collection[Plugin]) -> None:
    """Make the losses and networks of these plugins, and of no others, known by their names.

    Raises:
        PluginError: two plugins define the same name.

    """
    of_losses: dict[str, type[Loss]] = {}
    of_networks: dict[str, type[Network]] = {}
    for plugin in plugins:
        add_named(of_losses, plugin.losses)
        add_named(of_networks, plugin.networks)
    losses.use(of_losses)
    networks.use(of_networks)
    _in_use[:] = plugins


def in_use() -> tuple[Plugin, ...]:
    """Return the plugins in use."""
    return tuple(_in_use)


def keep_plugins(storage: Location) -> None:
    """Keep the sources of the plugins in use in a storage location, for the processes that train.

    Raises:
        OSError: it cannot be written.

    """
    for plugin in _in_use:
        if plugin.sources is not None:
            keep_sources(storage, plugin.sources)


def code_of(configuration: Configuration) -> tuple[PluginCode, ...]:
    """Return the name and the SHA-256 of the code of a configuration's loss and network, if a plugin defines them.

    Raises:
        LookupError: the plugin is not loaded.

    """
    parts = (configuration.loss, configuration.network)
    for part in parts:
        if isinstance(part, losses.UnknownLoss | networks.UnknownNetwork):
            msg = f"{part.name}: its plugin is not loaded"
            raise LookupError(msg)  # noqa: TRY004 -- the class stands for what is not there
    named = sorted((part.name, _code.get(type(part), "")) for part in parts)
    return tuple(PluginCode(name=name, sha256=sha256) for name, sha256 in named if sha256)


def has_current_code(run: Run) -> bool:
    """Return whether a run is of the code that its plugins have now; True without plugins."""
    return all(
        code.sha256
        in {_code.get(model) for model in (losses.loss_class(code.name), networks.network_class(code.name)) if model}
        for code in run.code
    )
