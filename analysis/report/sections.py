"""What a report holds, in reading order: sections of text, figures and tables, the same in every format."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from analysis.figures.adaptive_q.against_t import q_vs_t
from analysis.figures.adaptive_q.per_epoch import q_per_epoch
from analysis.figures.clips import class_differences, clips_per_class, confusion
from analysis.figures.label_audit.noise_rates import noise_rates
from analysis.figures.label_audit.transition import transition
from analysis.figures.learning_curves import learning_curves
from analysis.figures.pairs import pairs
from analysis.figures.run_map import run_map
from analysis.figures.training_time import training_time
from analysis.report.first_screen import FirstScreen
from analysis.report.how_to_read import HOW_TO_READ
from analysis.report.notes import captions_once, sentences_once
from analysis.tables.accuracy import left_out_table, skipped_table
from analysis.tables.comparisons import seeds_in_words
from analysis.tables.provenance import cost_table, data_table, provenance_table, settings_table
from analysis.tables.published import claims_in_words
from analysis.text.label_audit import audit_paragraphs
from analysis.text.label_judge import label_paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.findings.finding import Finding
    from analysis.findings.label_audit import LabelAudit
    from analysis.plotting.figure import Figure
    from analysis.report.method_report import MethodReport
    from analysis.tables.table import Table

AUDIT, READING = "Label audit", "How to read this"  # titles of sections
T = TypeVar("T")
Group: TypeAlias = Literal["Answer", "Evidence", "Appendix"]


@dataclass(frozen=True)
class Section:
    """One section of the report: a heading, then paragraphs of plain text, lists, figures, and tables.

    Attributes:
        title: unique in the report.
        figures: drawn for the report.
        tables: of the report.
        text: paragraphs.
        terms: of a list of definitions after them: what each is, and a paragraph on it.
        points: of the list after that.
        group: where the section stands: in the answer, in what supports it, or in the appendix.
        first_figure: the number of its first figure in the whole report.
        first_table: the number of its first table in the whole report.

    """

    title: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    text: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    points: tuple[str, ...] = ()
    group: Group = "Evidence"
    first_figure: int = 1
    first_table: int = 1

    @property
    def words(self) -> bool:
        """Whether it has words beside those of its figures and tables."""
        return bool(self.text or self.terms or self.points)

    @property
    def slug(self) -> str:
        """The title as part of an address: ``adaptive-q``."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def report_sections(report: MethodReport) -> list[Section]:
    """Return the report's sections in reading order: the answer's figure and table, the evidence, the appendix.

    No figure or table appears twice, and no caption or note repeats what an earlier one states.
    """
    screen = FirstScreen(report)
    answer = Section("Answer", _known(screen.figure), _known(screen.table), points=report.cautions, group="Answer")
    others = [_without(section, answer) for section in (*_evidence(report), *_appendix(report))]
    sections = [part for part in (answer, *others) if part.figures or part.tables or part.words]
    return _with_numbers(_with_distinct_names(sections))


def _evidence(report: MethodReport) -> list[Section]:
    finding = report.finding
    sections = [Section("Exploring", report.exploring_figures, report.exploring_tables)]
    if len(finding.reported.runs):
        where = " on each subset" if len(finding.subsets) > 1 else ""
        sections += [
            Section("Accuracy", report.accuracy_figures),
            Section("Results", (), report.result_tables),
            Section(f"Arms{where}", (*report.arm_figures, *pairs(finding))),
            Section("Comparisons", (), report.comparison_tables, seeds_in_words(finding)),
        ]
    if report.published_tables:
        sections.append(Section("Published", (), report.published_tables, claims_in_words(report.claims)))
    if len(finding.reported.runs):
        sections.append(clips_section(finding, report.clip_tables))
    sections += [
        labels_section(finding, report.label_tables),
        audit_section(report.audit, report.audit_tables),
    ]
    if len(finding.reported.runs):
        sections.append(Section("Learning curves", learning_curves(finding)))
    return [*sections, Section("Adaptive q", (*q_per_epoch(finding.results), *q_vs_t(finding.results)))]


