"""The rules between the training settings of an arm, its loss and the study's features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.spec.open_models import Range, Values
from trainables.config import NEEDS, NEEDS_ONE
from trainables.losses.base import Loss
from trainables.losses.memory.settings import Pruning, ScheduledGCE, TruncatedGCE
from trainables.settings import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from study.spec.open_arms import OpenArm
    from trainables.feature_settings import Features


def settings_violations(arms: Iterable[OpenArm], features: Features) -> Iterator[Violation]:
    """Yield the settings of the arms that do nothing, or not what their names promise."""
    for arm in arms:
        yield from _without_effect(arm)
        yield from _adam_by_another_name(arm)
        yield from _masks(arm, features)
        yield from _mixup(arm)
        yield from _stages(arm)


def _without_effect(arm: OpenArm) -> Iterator[Violation]:
    """Yield each open setting that some configurations of an arm ignore: they would be trained again for nothing."""
    for name, (other, value) in NEEDS.items():
        if name in arm.open and set(arm.possible(other)) != {value}:
            text = f"a value, or a separate arm with {other} {value}: with any other {other} it has no effect"
            yield Violation(arm.path(name), text)
    for name, others in NEEDS_ONE.items():
        if isinstance(arm.open.get(name), Values | Range) and all(0 in arm.possible(other) for other in others):
            text = f"a value: where {' and '.join(others)} may be 0, it has no effect in some configurations"
            yield Violation(arm.path(name), text)


def _adam_by_another_name(arm: OpenArm) -> Iterator[Violation]:
    if "adamw" in arm.possible("optimizer") and not any(arm.possible("weight_decay")):
        path = (*arm.path("optimizer")[:-1], "weight_decay")
        yield Violation(path, "a number above 0 with optimizer adamw, which equals adam without it")


def _masks(arm: OpenArm, features: Features) -> Iterator[Violation]:
    """Yield masks that may hide a whole patch."""
    for name, size, what in (
        ("time_mask", features.patch_frames, "frames of a patch (features.patch_frames)"),
        ("frequency_mask", features.mels, "mel bands (features.mels)"),
    ):
        if max(arm.possible(name)) >= size:
            yield Violation(arm.path(name), f"less than the {size} {what}")


def _mixup(arm: OpenArm) -> Iterator[Violation]:
    """Yield mixup that never begins, or that has no meaning with the arm's loss."""
    if not any(arm.possible("mixup")):
        return
    epochs = min(arm.possible("epochs"))
    if max(arm.possible("mixup_after")) >= epochs:
        yield Violation(arm.path("mixup_after"), f"less than training.epochs ({epochs})")
    if issubclass(arm.loss.of, Loss) and not arm.loss.of.mixes:
        text = f"0 with arm {arm.name}: its loss remembers what the network predicts for each unmixed patch"
        yield Violation(arm.path("mixup"), text)
    if "distances" in arm.parameters and "penultimate" in arm.possible("distances"):
        text = f"0 with arm {arm.name}, or distances: input there: penultimate distances need unmixed patches"
        yield Violation(arm.path("mixup"), text)


def _stages(arm: OpenArm) -> Iterator[Violation]:
    """Yield the parameters with which a built-in loss would never leave its first stage."""
    epochs = min(arm.possible("epochs"))
    if arm.loss.of is TruncatedGCE:
        every = arm.possible("every")
        last = min(epochs // multiple * multiple for multiple in every)
        if last == 0:
            yield Violation(arm.path("every"), f"at most training.epochs ({epochs}), or no patch is ever left out")
        elif max(arm.possible("start")) > last:
            text = f"at most {last}, the last multiple of every in {epochs} epochs, or no patch is ever left out"
            yield Violation(arm.path("start"), text)
    elif arm.loss.of in {ScheduledGCE, Pruning} and max(arm.possible("warm_up")) >= epochs:
        yield Violation(arm.path("warm_up"), f"less than training.epochs ({epochs}), as the warm-up has to end")
