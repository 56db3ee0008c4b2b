"""Plugins that are installed packages: their losses and networks are entry points, ``prefix.name = package:Class``.

Nothing of a package is imported until a study, or a run, names what it defines. Its code is not kept: every process
that trains must have the same package installed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.losses.base import Loss
from trainables.networks.base import Network
from trainables.plugins.forms import NAME, checked_name
from trainables.plugins.importing import described
from trainables.plugins.loading import Plugin
from trainables.plugins.sources import TOP, PluginError, python_files, sha256_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from importlib.metadata import EntryPoint

LOSSES, NETWORKS = "gce_study.losses", "gce_study.networks"  # groups of entry points


def all_installed(names: Iterable[str], plugins: Collection[Plugin]) -> list[Plugin]:
    """Return the installed plugins of those names that neither a built-in nor one of ``plugins`` has.

    Raises:
        PluginError: see ``installed``.

    """
    known = {name for plugin in plugins for name in (*plugin.losses, *plugin.networks)}
    wanted = [name for name in dict.fromkeys(names) if name not in known and re.fullmatch(NAME, name)]
    return [plugin for name in wanted if (plugin := installed(name)) is not None]


@lru_cache(maxsize=64)
def installed(name: str) -> Plugin | None:
    """Import the loss, the network, or both, that installed packages define under a name.

    Returns:
        Both as one plugin; None if no package defines the name.

    Raises:
        PluginError: several packages define it, it cannot be imported, or it is no loss or network of that name.

    """
    points = {group: tuple(entry_points(group=group, name=name)) for group in (LOSSES, NETWORKS)}
    every = [point for of_group in points.values() for point in of_group]
    if not every:
        return None
    packages = sorted({point.module.partition(".")[0] for point in every})
    if any(len(of_group) > 1 for of_group in points.values()) or len(packages) > 1:
        origins = ", ".join(sorted(f"{point.value} of {_distribution(point)}" for point in every))
        msg = f"{name}: defined by several installed packages: {origins}; names must differ"
        raise PluginError(msg)
    losses = {_named(point, Loss, name): point.load() for point in points[LOSSES]}
    networks = {_named(point, Network, name): point.load() for point in points[NETWORKS]}
    return Plugin(_distribution(every[0]), _package_sha256(packages[0]), losses, networks)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module


def _named(point: EntryPoint, base: type, name: str) -> str:
    """Return a name if an entry point is the class of that name."""
    where = f"{_distribution(point)}: entry point {name} = {point.value}"
    try:
        model: Any = point.load()
    except (Exception, SystemExit) as error:
        msg = f"{where}: {described(error)}"
        raise PluginError(msg) from error
    if not (isinstance(model, type) and issubclass(model, base)):
        msg = f"{where}: not a subclass of {base.__name__}"
        raise PluginError(msg)
    if (stated := checked_name(model)) != name:
        msg = f"{where}: the name of the class is {stated!r}"
        raise PluginError(msg)
    return stated


def _package_sha256(package: str) -> str:
    """Return the SHA-256 of the ``.py`` files of an installed package or module."""
    spec = find_spec(package)
    file = Path(spec.origin) if spec and spec.origin else None
    if file is None or not file.is_file():
        msg = f"{package}: its files cannot be found"
        raise PluginError(msg)
    return sha256_of(python_files(file.parent) if file.name == TOP else {TOP: file.read_bytes()})
