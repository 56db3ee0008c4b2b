"""Keys that several kinds of data sets share: paths, and label noise to inject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from pydantic import Field

from trainables.frozen import Frozen

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
