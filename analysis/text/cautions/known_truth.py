"""A caution where a loss uses the true labels of training clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.text.phrases import joined

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults


def knows_truth(results: StudyResults) -> list[str]:
    """Return a caution that names the arms whose loss uses known true labels."""
    arms = list(dict.fromkeys(p.arm for p in results.plan.runs if p.run.configuration.loss.needs_truth))
    if not arms:
        return []
    text = (
        f"The loss of {joined(arms)} uses the true labels of training clips (matrix: injected). Where the truth is not "
        "known, it cannot be trained: it shows what knowledge of the noise is worth."
    )
    return [text]
