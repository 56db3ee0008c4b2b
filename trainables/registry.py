"""Settings known by name: the built-in ones, those of plugins, and those whose plugin is not loaded."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, Union, cast, get_args

from pydantic import Discriminator, PlainValidator, SerializeAsAny, Tag, ValidationError, ValidationInfo

from trainables.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

S = TypeVar("S", bound=Frozen)

PLUGIN = "plugin"  # tag of the settings that are not built in


class Registry(Generic[S]):
    """The settings of one kind, such as those of losses, by name."""

    def __init__(self, base: type[Any], built_in: Iterable[type[S]], unknown: type[S]) -> None:
        """Set the kind.

        Args:
            base: the base class of the settings.
            built_in: the classes of the built-in settings, each with one name.
            unknown: the class of settings whose plugin is not loaded; it takes any key.

        """
        self._base, self._unknown = base, unknown
        self._built_in = {get_args(model.model_fields["name"].annotation)[0]: model for model in built_in}
        self._plugins: dict[str, type[S]] = {}

    def use(self, plugins: Mapping[str, type[S]]) -> None:
        """Make these classes of plugins, and no others, known by their names, which have the form ``prefix.name``."""
        self._plugins = dict(plugins)

    def known(self) -> dict[str, type[S]]:
        """Return the built-in classes and those of loaded plugins, by name."""
        return self._built_in | self._plugins

    def find(self, name: str) -> type[S] | None:
        """Return the class of a built-in name or of a loaded plugin's; None for any other name."""
        return self._built_in.get(name) or self._plugins.get(name)

    def annotation(self, earlier: Mapping[str, type[S]]) -> Any:  # noqa: ANN401 -- an annotation
        """Return the annotation of a field with settings of this kind.

        Args:
            earlier: tag -> class of settings as an earlier version wrote them; ``tag`` tells which these are.

        """
        plugin = Annotated[SerializeAsAny[self._base], PlainValidator(self._of_plugin), Tag(PLUGIN)]  # type: ignore[name-defined]
        branches = [Annotated[model, Tag(name)] for name, model in (self._built_in | dict(earlier)).items()]
        return Annotated[Union[(*branches, plugin)], Discriminator(self.tag)]

    def tag(self, value: Any) -> str:  # noqa: ANN401 -- any value of a file
        """Return the tag of settings: the name, or ``PLUGIN``."""
        name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
        return PLUGIN if isinstance(name, str) and "." in name else str(name)

    def _of_plugin(self, value: Any, info: ValidationInfo) -> S:  # noqa: ANN401 -- any value of a file
        if isinstance(value, self._base):
            return cast("S", value)
        model = self._plugins.get(value["name"], self._unknown)
        with suppress(ValidationError):  # what is stored may be of an earlier version of the plugin
            # JSON has lists where a model may have tuples, which strict models accept from JSON alone.
            return model.model_validate_json(json.dumps(value)) if info.mode == "json" else model.model_validate(value)
        return self._unknown.model_validate(value)
