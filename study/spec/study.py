"""The models of a study file, their limits, and the JSON Schema that editors use."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Self

from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from study.spec.arms import Arm  # noqa: TC001 -- pydantic reads the annotation
from study.spec.keys import StudyKeys
from study.spec.rules.between_keys import violations
from trainables.frozen import NOT_ALLOWED, Frozen, not_allowed
from trainables.losses.registry import known_losses
from trainables.networks.registry import known_networks


class StudySpec(StudyKeys):
    """A study: which configurations are compared, on what data, with which seeds."""

    @field_validator("arms")
    @classmethod
    def _names_differ(cls, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
        first: dict[str, int] = {}
        for i, arm in enumerate(arms):
            if arm.name in first:
                raise not_allowed((i, "name"), f"a name of its own (arms[{first[arm.name]}] has the same)")
            first[arm.name] = i
        return arms

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        """Refuse a study that breaks rules between keys; the error carries all of them."""
        if problems := violations(self):
            (at, allowed), *more = problems
            raise PydanticCustomError(NOT_ALLOWED, "allowed: {allowed}", {"at": at, "allowed": allowed, "more": more})
        return self


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a study file, every key with a description; not to be changed."""
    return _json_schema(tuple(known_losses().values()), tuple(known_networks().values()))


@lru_cache(maxsize=4)
def _json_schema(*models: tuple[type[Frozen], ...]) -> dict[str, Any]:  # noqa: ARG001 -- on which the schema depends
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | StudySpec.model_json_schema()
