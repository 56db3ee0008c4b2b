"""The parts of a report that depend on the method: verdict, cautions, tables, figures and methods.

A new method adds a case to ``method_report``; the type checker reports one that is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, assert_never

from analysis.figures.boxes import boxes
from analysis.figures.exploring.confidence_history import confidence_history
from analysis.figures.exploring.exploring_curves import exploring_curves
from analysis.figures.exploring.importance import importance
from analysis.figures.exploring.parallel import parallel
from analysis.figures.exploring.posterior import posterior
from analysis.figures.exploring.slices import slices
from analysis.figures.exploring.strips import strips
from analysis.figures.sweep import sweep
from analysis.findings.label_audit import label_audit
from analysis.findings.method_finding import GridFinding, MethodFinding, SearchFinding, SettleFinding, method_finding
from analysis.findings.paper.paper_claims import checks
from analysis.findings.paper.paper_runs import PaperRuns
from analysis.findings.paper.published import is_published_data
from analysis.results.reported_metric import lacking
from analysis.tables.accuracy import choice_table, metrics_tables, result_tables
from analysis.tables.clips import clip_tables
from analysis.tables.comparisons import compared_tables
from analysis.tables.exploration import search_table, settle_table
from analysis.tables.folds import fold_tables
from analysis.tables.labels.audit import audit_tables
from analysis.tables.labels.judge import label_tables
from analysis.tables.published import published_tables
from analysis.text.cautions.by_method import explored_cautions, grid_cautions
from analysis.text.cautions.clips import LEAKS, clip_cautions
from analysis.text.cautions.mixed_runs import mixed_code, mixed_processors
from analysis.text.folds import fold_cautions
from analysis.text.headline import headline
from analysis.text.methods.designs import grid_design, search_design, settle_design
from analysis.text.methods.parts import Methods, methods
from analysis.text.methods.procedures import NEXT_RUN
from analysis.text.phrases import so_far
from analysis.text.validation_clips import coarse_clips, earlier_version
from analysis.text.verdict_confirmed import search_verdict, settle_verdict
from analysis.text.verdict_grid import grid_verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.findings.label_audit import LabelAudit
    from analysis.findings.paper.claims import Check
    from analysis.plotting.figure import Figure
    from analysis.results.study_results import StudyResults
    from analysis.tables.table import Table
    from analysis.text.headline import Headline
    from analysis.text.methods.bibliography import References
    from analysis.text.methods.procedures import Procedure
    from trainables.storage.types import Location


@dataclass(frozen=True, eq=False)
class MethodReport:
    """The parts of a report that depend on the method. Every text is plain: labels in it are not escaped.

    Attributes:
        finding: the findings of the study.
        make_verdict: returns the verdict.
        make_cautions: returns the cautions.
        design: returns sentences on how runs were chosen, each with its heading, and adds the works that they cite.
        draw_exploring: draws what led to the choice.
        tabulate_exploring: tabulates what led to the choice.
        choice_tables: tabulates the choice, beside the results.
        storage: the storage location, in which the audit finds what the runs left; None if it is not at hand.

    """

    finding: MethodFinding
    make_verdict: Callable[[], str]
    make_cautions: Callable[[], tuple[str, ...]]
    design: Callable[[References], list[tuple[str, str]]]
    draw_exploring: Callable[[], tuple[Figure, ...]] = tuple
    tabulate_exploring: Callable[[], tuple[Table, ...]] = tuple
    choice_tables: Callable[[], tuple[Table, ...]] = tuple
    storage: Location | None = None

    @cached_property
    def headline(self) -> Headline:
        """The result in at most twelve words, and a sentence of advice."""
        return headline(self.finding)

    @cached_property
    def verdict(self) -> str:
        """Which configuration is best, how certain that is, and its test accuracy, in a few sentences.

        The choice sees validation accuracies only.
        """
        return so_far(self.finding.results) + self.make_verdict()

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """The cautions, a sentence each, serious ones first; empty if none applies."""
        plan = self.finding.plan
        leaks = [clips for clips in plan.dataset.doubtful if clips.doubt in LEAKS]
        return (
            *filter(None, [earlier_version(plan)]),
            *clip_cautions(leaks),
            *filter(None, [lacking(self.finding.results.runs, self.finding.results.metric)]),
            *mixed_code(self.finding.results),
            *mixed_processors(self.finding.results),
            *self.make_cautions(),
            *coarse_clips(plan),
            *fold_cautions(self.finding),
            *clip_cautions([clips for clips in plan.dataset.doubtful if clips not in leaks]),
        )

    @cached_property
    def exploring_figures(self) -> tuple[Figure, ...]:
        """What led to the choice; empty where nothing was explored."""
        return self.draw_exploring() if len(self.finding.explored.runs) else ()

    @cached_property
    def exploring_tables(self) -> tuple[Table, ...]:
        """What led to the choice; empty where nothing was explored."""
        return self.tabulate_exploring() if len(self.finding.explored.runs) else ()

    @cached_property
    def accuracy_figures(self) -> tuple[Figure, ...]:
        """Accuracy against each parameter that an arm varies."""
        return sweep(self.finding) if len(self.finding.reported.runs) else ()

    @cached_property
    def arm_figures(self) -> tuple[Figure, ...]:
        """The arms on each subset."""
        return boxes(self.finding) if len(self.finding.reported.runs) else ()

    @cached_property
    def accuracy_tables(self) -> tuple[Table, ...]:
        """The values of all configurations: the reported accuracy, then the one that is chosen by."""
        return tuple(result_tables(self.finding))

    @cached_property
    def result_tables(self) -> tuple[Table, ...]:
        """The choice and the values of all configurations, also by fold."""
        tables = (*self.choice_tables(), *self.accuracy_tables, *metrics_tables(self.finding))
        return (*tables, *fold_tables(self.finding))

    @cached_property
    def comparison_tables(self) -> tuple[Table, ...]:
        """Which configurations may be the best, and how arms differ."""
        return compared_tables(self.finding)

    @cached_property
    def clip_tables(self) -> tuple[Table, ...]:
        """Differences with other test clips, and results by class; empty without predictions for single clips."""
        return clip_tables(self.finding)

    @cached_property
    def label_tables(self) -> tuple[Table, ...]:
        """The orders by given and by verified validation labels; empty where all or none are verified."""
        return label_tables(self.finding)

    @cached_property
    def audit(self) -> LabelAudit | None:
        """The audit of the training labels; None without a storage location that keeps them.

        Raises:
            OSError: an object store cannot be reached.

        """
        if self.storage is None or self.finding.results.labels_problem:
            return None
        return label_audit(self.finding, self.storage)

    @cached_property
    def audit_tables(self) -> tuple[Table, ...]:
        """The most suspicious labels, the wrong ones by class, and how well they are found; empty without an audit."""
        return () if self.audit is None else audit_tables(self.audit)

    @cached_property
    def claims(self) -> tuple[Check, ...]:
        """The claims of the paper's text beside the study's runs; empty on other data than the paper's."""
        return tuple(checks(self.paper)) if self.paper else ()

    @cached_property
    def paper(self) -> PaperRuns | None:
        """The runs of the paper's settings; None on other data than the paper's."""
        if not is_published_data(self.finding.plan.dataset):
            return None
        explored = self.finding.explored_bests if isinstance(self.finding, SettleFinding) else None
        return PaperRuns(self.finding.reported, explored)

    @cached_property
    def published_tables(self) -> tuple[Table, ...]:
        """The study's numbers beside the published ones; empty on other data than the paper's."""
        return published_tables(self.paper, self.claims) if self.paper else ()

    @cached_property
    def methods(self) -> Methods:
        """How the numbers were made, for a paper."""
        return methods(self.finding, self.design, self._procedures)

    @cached_property
    def methods_beside_tables(self) -> Methods:
        """The methods without the procedures that the notes of the report's tables describe."""
        notes = " ".join(table.note for table in self._tables)
        others = (p for table in self._tables for p in table.procedures if f"{p.heading}: " not in notes)
        return methods(self.finding, self.design, others, beside_tables=True)

    @cached_property
    def _tables(self) -> tuple[Table, ...]:
        """The tables with results of statistical procedures."""
        shown = (
            (*self.result_tables, *self.comparison_tables, *self.clip_tables) if len(self.finding.reported.runs) else ()
        )
        return (*shown, *self.label_tables, *self.audit_tables, *self.published_tables)

    @cached_property
    def _procedures(self) -> tuple[Procedure, ...]:
        """The statistical procedures behind the report's numbers, in the order of its tables."""
        used = (procedure for table in self._tables for procedure in table.procedures)
        next_run = self.finding.best and self.finding.best.tested.next_run
        return tuple(dict.fromkeys((*used, *([NEXT_RUN] if next_run else []))))


