"""What a study file may say: the models, their limits, and the JSON Schema that editors complete from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from study.arms import Arm, Name, Range, distinct
from study.method_specs import Budget, Grid, MethodSpec
from study.methods.method import SelectOn  # noqa: TC001 -- pydantic reads it at run time
from study.notify import Notify  # noqa: TC001 -- pydantic reads it at run time
from study.rules import MOST_CONFIGURATIONS, broken
from study.wording import NOT_ALLOWED, not_allowed, shown
from trainables.config import Frozen, Training
from trainables.datasets.config import DataSet  # noqa: TC001 -- pydantic reads it at run time
from trainables.storage import URL, URL_FORM, is_url

if TYPE_CHECKING:
    from trainables.config import Loss, Subset

M = TypeVar("M", bound=Frozen)

MOST_SEEDS = 1000


_Price = Annotated[float, Field(ge=0, le=1e6)]


class Resources(Frozen):
    """What one run may use, and how many run at once. Changes no result."""

    cpus_per_run: Annotated[int, Field(ge=1, le=1024, description="CPU cores of one run")] = 1
    gpus_per_run: Annotated[
        float, Field(ge=0, le=1024, description="GPUs of one run: a fraction below 1 shares a GPU; above 1 whole only")
    ] = 0.0
    max_concurrent: Annotated[
        Annotated[int, Field(ge=1, le=100_000)] | None, Field(description="most runs at once; null is as many as fit")
    ] = None
    price_per_gpu_hour: Annotated[
        Annotated[
            Annotated[_Price, Tag("value")] | Annotated[dict[str, _Price], Tag("values")],
            Discriminator(lambda value: "values" if isinstance(value, dict) else "value"),
        ]
        | None,
        Field(description="what an hour of one GPU costs: a number, or a number for each device (a part of its name)"),
    ] = None

    @field_validator("gpus_per_run")
    @classmethod
    def _whole_above_one(cls, gpus: float) -> float:
        if gpus > 1 and not gpus.is_integer():
            raise not_allowed((), "a number below 1 or a whole number")
        return gpus


def _seeds_branch(value: Any) -> Literal["value", "values"]:  # noqa: ANN401 -- whatever a file holds there
    return "values" if isinstance(value, list | tuple) else "value"


_Seed = Annotated[int, Field(ge=0, lt=2**31)]
_SeedCount = Annotated[int, Field(ge=1, le=MOST_SEEDS), Tag("value")]
_SeedList = Annotated[
    tuple[_Seed, ...],
    # Not strict about the container alone: YAML and JSON give lists.
    Field(strict=False, min_length=1, max_length=MOST_SEEDS, json_schema_extra={"uniqueItems": True}),
    AfterValidator(distinct),
    Tag("values"),
]
Seeds = Annotated[_SeedCount | _SeedList, Discriminator(_seeds_branch)]


# Keys of a study that are paths on this machine.
PATHS = ("root", "path", "pool", "storage")


def absolute(text: str, at: tuple[str, ...] = ()) -> str:
    """Return a path with ``~`` expanded, made absolute from the current working directory; a URL stays one.

    Raises:
        PydanticCustomError: it is empty, has characters that do not print, names an unknown user's home, or is a URL of
            another form than ``trainables.storage.URL_FORM``.

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


def _with_absolute_paths(model: M, at: tuple[str, ...] = ()) -> M:
    changes: dict[str, Any] = {}
    for key in type(model).model_fields:
        value = getattr(model, key)
        if key in PATHS and isinstance(value, str):
            changes[key] = absolute(value, (*at, key))
        elif isinstance(value, Frozen):
            changes[key] = _with_absolute_paths(value, (*at, key))
    return model.model_copy(update=changes)


