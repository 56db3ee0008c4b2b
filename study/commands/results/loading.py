"""Load the results of a study that a command names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.reported_metric import of_metric
from analysis.results.study_results import load_results
from study.errors import UsageError
from study.ledger.registry import find_plan

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from study.commands.options import StudyPlace


def load(place: StudyPlace, metric: str = "accuracy", *, show_test: bool) -> StudyResults:
    """Load a study; if it does not exist, raise UnknownStudyError, which lists those that do."""
    find_plan(*place)
    results = load_results(*place, show_test=show_test)
    try:
        return of_metric(results, metric)
    except ValueError as error:
        raise UsageError(str(error)) from None
