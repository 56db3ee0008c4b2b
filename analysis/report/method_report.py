"""The parts of a report that depend on the method: verdict, cautions, tables, figures and the methods paragraph.

A new method adds a class here and a case to ``method_report``; the type checker refuses a case that is missing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, assert_never

from analysis.figures.confidence_history import confidence_history
from analysis.figures.exploring_curves import exploring_curves
from analysis.figures.posterior import posterior
from analysis.figures.search import importance, parallel
from analysis.figures.sweep import exploring_sweep
from analysis.findings.finding import Finding, GridFinding, SearchFinding, SettleFinding
from analysis.tables.accuracy import choice_table
from analysis.tables.exploration import search_table, settle_table
from analysis.text.cautions import explored_cautions, grid_cautions
from analysis.text.methods import grid_design, methods, search_design, settle_design
from analysis.text.verdict_confirmed import search_verdict, settle_verdict
from analysis.text.verdict_grid import grid_verdict

if TYPE_CHECKING:
    from analysis.figures.figure import Figure
    from analysis.results.study_results import StudyResults
    from analysis.tables.table import Table


class MethodReport(ABC):
    """The parts of a report that depend on the method. Every text is plain: labels in it are not escaped."""

    finding: Finding

    @property
    @abstractmethod
    def verdict(self) -> str:
        """Which configuration is best, how sure that is, and what it scores on the test set, in a few sentences.

        The choice sees validation accuracies only.
        """

    @property
    @abstractmethod
    def cautions(self) -> tuple[str, ...]:
        """The cautions, a sentence each; empty if none applies or nothing is chosen."""

    @property
    @abstractmethod
    def methods(self) -> tuple[str, ...]:
        """How the numbers were made: a paragraph for a paper, and a line for each work that it cites."""

    @property
    def exploring_figures(self) -> tuple[Figure, ...]:
        """What led to the choice, drawn."""
        return ()

    @property
    def exploring_tables(self) -> tuple[Table, ...]:
        """What led to the choice, as tables."""
        return ()

    @property
    def choice_tables(self) -> tuple[Table, ...]:
        """The choice beside the results, as tables."""
        return ()


@dataclass(frozen=True, eq=False)
class GridReport(MethodReport):
    """The report of a grid."""

    finding: GridFinding

    @cached_property
    def verdict(self) -> str:
        """The best configuration on the main subset, and the gap to the next arm."""
        return grid_verdict(self.finding)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """The cautions on the best value of every arm."""
        return grid_cautions(self.finding)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """The methods, with the seeds of every configuration."""
        return methods(self.finding, partial(grid_design, self.finding))

    @property
    def choice_tables(self) -> tuple[Table, ...]:
        """The choice on each subset."""
        return (choice_table(self.finding),)


@dataclass(frozen=True, eq=False)
class SettleReport(MethodReport):
    """The report of a settle study."""

    finding: SettleFinding

    @cached_property
    def verdict(self) -> str:
        """The choice with its probability, and what fresh seeds score."""
        return settle_verdict(self.finding)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """The cautions on the chosen configuration."""
        return explored_cautions(self.finding)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """The methods, with the sampling of runs and the confirmation."""
        return methods(self.finding, partial(settle_design, self.finding))

    @property
    def exploring_figures(self) -> tuple[Figure, ...]:
        """The posterior, and how sure the choice became."""
        return (*posterior(self.finding), *confidence_history(self.finding))

    @property
    def exploring_tables(self) -> tuple[Table, ...]:
        """The posterior of each configuration."""
        return (settle_table(self.finding),)


@dataclass(frozen=True, eq=False)
class SearchReport(MethodReport):
    """The report of a search."""

    finding: SearchFinding

    @cached_property
    def verdict(self) -> str:
        """What was tried, the best of what was confirmed, and what fresh seeds score."""
        return search_verdict(self.finding)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """The cautions on the chosen configuration."""
        return explored_cautions(self.finding)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """The methods, with the sampler, early stopping and the confirmation."""
        return methods(self.finding, partial(search_design, self.finding))

    @property
    def exploring_figures(self) -> tuple[Figure, ...]:
        """What was sampled, and which parameters mattered."""
        finding = self.finding
        return (*exploring_sweep(finding), *exploring_curves(finding), *parallel(finding), *importance(finding))

    @property
    def exploring_tables(self) -> tuple[Table, ...]:
        """What was sampled."""
        return (search_table(self.finding),)


def method_report(results: StudyResults) -> MethodReport:
    """Return the report of a study's method."""
    match finding := Finding.of(results):
        case GridFinding():
            return GridReport(finding)
        case SettleFinding():
            return SettleReport(finding)
        case SearchFinding():
            return SearchReport(finding)
    assert_never(finding)
