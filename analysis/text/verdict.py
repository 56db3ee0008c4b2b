"""A few short sentences on what a study found, made from its numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.text.verdict_confirmed import search_verdict, settle_verdict
from analysis.text.verdict_grid import grid_verdict

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults


def verdict(results: StudyResults) -> str:
    """Say which configuration is best, how sure that is, what it scores on the test set, and the gap to other arms.

    The choice sees validation accuracies only. The text is plain: labels in it are not escaped for HTML or a terminal.
    """
    verdicts = {"settle": settle_verdict, "search": search_verdict}
    return verdicts.get(results.plan.method, grid_verdict)(results)
