"""``Frozen``, the base of every model of a study file and of a run's configuration, and their validators' error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

NOT_ALLOWED = "not_allowed"  # type of the errors made by ``not_allowed``


class Frozen(BaseModel):
    """Base of every configuration: immutable, without unknown keys, without conversion from text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def not_allowed(at: tuple[str | int, ...], allowed: str) -> PydanticCustomError:
    """Return the error of a validator: which value under the validated one is refused, and what would be allowed."""
    return PydanticCustomError(NOT_ALLOWED, "allowed: {allowed}", {"at": at, "allowed": allowed})
