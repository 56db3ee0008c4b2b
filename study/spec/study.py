"""The models of a study file, their limits, and the JSON Schema that editors use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from study.spec.arms import Arm, Range
from study.spec.keys import MAX_CONFIGURATIONS, StudyKeys
from study.spec.messages import shown
from study.spec.rules import violations
from trainables.settings import NOT_ALLOWED, not_allowed

if TYPE_CHECKING:
    from trainables.config import Subset
    from trainables.losses.base import Loss


class StudySpec(StudyKeys):
    """A study: which configurations are compared, on what data, with which seeds."""

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
