"""The keys of a study file, the types of their values and their descriptions."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, field_validator

from study.spec.arms import DEFAULT_NETWORK, SHARED, Arm, OpenNetwork, OpenTraining
from study.spec.notify import Notify
from study.spec.open_arms import OpenArm, open_arm
from study.spec.study_features import FEATURES, StudyFeatures
from trainables.config import Training
from trainables.datasets.config import DataSet
from trainables.datasets.keys import with_paths
from trainables.frozen import Frozen, not_allowed
from trainables.settings import (
    Budget,
    CollapseRule,
    Controls,
    GpuPrices,
    Grid,
    Keep,
    MethodSpec,
    Name,
    SelectOn,
    distinct,
    selection_metric,
)
from trainables.storage.location import URL, URL_FORM, is_url

if TYPE_CHECKING:
    from trainables.records import SelectionMetric

MAX_SEEDS = 1000
MAX_PLUGINS = 50


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


def absolute(text: str, at: tuple[str | int, ...] = ()) -> str:
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


def _from_folder(paths: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Make the paths absolute: they start from the ``folder`` in the validation's context, that of the study file."""
    folder = Path((info.context or {}).get("folder", ""))
    relative = [bool(text.strip()) and not text.startswith(("/", "~")) for text in paths]
    joined = (str(folder / text) if below else text for text, below in zip(paths, relative, strict=True))
    return tuple(absolute(path, (i,)) for i, path in enumerate(joined))


Plugins = Annotated[
    tuple[str, ...],
    Field(strict=False, max_length=MAX_PLUGINS, json_schema_extra={"uniqueItems": True}),
    AfterValidator(distinct),
    AfterValidator(_from_folder),
]


class StudyKeys(Frozen):
    """The keys of a study file, each valid by itself; ``StudySpec`` adds the rules between them."""

    name: Annotated[Name, Field(description="the study's name; one per storage location")]
    description: Annotated[str, Field(description="what the study is for, in a sentence")] = ""
    plugins: Annotated[
        Plugins,
        Field(
            description="Python files, or package folders, that define losses or networks; paths start from this file"
        ),
    ] = ()
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
        Field(
            description="what to choose by: the accuracy on validation clips, or on the verified ones among them; "
            "or another metric"
        ),
    ] = "validation"
    collapse: CollapseRule = "set_aside"
    controls: Controls = ()
    # Omitted from dumps at its default, so that plans read as before.
    keep: Annotated[Keep, Field(exclude_if=lambda keep: keep == "best")] = "best"
    budget: Annotated[Budget, Field(description="limits at which the study ends; changes no result")] = Budget()
    features: Annotated[
        StudyFeatures,
        Field(description="log-mel frames and their patches, by default the paper's; and embeddings of the clips"),
    ] = FEATURES
    training: Annotated[OpenTraining, Field(description="the training protocol; every default is the paper's")] = (
        OpenTraining()
    )
    # Omitted from dumps at its default, so that plans read as before.
    network: Annotated[
        OpenNetwork,
        Field(
            description="the network of every arm that names none",
            exclude_if=lambda network: network == DEFAULT_NETWORK,
        ),
    ] = DEFAULT_NETWORK
    resources: Annotated[Resources, Field(description="what one run may use; changes no result")] = Resources()
    notify: Annotated[Notify | None, Field(description="where to post the study's events; changes no result")] = None
    storage: Annotated[
        str,
        Field(min_length=1, validate_default=True, description="folder, or s3://BUCKET/PREFIX, of records and plans"),
    ] = "results"

    @property
    def selected_on(self) -> SelectionMetric:
        """The metric to choose by."""
        return selection_metric(self.select_on)

    @property
    def on_verified(self) -> bool:
        """Whether the study chooses by verified validation clips alone."""
        return self.selected_on.startswith("verified")

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds of a grid, in order: ``12`` means 0 to 11; empty with other methods."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds or ()

    @cached_property
    def open_arms(self) -> tuple[OpenArm, ...]:
        """The arms with the training settings and the network that they take from the study."""
        return tuple(open_arm(arm, i, self.training, self.network) for i, arm in enumerate(self.arms))

    @property
    def subsets(self) -> tuple[str, ...]:
        """The subsets that the arms train on, in the order of the file."""
        return tuple(dict.fromkeys(name for arm in self.arms for name in arm.subsets))

    @property
    def varied_settings(self) -> tuple[str, ...]:
        """The training settings that an arm leaves open, or in which arms differ."""
        arms = self.open_arms
        values = {name: [arm.parameters[name].value for arm in arms] for name in Training.model_fields}
        return tuple(
            name
            for name, of in values.items()
            if any(name in arm.open or of[0] != v for arm, v in zip(arms, of, strict=True))
        )

    @property
    def splitting(self) -> Training:
        """The training protocol as far as all runs share it: which clips they hold out to validate."""
        return Training.model_validate({name: getattr(self.training, name) for name in SHARED})

    @field_validator("storage")
    @classmethod
    def _storage_is_a_location(cls, storage: str) -> str:
        return absolute(storage)

    @cached_property
    def uses_frames(self) -> bool:
        """Whether the network of a run receives log-mel frames."""
        return any(kind.needs_frames for arm in self.open_arms for kind in arm.kinds())

    @cached_property
    def uses_embeddings(self) -> bool:
        """Whether a run uses embeddings."""
        return any(kind.needs_embeddings for arm in self.open_arms for kind in arm.kinds())

    @field_validator("dataset")
    @classmethod
    def _paths_are_absolute(cls, dataset: DataSet) -> DataSet:
        return with_paths(dataset, absolute)

    @field_validator("features")
    @classmethod
    def _embeddings_are_absolute(cls, features: StudyFeatures) -> StudyFeatures:
        return with_paths(features, absolute)
