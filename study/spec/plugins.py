"""Load the plugins of a study: the files that it lists, and the installed packages that define what it names."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from study.errors import SpecError
from study.spec.keys import Plugins
from study.spec.messages import closest, shown
from study.spec.open_models import Unloaded
from trainables.losses.registry import known_losses
from trainables.networks.registry import known_networks
from trainables.plugins.importing import described, place_of
from trainables.plugins.installed import all_installed
from trainables.plugins.loading import load, use
from trainables.plugins.sources import PluginError, Sources, read_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.consent import Consent
    from study.spec.open_models import Open
    from study.spec.study import StudySpec


def load_plugins(
    data: Any,  # noqa: ANN401 -- whatever the file holds
    folder: Path,
    consent: Consent,
) -> tuple[Sources, ...]:
    """Import the plugins of a study and return their code.

    From here on, what they define is known by its name, and nothing that other plugins define.

    Args:
        data: the study's data, not validated yet; if its plugins are of no allowed form, none is imported.
        folder: that of the study file, from which paths start.
        consent: asks for consent to their code.

    Raises:
        SpecError: plugins cannot be read, imported or used; there is a problem for each.
        UsageError: there is no consent.

    """
    paths = _paths(data, folder)
    problems: list[str] = []
    sources: list[tuple[Path, Sources]] = []
    for path in paths:
        try:
            sources.append((path, read_sources(path)))
        except PluginError as error:
            problems.append(str(error))
    if problems:
        raise SpecError(problems)
    try:
        consent(sources)
        files = [load(of_path) for _, of_path in sources]
        use([*files, *all_installed(_names(data), files)])
    except PluginError as error:
        raise SpecError([str(error)]) from None
    return tuple(of_path for _, of_path in sources)


def _names(data: Any) -> list[str]:  # noqa: ANN401 -- whatever the file holds
    """Return the names of losses and networks in a study, as far as it has the form of one."""
    arms = data.get("arms") if isinstance(data, dict) else None
    holders = [data, *(arms if isinstance(arms, list | tuple) else [])]
    parts = [holder.get(key) for holder in holders if isinstance(holder, dict) for key in ("loss", "network")]
    names = (part.get("name") for part in parts if isinstance(part, dict))
    return [name for name in names if isinstance(name, str)]


def _paths(data: Any, folder: Path) -> list[Path]:  # noqa: ANN401 -- whatever the file holds
    given = data.get("plugins", []) if isinstance(data, dict) else []
    try:
        return [Path(path) for path in TypeAdapter(Plugins).validate_python(given, context={"folder": folder})]
    except ValidationError:
        return []


@contextmanager
def errors_of_plugins() -> Iterator[None]:
    """Raise a SpecError that names the line of a plugin in place of an error that its code raised.

    Errors of pydantic are not replaced: a validator of the plugin refused a value, and they name its key.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ValidationError) or not (place := place_of(error)):
            raise
        raise SpecError([f"{place}: {described(error)}"]) from error


def undefined(spec: StudySpec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each loss and network that no plugin of a study defines: the path of its name, and what is allowed."""
    named: list[tuple[tuple[str | int, ...], Open | None]] = [(("network",), spec.network)]
    for i, arm in enumerate(spec.arms):
        named += [(("arms", i, "loss"), arm.loss), (("arms", i, "network"), arm.network)]
    for path, model in named:
        if isinstance(model, Unloaded):
            names = sorted(known_losses() if path[-1] == "loss" else known_networks())
            text = f"{shown(model.name)} is not defined by a plugin of this study{closest(model.name, names)}"
            yield (*path, "name"), f"{text}; allowed: one of {', '.join(names)}"
