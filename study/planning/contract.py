"""Check that the losses and networks that a study uses from plugins do what training needs of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from study.errors import SpecError
from study.spec.open_models import Range
from trainables.plugins.isolated import LIMIT_S, isolated
from trainables.plugins.loading import code_of, in_use
from trainables.plugins.sources import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.open_arms import OpenArm
    from study.spec.study import StudySpec
    from trainables.config import Configuration


def check_contracts(spec: StudySpec, limit_s: float = LIMIT_S, dims: int = 0) -> list[str]:
    """Check what a study uses of its plugins, in a separate process; see ``study.testing``.

    Each parameter that is left open is checked at every value, a range at its ends.

    Args:
        spec: the study; its plugins are loaded.
        limit_s: after this many seconds the check is ended.
        dims: length of the study's embeddings; 0 without any.

    Returns:
        The names of what was checked.

    Raises:
        SpecError: a loss or a network does something else; the message begins with its file and line.

    """
    parts: dict[str, dict[str, Any]] = {"losses": {}, "networks": {}}
    for configuration in {c: None for arm in spec.open_arms for c in _configurations(arm)}:
        of_plugins = {code.name for code in code_of(configuration)}
        for kind, part in (("losses", configuration.loss), ("networks", configuration.network)):
            if part.name in of_plugins:
                parts[kind][part.model_dump_json()] = part.model_dump(mode="json")
    names = {settings["name"]: None for settings in (*parts["losses"].values(), *parts["networks"].values())}
    if not names:
        return []
    sources = [plugin.sources for plugin in in_use() if plugin.sources is not None]
    task: dict[str, Any] = {kind: list(settings.values()) for kind, settings in parts.items()}
    task |= {"plugins": [of.model_dump() for of in sources], "shape": spec.features.shape, "dims": dims}
    files = [of.shown(path) for of in sources for path in of.files] or list(names)
    try:
        isolated("study.testing:check_described", task, files, limit_s)
    except PluginError as error:
        raise SpecError([str(error)]) from None
    return list(names)


def _configurations(arm: OpenArm) -> Iterator[Configuration]:
    """Yield configurations of an arm in which each open parameter has each of its values, or the ends of its range."""
    possible = {
        name: (value.min, value.max) if isinstance(value, Range) else value.values for name, value in arm.open.items()
    }
    first = {name: values[0] for name, values in possible.items()}
    yield arm.configuration(first)
    for name, values in possible.items():
        for value in values[1:]:
            yield arm.configuration(first | {name: value})