class StudySpec(Frozen):
    """A study: which configurations are compared, on what data, with which seeds."""

    name: Annotated[Name, Field(description="the study's name; one per storage location")]
    description: Annotated[str, Field(description="what the study is for, in a sentence")] = ""
    dataset: Annotated[DataSet, Field(description="the data set; its kind decides the other keys")]
    arms: Annotated[
        tuple[Arm, ...], Field(strict=False, min_length=1, max_length=1000, description="what is compared, in order")
    ]
    method: Annotated[MethodSpec, Field(description="how runs are chosen")] = Grid()
    seeds: Annotated[
        Seeds | None, Field(description="with method grid: how many seeds (n means 0 to n - 1), or a list of them")
    ] = None
    select_on: Annotated[
        SelectOn,
        Field(description="the accuracy to choose by: on validation clips, or on the verified ones among them"),
    ] = "validation"
    controls: Annotated[
        tuple[Literal["fixed_q"], ...],
        Field(strict=False, description="fixed_q: a GCE arm at the mean q of each adaptive configuration"),
        AfterValidator(distinct),
    ] = ()
    budget: Annotated[Budget, Field(description="where the study ends in order; changes no result")] = Budget()
    training: Annotated[Training, Field(description="the training protocol; every default is the paper's")] = Training()
    resources: Annotated[Resources, Field(description="what one run may use; changes no result")] = Resources()
    notify: Annotated[Notify | None, Field(description="whom to tell how the study goes; changes no result")] = None
    storage: Annotated[
        str,
        Field(min_length=1, validate_default=True, description="folder, or s3://BUCKET/PREFIX, of records and plans"),
    ] = "results"

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds of a grid, in order: ``12`` means 0 to 11; empty with other methods."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds or ()

    @field_validator("storage")
    @classmethod
    def _storage_is_a_location(cls, storage: str) -> str:
        return absolute(storage)

    @field_validator("dataset")
    @classmethod
    def _paths_are_absolute(cls, dataset: DataSet) -> DataSet:
        return _with_absolute_paths(dataset)

    @field_validator("arms")
    @classmethod
    def _arms_differ(cls, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
        first: dict[str, int] = {}
        for i, arm in enumerate(arms):
            if arm.name in first:
                raise not_allowed((i, "name"), f"a name of its own (arms[{first[arm.name]}] has the same)")
            first[arm.name] = i
        if sum(arm.size for arm in arms) > MOST_CONFIGURATIONS:
            raise not_allowed((), f"arms of at most {MOST_CONFIGURATIONS} configurations together")
        owner: dict[tuple[Loss, Subset], Arm] = {}
        for i, arm in enumerate(arms):
            if any(isinstance(value, Range) for value in arm.open.values()):
                continue
            for choice in arm.choices():
                other = owner.setdefault((choice.loss, choice.subset), arm)
                if other is not arm:
                    both = shown({"loss": choice.loss.model_dump(exclude_none=True), "subset": choice.subset})
                    text = f"a configuration in one arm only (arms {other.name} and {arm.name} both name {both})"
                    raise not_allowed((i, "name"), text)
        return arms

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        """Refuse a study that breaks rules between keys; the error carries all of them."""
        if problems := broken(self):
            (at, allowed), *more = problems
            raise PydanticCustomError(NOT_ALLOWED, "allowed: {allowed}", {"at": at, "allowed": allowed, "more": more})
        return self


# Keys that their models describe by their own docstring or not at all; ``Model.key`` goes before ``key``.
_DESCRIPTIONS = {
    "rule": "which losses are dropped: those near the batch's largest, or its outliers",
    "reading": "how a batch's scores become one: their mean, the pooled ratio, or each clip its own",
    "distances": "between what the distances are taken: the input patches or the penultimate features",
    "kind": "where the clips come from",
    "root": "folder of the data set",
    "CSV.path": "CSV file of path,label,split,verified and optionally true_label",
    "CSV.root": "folder the CSV's paths start from; the CSV's own when absent",
    "CSV.noise": "label noise to inject into verified training clips",
    "Folder.root": "folder of ROOT/train/CLASS/* and ROOT/test/CLASS/*, or of ROOT/CLASS/*",
    "Folder.noise": "label noise to inject into verified training clips",
    "Folder.verified": "whether the training labels are verified",
    "Folder.test_seed": "seed of the test share",
    "Noise.symmetric": "share of the clips not kept verified that get another class's label, drawn uniformly",
    "Noise.class_to_class": "share of the clips not kept verified that get the next class's label",
    "Noise.out_of_vocabulary": "share of the clips not kept verified that are replaced by a clip from the pool",
    "Noise.pool": "folder of sounds of no class, for out_of_vocabulary",
    "Noise.keep_verified": "share of each class that stays verified and right",
    "Noise.seed": "seed of the injected noise",
    "Synthetic.seed": "seed of the synthesised sounds and labels",
    "Synthetic.train_per_class": "training clips of each class",
    "Synthetic.test_per_class": "test clips of each class",
    "Synthetic.noise": "share of the unverified clips that carry another class's label",
    "Synthetic.keep_verified": "share of each class that is verified and right",
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a study file, every key with a description."""
    schema = StudySpec.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        for key, value in model.get("properties", {}).items():
            text = _DESCRIPTIONS.get(f"{model['title']}.{key}") or _DESCRIPTIONS.get(key)
            if text and "description" not in value:
                value["description"] = text
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
