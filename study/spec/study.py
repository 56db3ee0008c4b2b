"""The models of a study file, their limits, and the JSON Schema that editors use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from study.spec.arms import Arm, Range
from study.spec.keys import MAX_CONFIGURATIONS, Resources, Seeds, absolute
from study.spec.messages import shown
from study.spec.notify import Notify
from study.spec.rules import violations
from trainables.config import Frozen, Training
from trainables.datasets.config import DataSet, with_paths
from trainables.records import SelectOn
from trainables.settings import NOT_ALLOWED, Budget, Controls, Grid, MethodSpec, Name, not_allowed

if TYPE_CHECKING:
    from trainables.config import Loss, Subset


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
    controls: Controls = ()
    budget: Annotated[Budget, Field(description="limits at which the study ends; changes no result")] = Budget()
    training: Annotated[Training, Field(description="the training protocol; every default is the paper's")] = Training()
    resources: Annotated[Resources, Field(description="what one run may use; changes no result")] = Resources()
    notify: Annotated[Notify | None, Field(description="where to post the study's events; changes no result")] = None
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
        return with_paths(dataset, absolute)

    @field_validator("arms")
    @classmethod
    def _arms_differ(cls, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
        first: dict[str, int] = {}
        for i, arm in enumerate(arms):
            if arm.name in first:
                raise not_allowed((i, "name"), f"a name of its own (arms[{first[arm.name]}] has the same)")
            first[arm.name] = i
        if sum(arm.size for arm in arms) > MAX_CONFIGURATIONS:
            raise not_allowed((), f"arms of at most {MAX_CONFIGURATIONS} configurations together")
        first_arm: dict[tuple[Loss, Subset], Arm] = {}
        for i, arm in enumerate(arms):
            if any(isinstance(value, Range) for value in arm.open.values()):
                continue
            for choice in arm.choices():
                other = first_arm.setdefault((choice.loss, choice.subset), arm)
                if other is not arm:
                    both = shown({"loss": choice.loss.model_dump(exclude_none=True), "subset": choice.subset})
                    text = f"a configuration in one arm only (arms {other.name} and {arm.name} both name {both})"
                    raise not_allowed((i, "name"), text)
        return arms

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        """Refuse a study that breaks rules between keys; the error carries all of them."""
        if problems := violations(self):
            (at, allowed), *more = problems
            raise PydanticCustomError(NOT_ALLOWED, "allowed: {allowed}", {"at": at, "allowed": allowed, "more": more})
        return self


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a study file, every key with a description."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | StudySpec.model_json_schema()
