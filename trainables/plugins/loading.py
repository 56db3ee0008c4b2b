"""Load plugins: import their code, find the losses and networks that they define, and make those known by name."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from trainables.config import PluginCode, Training
from trainables.losses import registry as losses
from trainables.losses.base import Loss
from trainables.networks import registry as networks
from trainables.networks.base import Network
from trainables.plugins.importing import PREFIX, import_sources
from trainables.plugins.isolated import isolated
from trainables.plugins.sources import PluginError, Sources, keep_sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from trainables.config import Configuration, Run
    from trainables.storage.types import Location

NAME = r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*"  # of what a plugin defines: prefix.name
NAME_FORM = "prefix.name in lower-case letters, digits and _"
# Names that a parameter cannot have: an arm has it, or the table of runs has such a column.
TAKEN = Training.model_fields.keys() | {
    *(
        "arm",
        "configuration",
        "cpu_s",
        "epochs",
        "error",
        "gpu_hours",
        "loss",
        "network",
        "parameter",
        "price",
        "run_id",
    ),
    *(
        "seed",
        "selection_accuracy",
        "series",
        "stage",
        "status",
        "subset",
        "test_accuracy",
        "training",
        "validation_accuracy",
    ),
    *("validation_clip_accuracy", "value", "verified_accuracy", "wall_s"),
}


_in_use: list[Plugin] = []


@dataclass(frozen=True)
class Plugin:
    """A plugin that is loaded.

    Attributes:
        sources: its code.
        losses, networks: the classes that it defines, by name.

    """

    sources: Sources
    losses: dict[str, type[Loss]]
    networks: dict[str, type[Network]]


def load(sources: Sources) -> Plugin:
    """Import a plugin and find what it defines.

    Raises:
        PluginError: its code raises an error, defines no loss and no network, or one of a form that is not allowed.

    """
    module = import_sources(sources).__name__
    plugin = Plugin(sources, _defined(module, Loss), _defined(module, Network))
    if not (plugin.losses or plugin.networks):
        where = "" if len(sources.files) == 1 else "; its __init__.py must import the modules that define them"
        msg = f"{sources.name}: defines no subclass of Loss or Network{where}"
        raise PluginError(msg)
    return plugin


def load_apart(sources: Sources) -> None:
    """Load a plugin in a process of its own first, so that code which ends, blocks or crashes the process does no harm.

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
        _add(of_losses, plugin.losses)
        _add(of_networks, plugin.networks)
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
    named = sorted((part.name, _sha256(type(part))) for part in parts)
    return tuple(PluginCode(name=name, sha256=sha256) for name, sha256 in named if sha256)


def has_current_code(run: Run) -> bool:
    """Return whether a run is of the code that its plugins have now; True without plugins."""
    return all(
        code.sha256 in {_sha256(model) for model in (losses.loss_class(code.name), networks.network_class(code.name))}
        for code in run.code
    )


def _sha256(model: type | None) -> str:
    """Return the SHA-256 of the plugin that defines a class; empty for any other class."""
    top = model.__module__.partition(".")[0] if model else ""
    return top.removeprefix(PREFIX) if top.startswith(PREFIX) else ""


def _add(known: dict[str, type[Any]], more: dict[str, type[Any]]) -> None:
    for name, model in more.items():
        other = known.setdefault(name, model)
        if other is not model:
            msg = f"{place_of_class(model)}: {name} is also defined at {place_of_class(other)}; names must differ"
            raise PluginError(msg)


def _defined(module: str, base: type[Any]) -> dict[str, type[Any]]:
    """Return the concrete subclasses of ``base`` in the modules of a plugin, by name."""
    defined: dict[str, type[Any]] = {}
    for model in _classes(module):
        if not issubclass(model, base) or (model.model_fields["name"].annotation is str and inspect.isabstract(model)):
            continue
        name = _name(model)
        _check_form(model)
        _add(defined, {name: model})
    return defined


def _classes(module: str) -> Iterator[type[Any]]:
    names = [name for name in sys.modules if name == module or name.startswith(f"{module}.")]
    for name in names:
        for value in vars(sys.modules[name]).values():
            if isinstance(value, type) and value.__module__ == name:
                yield value


def _name(model: type[Any]) -> str:
    annotation = model.model_fields["name"].annotation
    names = get_args(annotation) if get_origin(annotation) is Literal else ()
    if len(names) != 1 or not re.fullmatch(NAME, str(names[0])):
        given = f"{', '.join(map(repr, names))} is not allowed" if names else "missing"
        msg = f'{place_of_class(model)}: name of {model.__name__}: {given}; allowed: name: Literal["{NAME_FORM}"]'
        raise PluginError(msg)
    return str(names[0])


def _check_form(model: type[Any]) -> None:
    """Refuse a class whose parameters no study file could state, or that cannot be made."""
    if inspect.isabstract(model):
        msg = f"{place_of_class(model)}: {model.__name__} has no method make"
        raise PluginError(msg)
    for name in sorted(TAKEN & model.model_fields.keys()):
        msg = f"{place_of_class(model)}: {model.__name__}: a parameter cannot be called {name}"
        raise PluginError(msg)
    try:
        model.model_json_schema()
    except Exception as error:  # noqa: BLE001 -- pydantic raises errors of several kinds
        reason = str(error).strip().splitlines()[0]
        msg = f"{place_of_class(model)}: the parameters of {model.__name__} cannot be described: {reason}"
        raise PluginError(msg) from None


def place_of_class(model: type) -> str:
    """Return the file and line in which a class of a plugin is defined."""
    file = str(getattr(sys.modules.get(model.__module__), "__file__", model.__module__))
    try:
        return f"{file}:{inspect.findsource(model)[1] + 1}"
    except (OSError, TypeError):
        return file