def method_report(results: StudyResults, storage: Location | None = None) -> MethodReport:
    """Return the report of a study's method; its parts are computed on first access.

    Args:
        results: the study and its records.
        storage: the storage location that they lie in; without it the report has no label audit.

    """
    return replace(_of_method(results), storage=storage)


def _of_method(results: StudyResults) -> MethodReport:
    match finding := method_finding(results):
        case GridFinding():
            return MethodReport(
                finding,
                partial(grid_verdict, finding),
                partial(grid_cautions, finding),
                partial(grid_design, finding),
                choice_tables=lambda: (choice_table(finding),),
            )
        case SettleFinding():
            return MethodReport(
                finding,
                partial(settle_verdict, finding),
                partial(explored_cautions, finding),
                partial(settle_design, finding),
                draw_exploring=lambda: (*posterior(finding), *confidence_history(finding)),
                tabulate_exploring=lambda: (settle_table(finding),),
            )
        case SearchFinding():
            return MethodReport(
                finding,
                partial(search_verdict, finding),
                partial(explored_cautions, finding),
                partial(search_design, finding),
                draw_exploring=lambda: tuple(
                    figure
                    for draw in (strips, slices, exploring_curves, parallel, importance)
                    for figure in draw(finding)
                ),
                tabulate_exploring=lambda: (search_table(finding),),
            )
    assert_never(finding)
