"""A key of a study file whose value is chosen by name among built-in forms and those of the plugins that are loaded."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field, TypeAdapter
from pydantic_core import core_schema

from trainables.plugins.forms import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo

    from trainables.frozen import Frozen


class Named:
    """Annotation of a key whose value is a mapping with a name, which decides its model."""

    def __init__(self, models: Callable[[], Mapping[str, type[Frozen]]], unloaded: type[Frozen]) -> None:
        """Set the models.

        Args:
            models: returns them by name; called at each validation.
            unloaded: the model for ``prefix.name`` of a plugin that is not loaded.

        """
        self._models, self._unloaded = models, unloaded

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 -- pydantic's
        """Return the schema of the validation."""
        del source, handler
        return core_schema.with_info_plain_validator_function(self._validated)

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:  # noqa: ANN401 -- pydantic's
        """Return the JSON Schema: a branch for each model, and one for the names of plugins that are not loaded."""
        del core
        schema = handler(_union(tuple(self._models().values())).core_schema)
        name: dict[str, Any] = {"type": "string", "pattern": f"^{NAME}$"}
        if loaded := [known for known in self._models() if "." in known]:
            name["not"] = {"enum": loaded}
        unloaded = {
            "type": "object",
            "title": "Plugin",
            "description": "what a plugin defines",
            "properties": {"name": name},
            "required": ["name"],
        }
        return schema | {"oneOf": [*schema["oneOf"], unloaded]}

    def _validated(self, value: Any, info: ValidationInfo) -> Frozen:  # noqa: ANN401 -- any value of a file
        models = self._models()
        name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
        if isinstance(name, str) and "." in name and name not in models:
            return self._unloaded.model_validate(value)
        # The location of an error in it names the model, as that of any union does.
        validated: Frozen = _union(tuple(models.values())).validate_python(value, context=info.context)
        return validated


@lru_cache(maxsize=8)
def _union(models: tuple[type[Frozen], ...]) -> TypeAdapter[Any]:
    union: Any = Union[models]  # noqa: UP007 -- built at run time
    return TypeAdapter(Annotated[union, Field(discriminator="name")])
