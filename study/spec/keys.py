"""The keys of a study file and the types of their values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator

from trainables.config import Frozen
from trainables.settings import GpuPrices, distinct, not_allowed
from trainables.storage.location import URL, URL_FORM, is_url

MAX_CONFIGURATIONS = 10_000
MAX_SEEDS = 1000


class Resources(Frozen):
    """Resources of one run, and how many runs are trained at once. Changes no result."""

    cpus_per_run: Annotated[int, Field(ge=1, le=1024, description="CPU cores of one run")] = 1
    gpus_per_run: Annotated[
        float,
        Field(
            ge=0, le=1024, description="GPUs of one run: a fraction below 1 shares a GPU; above 1, whole numbers only"
        ),
    ] = 0.0
    max_concurrent: Annotated[
        Annotated[int, Field(ge=1, le=100_000)] | None,
        Field(description="maximum number of runs at once; null means as many as fit"),
    ] = None
    price_per_gpu_hour: GpuPrices = None

    @field_validator("gpus_per_run")
    @classmethod
    def _whole_above_one(cls, gpus: float) -> float:
        if gpus > 1 and not gpus.is_integer():
            raise not_allowed((), "a number below 1 or a whole number")
        return gpus


def _seeds_branch(value: Any) -> Literal["value", "values"]:  # noqa: ANN401 -- any value of a file
    return "values" if isinstance(value, list | tuple) else "value"


_Seed = Annotated[int, Field(ge=0, lt=2**31)]


_SeedCount = Annotated[int, Field(ge=1, le=MAX_SEEDS), Tag("value")]


_SeedList = Annotated[
    tuple[_Seed, ...],
    # Not strict about the container, because YAML and JSON have only lists.
    Field(strict=False, min_length=1, max_length=MAX_SEEDS, json_schema_extra={"uniqueItems": True}),
    AfterValidator(distinct),
    Tag("values"),
]


Seeds = Annotated[_SeedCount | _SeedList, Discriminator(_seeds_branch)]


def absolute(text: str, at: tuple[str, ...] = ()) -> str:
    """Return a path with ``~`` expanded, made absolute from the current directory; a URL is kept.

    Raises:
        PydanticCustomError: it is empty, has characters that do not print, names an unknown user's home, or is a URL of
            another form than ``trainables.storage.location.URL_FORM``.

    """
    if not text.strip() or not text.isprintable():
        raise not_allowed(at, "a path of printable characters")
    if is_url(text):
        if not URL.fullmatch(text):
            raise not_allowed(at, f"a path, or {URL_FORM}")
        return text.rstrip("/")
    try:
        return str(Path(text).expanduser().absolute())
    except RuntimeError:
        raise not_allowed(at, "a path; ~ must be the home of a user of this machine") from None
