"""The rules of a study file on mixup and masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.spec.open_models import Range, Values
from trainables.config import NEEDS_ONE
from trainables.settings import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from study.spec.open_arms import OpenArm
    from trainables.config import Features


def augmentation_violations(arms: Iterable[OpenArm], features: Features) -> Iterator[Violation]:
    """Yield what keeps the training patches of the arms from being mixed or masked as stated."""
    for arm in arms:
        for name, size, what in (
            ("time_mask", features.patch_frames, "frames of a patch (features.patch_frames)"),
            ("frequency_mask", features.mels, "mel bands (features.mels)"),
        ):
            if max(arm.possible(name)) >= size:
                yield Violation(arm.path(name), f"less than the {size} {what}")
        for name, others in NEEDS_ONE.items():
            if isinstance(arm.open.get(name), Values | Range) and all(0 in arm.possible(other) for other in others):
                text = f"a value: where {' and '.join(others)} may be 0, it has no effect in some configurations"
                yield Violation(arm.path(name), text)
        if any(arm.possible("mixup")):
            yield from _mixup(arm)


def _mixup(arm: OpenArm) -> Iterator[Violation]:
    if max(arm.possible("mixup_after")) >= min(arm.possible("epochs")):
        text = f"less than training.epochs ({min(arm.possible('epochs'))})"
        yield Violation(arm.path("mixup_after"), text)
    if "distances" in arm.parameters and "penultimate" in arm.possible("distances"):
        text = f"0 with arm {arm.name}: its q needs features of patches that are not mixed, or distances: input instead"
        yield Violation(arm.path("mixup"), text)