def _appendix(report: MethodReport) -> list[Section]:
    results = report.finding.results
    left_out = tuple(table for table in (left_out_table(results.runs), skipped_table(results)) if table.rows)
    methods = report.methods_beside_tables
    cost = (*run_map(results), *training_time(report.finding.reported))
    return [
        Section("Left out", (), left_out, group="Appendix"),
        Section("Runs and their cost", cost, (cost_table(results),), group="Appendix"),
        Section("Data", clips_per_class(results), (data_table(results),), group="Appendix"),
        Section("Methods", terms=methods.parts, points=methods.works, group="Appendix"),
        Section("Provenance", (), (settings_table(results), provenance_table(results)), group="Appendix"),
        Section(READING, points=HOW_TO_READ, group="Appendix"),
    ]


def _known(part: T | None) -> tuple[T, ...]:
    return () if part is None else (part,)


def _without(section: Section, answer: Section) -> Section:
    """Return a section without the figure and the table that the answer has."""
    figures = tuple(figure for figure in section.figures if all(figure is not shown for shown in answer.figures))
    tables = tuple(table for table in section.tables if all(table is not shown for shown in answer.tables))
    return replace(section, figures=figures, tables=tables)


def _with_numbers(sections: list[Section]) -> list[Section]:
    """Number figures and tables through the report, without what an earlier caption or note already states."""
    figures = captions_once(figure for section in sections for figure in section.figures)
    tables = sentences_once(table for section in sections for table in section.tables)
    numbered = []
    figure = table = 0
    for section in sections:
        after_figures, after_tables = figure + len(section.figures), table + len(section.tables)
        numbered.append(
            replace(
                section,
                figures=figures[figure:after_figures],
                tables=tables[table:after_tables],
                first_figure=figure + 1,
                first_table=table + 1,
            )
        )
        figure, table = after_figures, after_tables
    return numbered


def labels_section(finding: Finding, tables: tuple[Table, ...]) -> Section:
    """Return the section on validation labels as given and verified; empty where all or none are verified."""
    judges = finding.label_judges
    where = [f"{judge.subset}: " if len(judges) > 1 else "" for judge in judges]
    texts = [" ".join(label_paragraphs(judge, finding.plan)) for judge in judges]
    return Section("Validation labels", (), tables, tuple(map("".join, zip(where, texts, strict=True))))


def audit_section(audit: LabelAudit | None, tables: tuple[Table, ...]) -> Section:
    """Return the section on the training labels; empty without an audit."""
    if audit is None:
        return Section(AUDIT)
    figures = (*noise_rates(audit), *transition(audit)) if audit.runs else ()
    return Section(AUDIT, figures, tables, audit_paragraphs(audit))


def clips_section(finding: Finding, tables: tuple[Table, ...]) -> Section:
    """Return the section on the test clips; empty without their labels or predictions.

    A study's choice is compared with the other arm that does best on validation; each arm is represented by its best
    on validation.
    """
    problem, clips = finding.results.labels_problem, finding.clips
    if clips is None:
        return Section("Test clips", text=(f"Single clips are not analysed: {problem}.",) if problem else ())
    return Section("Test clips", (*confusion(clips), *class_differences(finding)), tables)


def figures_of(sections: Iterable[Section]) -> dict[str, Figure]:
    """Return every figure of a report by its name."""
    return {figure.name: figure for section in sections for figure in section.figures}


def _with_distinct_names(sections: list[Section]) -> list[Section]:
    """Number the figures whose name is taken, as names become files."""
    seen: Counter[str] = Counter()
    numbered = []
    for section in sections:
        figures = []
        for figure in section.figures:
            seen[figure.name] += 1
            turn = seen[figure.name]
            figures.append(figure if turn == 1 else replace(figure, name=f"{figure.name}_{turn}"))
        numbered.append(replace(section, figures=tuple(figures)))
    return numbered
