"""Models in which any parameter may be left open, derived from the models of losses, networks and training.

``{values: [...]}`` leaves a parameter open over a list, ``{min: ..., max: ..., scale: ...}`` over a range. A new
parameter of a loss, a network or the training needs no change here.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    create_model,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from study.spec.messages import shown
from trainables.frozen import Frozen, not_allowed
from trainables.networks.base import Network
from trainables.settings import OpenRange, distinct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import SerializerFunctionWrapHandler
    from pydantic.fields import FieldInfo

MAX_VALUES = 1000


class Values(Frozen):
    """A parameter left open: each value makes a configuration."""

    values: tuple[float | str, ...]


class Range(OpenRange):
    """A parameter left open over the numbers from ``min`` to ``max``, which a search samples on its scale."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min >= self.max:
            raise not_allowed(("max",), f"a number above min ({shown(self.min)})")
        if self.scale == "log" and self.min <= 0:
            raise not_allowed(("min",), "a number above 0, as the scale is log")
        return self


class Open(Frozen):
    """Base of the derived models."""

    of: ClassVar[type[Frozen]]  # the model that it is derived from

    def parameters(self) -> dict[str, Any]:
        """Return every parameter by name, a fixed one as its value, an open one as ``Values`` or ``Range``."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class Overrides(Open):
    """Base of the derived models whose keys replace others: only those that are set count, and are dumped."""

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that are set."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    @model_serializer(mode="wrap")
    def _only_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}


@lru_cache(maxsize=256)
def open_model(model: type[Frozen]) -> type[Open]:
    """Return the model of a loss or network of which every parameter but the name may be left open."""
    kind = "network" if issubclass(model, Network) else "loss"
    name = (model.model_fields["name"].annotation, Field(description=f"name of the {kind}"))
    fields = {"name": name, **dict(_fields(model, skipped=("name",)))}
    made: type[Open] = _derived(f"Open{kind.title()}{model.__name__}", Open, model, fields)
    return made


def open_training(model: type[Frozen], fixed: Mapping[str, str]) -> type[Open]:
    """Return the model of a study's ``training``.

    Args:
        model: the training settings.
        fixed: the settings that cannot be left open, and what is allowed instead.

    """

    def refused(allowed: str) -> Callable[[Any], Any]:
        def check(value: Any) -> Any:  # noqa: ANN401 -- any value of a file
            if isinstance(value, dict):
                raise not_allowed((), allowed)
            return value

        return check

    fields = dict(_fields(model, skipped=tuple(fixed)))
    for name, allowed in fixed.items():
        field = model.model_fields[name]
        annotation: Any = Annotated[_annotation(field), BeforeValidator(refused(allowed))]
        fields[name] = (annotation, _field(field, description=field.description))
    made: type[Open] = _derived("Training", Open, model, {name: fields[name] for name in model.model_fields})
    return made


def open_overrides(model: type[Frozen], elsewhere: Mapping[str, str]) -> type[Overrides]:
    """Return the model of an arm's ``training``, whose keys replace those of the study.

    Args:
        model: the training settings.
        elsewhere: the settings that an arm cannot have, and what is allowed instead.

    """

    def refused(allowed: str) -> Callable[[Any], Any]:
        def check(_: Any) -> Any:  # noqa: ANN401 -- any value of a file
            raise not_allowed((), allowed)

        return check

    # A factory, as the schema would show a plain default; the default is the study's.
    fields: dict[str, Any] = {
        name: (annotation, Field(default_factory=lambda: None, description=field.description))
        for name, (annotation, field) in _fields(model, skipped=tuple(elsewhere))
    }
    # Fields too, so that they are refused along with whatever else is wrong.
    for name, allowed in elsewhere.items():
        annotation = Annotated[Any, BeforeValidator(refused(allowed)), SkipJsonSchema()]
        fields[name] = (annotation, Field(default_factory=lambda: None))
    made: type[Overrides] = _derived("ArmTraining", Overrides, model, fields, "Training settings of one arm.")
    return made


def _derived(
    name: str, base: type[Open], model: type[Frozen], fields: Mapping[str, Any], text: str | None = None
) -> Any:  # noqa: ANN401 -- made at run time
    definitions: dict[str, Any] = dict(fields)
    derived: Any = create_model(name, __base__=base, __doc__=text or model.__doc__, **definitions)
    derived.of = model
    return derived


def _fields(model: type[Frozen], skipped: tuple[str, ...]) -> Iterator[tuple[str, tuple[Any, FieldInfo]]]:
    for name, field in model.model_fields.items():
        if name not in skipped:
            description = field.description or _inner_description(field.annotation)
            fixed = _annotation(field)
            of = description if _is_number(fixed) else None  # the names of choices explain themselves
            title = "".join(part.title() for part in name.split("_"))
            yield name, (open_annotation(f"{model.__name__}{title}", fixed, of), _field(field, description))


def _annotation(field: FieldInfo) -> Any:  # noqa: ANN401 -- an annotation
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _field(field: FieldInfo, description: str | None) -> FieldInfo:
    default = ... if field.is_required() else field.default
    made: FieldInfo = Field(default, description=description, exclude_if=field.exclude_if)
    return made


def branch(value: Any) -> Literal["value", "values", "range"]:  # noqa: ANN401 -- any value of a file
    """Return the form in which a parameter is given, so that an error message refers to that form."""
    if isinstance(value, Range) or (isinstance(value, dict) and {"min", "max", "scale"} & set(value)):
        return "range"
    return "values" if isinstance(value, dict | Values) else "value"


def _branch_without_range(value: Any) -> Literal["value", "values"]:  # noqa: ANN401 -- any value of a file
    return "values" if isinstance(value, dict | Values) else "value"


def open_annotation(model: str, fixed: Any, description: str | None) -> Any:  # noqa: ANN401 -- annotations
    """Return the annotation of a parameter that is either fixed or left open.

    Args:
        model: how the names of the made models start.
        fixed: the annotation of the fixed parameter.
        description: of its values.

    """
    # None stands for a default: it can be fixed, but not varied over.
    items = tuple(t for t in get_args(fixed) if t is not NoneType)
    item: Any = Union[items] if NoneType in get_args(fixed) else fixed  # noqa: UP007 -- built at run time
    fields: dict[str, Any] = {
        "values": (
            Annotated[
                tuple[item, ...],
                # Not strict about the container, because YAML and JSON have only lists.
                Field(strict=False, min_length=1, max_length=MAX_VALUES, json_schema_extra={"uniqueItems": True}),
                AfterValidator(distinct),
            ],
            Field(description=f"1 to {MAX_VALUES} distinct values" + (f" of: {description}" if description else "")),
        )
    }
    values: Any = create_model(f"{model}Values", __base__=Values, __doc__=Values.__doc__, **fields)
    either: Any = Annotated[fixed, Tag("value")] | Annotated[values, Tag("values")]
    if not _is_number(item):
        return Annotated[either, Discriminator(_branch_without_range)]
    ends: dict[str, Any] = {
        end: (item, Field(description=f"the {end}imum" + (f"; {description}" if description else "")))
        for end in ("min", "max")
    }
    range_: Any = create_model(f"{model}Range", __base__=Range, __doc__=Range.__doc__, **ends)
    return Annotated[either | Annotated[range_, Tag("range")], Discriminator(branch)]


def _is_number(annotation: Any) -> bool:  # noqa: ANN401 -- an annotation
    if get_origin(annotation) is Literal:
        return False
    return annotation in {int, float} or any(_is_number(inner) for inner in get_args(annotation)[:1])


def _inner_description(annotation: Any) -> str | None:  # noqa: ANN401 -- an annotation
    """Return the description inside ``Annotated[...] | None``, where the field itself has none."""
    texts = (getattr(m, "description", None) for a in get_args(annotation) for m in getattr(a, "__metadata__", ()))
    return next((t for t in texts if t), None)


def _as_open(value: Any) -> Any:  # noqa: ANN401 -- any value of a file
    """Return ``Values`` or a ``Range`` for a value of its form, and any other value as it is."""
    form = branch(value) if isinstance(value, dict) else "value"
    with suppress(ValidationError, TypeError):
        if form == "values" and value.keys() == {"values"} and (values := tuple(value["values"])):
            return Values.model_construct(values=values)
        if form == "range":
            return Range.model_validate(value)
    return value


class Unloaded(Open, extra="allow"):
    """What a plugin that is not loaded defines: which parameters are open is known, what is allowed is not."""

    __pydantic_extra__: dict[str, Annotated[Any, BeforeValidator(_as_open)]]

    name: str

    def parameters(self) -> dict[str, Any]:
        """Return every parameter by name."""
        return dict(self)
