"""Load the plugins of a run in the process that trains it: from the storage location, whose sources are verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.plugins.installed import installed
from trainables.plugins.loading import Plugin, load, use
from trainables.plugins.sources import PluginError, stored_sources
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from trainables.config import Run
    from trainables.storage.types import Location


def load_kept(storage: Location, run: Run) -> None:
    """Make known what the plugins of a run define, and of no others.

    Args:
        storage: the storage location, which keeps the sources.
        run: states their SHA-256.

    Raises:
        PluginError: their sources are absent or others than the run states, or cannot be imported.
        OSError: the storage location cannot be read.

    """
    plugins: dict[str, Plugin] = {}
    for code in run.code:
        if code.sha256 not in plugins:
            plugins[code.sha256] = _load(storage, code.sha256, code.name)
        plugin = plugins[code.sha256]
        if code.name not in plugin.losses.keys() | plugin.networks.keys():
            msg = f"{plugin.name}: does not define {code.name}"
            raise PluginError(msg)
    use(plugins.values())


def _load(storage: Location, sha256: str, name: str) -> Plugin:
    try:
        return load(stored_sources(storage, sha256))
    except FileNotFoundError:
        plugin = installed(name)
        if plugin is not None and plugin.sha256 == sha256:
            return plugin
        here = f"is installed here with other code (SHA-256 {plugin.sha256})" if plugin else "is not installed here"
        msg = f"{name}: {here}, and the storage location does not keep the code of the run (SHA-256 {sha256})"
        raise PluginError(msg) from None
    except DamagedError as error:
        raise PluginError(str(error)) from None
