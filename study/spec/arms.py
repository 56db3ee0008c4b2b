"""An arm of a study: a loss on a training subset, of which any parameter may be left open.

``{values: [...]}`` leaves it open over a list, ``{min: ..., max: ..., scale: ...}`` over a range.

The models are derived from those of the losses, built-in or of a plugin, so a new loss needs no change here.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, Union, get_args

from pydantic import AfterValidator, Discriminator, Field, Tag, create_model, model_validator

from study.spec.messages import shown
from study.spec.named import Named
from trainables.config import Subset
from trainables.frozen import Frozen
from trainables.losses.registry import UnknownLoss, known_losses, loss_class
from trainables.settings import Name, OpenRange, distinct, not_allowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trainables.losses.base import Loss

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


def branch(value: Any) -> Literal["value", "values", "range"]:  # noqa: ANN401 -- any value of a file
    """Return the form in which a parameter is given, so that an error message refers to that form."""
    if isinstance(value, Range) or (isinstance(value, dict) and {"min", "max", "scale"} & set(value)):
        return "range"
    return "values" if isinstance(value, dict | Values) else "value"


def _branch_without_range(value: Any) -> Literal["value", "values"]:  # noqa: ANN401 -- any value of a file
    return "values" if isinstance(value, dict | Values) else "value"


def _open(model: str, fixed: Any, description: str | None) -> Any:  # noqa: ANN401 -- annotations
    """Return the annotation of a parameter that is either fixed or left open."""
    # None stands for the loss's default: it can be fixed, but not varied over.
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
    return annotation is float or any(_is_number(inner) for inner in get_args(annotation)[:1])


def _inner_description(annotation: Any) -> str | None:  # noqa: ANN401 -- an annotation
    """Return the description inside ``Annotated[...] | None``, where the field itself has none."""
    texts = (getattr(m, "description", None) for a in get_args(annotation) for m in getattr(a, "__metadata__", ()))
    return next((t for t in texts if t), None)


@lru_cache(maxsize=256)
def _open_loss(loss: type[Frozen]) -> type[Frozen]:
    fields: dict[str, Any] = {"name": (loss.model_fields["name"].annotation, Field(description="name of the loss"))}
    for name, field in loss.model_fields.items():
        if name == "name":
            continue
        fixed = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        description = field.description or _inner_description(field.annotation)
        of = description if _is_number(fixed) else None  # the names of choices explain themselves
        annotation = _open(f"{loss.__name__}{name.title()}", fixed, of)
        default = ... if field.is_required() else field.default
        fields[name] = (annotation, Field(default, description=description))
    return create_model(f"Open{loss.__name__}", __base__=Frozen, __doc__=loss.__doc__, **fields)


def _open_losses() -> dict[str, type[Frozen]]:
    """Return the models of the losses of an arm, by name: of those that are built in, and of those of plugins."""
    return {name: _open_loss(loss) for name, loss in known_losses().items()}


class Unloaded(Frozen, extra="allow"):
    """A loss of a plugin that is not loaded: which of its parameters are open is known, what is allowed is not."""

    __pydantic_extra__: dict[str, _open("Unloaded", float | bool | str | None, None)]  # type: ignore[valid-type]

    name: str


if TYPE_CHECKING:
    OpenLoss = Frozen
    OpenSubset = Subset | Values
else:
    OpenLoss = Annotated[Frozen, Named(_open_losses, Unloaded)]
    OpenSubset = _open("Subset", Subset, "names of training subsets")


class ArmConfiguration(NamedTuple):
    """One configuration of an arm, without training settings; ``varied`` holds the values of the open parameters."""

    varied: dict[str, float | str]
    loss: Loss
    subset: Subset


class Arm(Frozen):
    """One line of the comparison: a loss on a training subset."""

    name: Annotated[Name, Field(description="the arm's name in reports; distinct within the study")]
    loss: Annotated[
        OpenLoss, Field(description="the loss and its parameters, each fixed, {values: [...]} or {min: ..., max: ...}")
    ]
    subset: Annotated[OpenSubset, Field(description="training subset, fixed or {values: [...]}")] = "all"

    def _parameters(self) -> dict[str, Any]:
        return {**dict(self.loss), "subset": self.subset}

    @property
    def open(self) -> dict[str, Values | Range]:
        """The open parameters, by name; the subset is one of them."""
        return {name: value for name, value in self._parameters().items() if isinstance(value, Values | Range)}

    @property
    def subsets(self) -> tuple[str, ...]:
        """The subsets that the arm trains on."""
        return tuple(map(str, self.subset.values)) if isinstance(self.subset, Values) else (self.subset,)

    @property
    def size(self) -> int:
        """The number of the arm's configurations; a range counts as one."""
        count = 1
        for value in self._parameters().values():
            count *= len(value.values) if isinstance(value, Values) else 1
        return count

    def choices(self) -> Iterator[ArmConfiguration]:
        """Yield each configuration of an arm without a range; the last open parameter changes fastest.

        Raises:
            TypeError: the arm leaves a range open.

        """
        values: dict[str, tuple[float | str, ...]] = {}
        for name, value in self.open.items():
            if isinstance(value, Range):
                msg = f"arm {self.name}: {name} is a range, which names no configurations"
                raise TypeError(msg)
            values[name] = value.values
        for chosen in itertools.product(*values.values()):
            yield self.choice(dict(zip(values, chosen, strict=True)))

    def choice(self, varied: Mapping[str, float | str]) -> ArmConfiguration:
        """Return the arm's configuration with a value for everything it leaves open."""
        parameters = self._parameters() | dict(varied)
        subset = parameters.pop("subset")
        fixed: Any = (loss_class(parameters["name"]) or UnknownLoss).model_validate(parameters)
        return ArmConfiguration(dict(varied), fixed, subset)
