"""The rules between the training settings of an arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.spec.open_models import Range, Values
from trainables.config import NEEDS
from trainables.settings import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from study.spec.open_arms import OpenArm


def settings_violations(arms: Iterable[OpenArm]) -> Iterator[Violation]:
    """Yield the settings of the arms that do nothing, or not what their names promise."""
    for arm in arms:
        yield from _without_effect(arm)
        yield from _adam_by_another_name(arm)


def _without_effect(arm: OpenArm) -> Iterator[Violation]:
    """Yield each open setting that some configurations of an arm ignore: they would be trained again for nothing."""
    for name, (other, value) in NEEDS.items():
        if isinstance(arm.open.get(name), Values | Range) and set(arm.possible(other)) != {value}:
            text = f"a value, or an arm of its own with {other} {value}: with another {other} it has no effect"
            yield Violation(arm.path(name), text)


def _adam_by_another_name(arm: OpenArm) -> Iterator[Violation]:
    if "adamw" in arm.possible("optimizer") and not any(arm.possible("weight_decay")):
        path = (*arm.path("optimizer")[:-1], "weight_decay")
        yield Violation(path, "a number above 0 with optimizer adamw, which equals adam without it")
