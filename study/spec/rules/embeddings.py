"""The rules of a study file about embeddings, and about temperatures relative to the distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.losses.catalogue import AdaptiveGCE
from trainables.settings import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.keys import StudyKeys
    from study.spec.open_arms import OpenArm

NAMED = "features.embeddings must name the embeddings of the clips"
RELATIVE = "relative_temperature"
MASKS = ("time_mask", "frequency_mask")


def embedding_violations(spec: StudyKeys) -> Iterator[Violation]:
    """Yield what needs embeddings where the study has none, and temperatures that are given twice."""
    for i, arm in enumerate(spec.open_arms):
        kinds = tuple(arm.kinds())
        if spec.features.embeddings is None:
            if any(not kind.needs_frames for kind in kinds):
                where: tuple[str | int, ...] = ("arms", i) if spec.arms[i].network else ()
                yield Violation(
                    (*where, "network", "name"), f"a network on log-mel frames; for one on embeddings, {NAMED}"
                )
            if any(kind.loss.needs_embeddings for kind in kinds):
                if "distances" in arm.parameters:
                    yield Violation(arm.path("distances"), f"input or penultimate; for embedding, {NAMED}")
                else:
                    yield Violation(("arms", i, "loss", "name"), f"a loss without embeddings; for this one, {NAMED}")
        if any(not kind.needs_frames for kind in kinds):
            for mask in MASKS:
                if any(arm.possible(mask)):
                    yield Violation(
                        arm.path(mask), f"0, as arm {arm.name} trains on embeddings, which have no such axis"
                    )
        if any(isinstance(kind.loss, AdaptiveGCE) for kind in kinds):
            yield from _relative(arm)


def _relative(arm: OpenArm) -> Iterator[Violation]:
    """Yield a temperature beside a relative one."""
    default = AdaptiveGCE.model_fields["temperature"].default
    if arm.parameters[RELATIVE].value is not None and arm.parameters["temperature"].value != default:
        yield Violation(arm.path("temperature"), f"no temperature beside {RELATIVE}, which replaces it")
