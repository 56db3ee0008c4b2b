"""Keys that several kinds of data sets share: paths, and label noise to inject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from trainables.frozen import Frozen, not_allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Rate = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]

_LOCAL = "a path on this machine, or a URL"  # marks the annotation; nothing reads the text
LocalPath = Annotated[str, _LOCAL]

M = TypeVar("M", bound=Frozen)


def path_keys(model: type[Frozen]) -> list[str]:
    """Return the keys of a model whose type is ``LocalPath``, or that or None."""
    fields = model.model_fields.items()
    # In ``LocalPath | None``, pydantic leaves the mark inside the union.
    return [key for key, field in fields if _LOCAL in field.metadata or LocalPath in get_args(field.annotation)]


def local_paths(model: Frozen, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the location of each path in a model and the models in it."""
    paths = path_keys(type(model))
    for key in type(model).model_fields:
        value = getattr(model, key)
        if key in paths and value is not None:
            yield (*at, key)
        elif isinstance(value, Frozen):
            yield from local_paths(value, (*at, key))


def with_paths(model: M, change: Callable[[str, tuple[str, ...]], str], at: tuple[str, ...] = ()) -> M:
    """Return a copy of a model in which each path, nested ones included, is ``change(path, location)``."""
    paths = path_keys(type(model))
    changes: dict[str, Any] = {}
    for key in type(model).model_fields:
        value = getattr(model, key)
        if key in paths and value is not None:
            changes[key] = change(value, (*at, key))
        elif isinstance(value, Frozen):
            changes[key] = with_paths(value, change, (*at, key))
    return model.model_copy(update=changes)


SilentClips = Annotated[
    Literal["keep", "leave_out"],
    Field(description="what to do with clips that hold no sound: silent, constant, or of a single sample"),
]


class Noise(Frozen):
    """Label noise to inject into verified training clips; the truth is kept, the clips are marked as unverified.

    Of each class, ``keep_verified`` of the clips stay verified, with the right label. Of the others, ``symmetric`` get
    another class's label drawn uniformly, ``class_to_class`` get the next class's label (sorted order, cyclic), and
    ``out_of_vocabulary`` are replaced by a clip from ``pool``, a folder of sounds of none of the classes.
    """

    symmetric: Annotated[
        Rate, Field(description="share of the clips not kept verified that get another class's label, drawn uniformly")
    ] = 0.0
    class_to_class: Annotated[
        Rate, Field(description="share of the clips not kept verified that get the next class's label")
    ] = 0.0
    out_of_vocabulary: Annotated[
        Rate, Field(description="share of the clips not kept verified that are replaced by a clip from the pool")
    ] = 0.0
    pool: Annotated[
        LocalPath | None, Field(description="folder of sounds of none of the classes, for out_of_vocabulary")
    ] = None
    keep_verified: Annotated[
        Rate, Field(description="share of each class that stays verified, with the right label")
    ] = 0.2
    seed: Annotated[Seed, Field(description="seed of the injected noise")] = 0


InjectedNoise = Annotated[Noise | None, Field(description="label noise to inject into verified training clips")]


ALL = "all"
_TESTED = "all, a fold, or a list of distinct folds"
_FOLD: list[dict[str, Any]] = [{"type": "string", "minLength": 1}, {"type": "integer"}]


def _tested(value: Any) -> Any:  # noqa: ANN401 -- any value of a file
    """Return ``all`` as it is, and a fold or a list of folds as a tuple of texts."""
    if value == ALL and isinstance(value, str):
        return value
    folds = value if isinstance(value, list | tuple) else [value]
    texts = tuple(str(fold).strip() for fold in folds if isinstance(fold, str | int) and not isinstance(fold, bool))
    if len(texts) < len(folds) or not all(texts) or len(set(texts)) < len(texts) or not texts:
        raise not_allowed((), _TESTED)
    return texts


class Folds(Frozen):
    """The folds of a data set, as its authors drew them: which of them are the test set.

    With ``test: all``, each fold is the test set in turn, of runs that are trained on the others.
    """

    column: Annotated[str, Field(min_length=1, description="the column of the fold; any text names a fold")] = "fold"
    test: Annotated[
        Literal["all"] | tuple[str, ...],
        BeforeValidator(_tested),
        WithJsonSchema(
            {
                "$comment": _TESTED,
                "anyOf": [
                    {"const": ALL},
                    *_FOLD,
                    {"type": "array", "items": {"anyOf": _FOLD}, "minItems": 1, "uniqueItems": True},
                ],
            }
        ),
        Field(description="the folds that are the test set, or all: each fold in turn"),
    ]

    @property
    def in_turn(self) -> bool:
        """Whether each fold is the test set in turn."""
        return self.test == ALL


def _folds(value: Any) -> Any:  # noqa: ANN401 -- any value of a file
    """Return the keys that ``all`` stands for, and any other value as it is."""
    return {"test": ALL} if value == ALL and isinstance(value, str) else value


TestedFolds = Annotated[
    Folds | None,
    BeforeValidator(_folds),
    Field(
        description="the folds of the data set that are the test set, in place of a split; all: each fold in turn",
        exclude_if=lambda folds: folds is None,
        json_schema_extra=lambda schema: schema["anyOf"].append({"const": ALL}),
    ),
]


def _or_all(schema: dict[str, Any]) -> None:
    """Let a schema of ``Folds`` take the text that stands for all of them."""
    schema["anyOf"] = [{"$ref": schema.pop("$ref")}, {"const": ALL}]


ChosenFolds = Annotated[
    Folds,
    BeforeValidator(_folds),
    Field(description="the folds that are the test set; all: each fold in turn", json_schema_extra=_or_all),
]
