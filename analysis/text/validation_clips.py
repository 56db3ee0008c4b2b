"""What validation accuracies are over, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.config import SEMANTICS_VERSION

if TYPE_CHECKING:
    from trainables.plans import StudyPlan


def earlier_version(plan: StudyPlan) -> str:
    """State that a study's records are of an earlier version of the training; return "" for the present one."""
    if plan.semantics == SEMANTICS_VERSION:
        return ""
    return (
        "These runs were trained by an earlier version of gce-study: their validation accuracy, by which the study "
        "chooses, is over patches instead of clips, so it cannot be compared with that of newer runs."
    )
