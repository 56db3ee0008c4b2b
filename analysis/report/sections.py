"""What a report holds, in reading order: sections of text, figures and tables, the same in every format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.figures.adaptive_q import q_per_epoch, q_vs_t
from analysis.figures.clips import class_differences, clips_per_class, confusion
from analysis.figures.label_audit.noise_rates import noise_rates
from analysis.figures.label_audit.transition import transition
from analysis.figures.learning_curves import learning_curves
from analysis.figures.pairs import pairs
from analysis.figures.run_map import run_map
from analysis.figures.training_time import training_time
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

AUDIT = "Label audit"  # title of its section


@dataclass(frozen=True)
class Section:
    """One section of the report: a heading, then paragraphs of plain text, then figures, then tables."""

    title: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    text: tuple[str, ...] = ()


def report_sections(report: MethodReport) -> list[Section]:
    """Return the report's sections after the verdict, in reading order."""
    finding = report.finding
    results, shown = finding.results, finding.reported
    sections = [Section("Cautions", text=report.cautions)]
    if len(finding.explored.runs):
        sections.append(Section("Exploring", report.exploring_figures, report.exploring_tables))
    if len(shown.runs):
        sections += [
            Section("Accuracy", report.accuracy_figures),
            Section("Results", (), report.result_tables),
            Section("Arms on each subset", (*report.arm_figures, *pairs(finding))),
            Section("Comparisons", (), report.comparison_tables, seeds_in_words(finding)),
            clips_section(finding, report.clip_tables),
            Section("Learning curves", learning_curves(finding)),
        ]
    sections += [
        labels_section(finding, report.label_tables),
        audit_section(report.audit, report.audit_tables),
        Section("Adaptive q", (*q_per_epoch(results), *q_vs_t(results))),
        Section("Runs and their cost", (*run_map(results), *training_time(shown))),
        Section("Left out", (), (left_out_table(results.runs), skipped_table(results))),
    ]
    if report.published_tables:
        sections.append(Section("Published", (), report.published_tables, claims_in_words(report.claims)))
    made = (settings_table(results), cost_table(results), provenance_table(results))
    sections += [
        Section("Data", clips_per_class(results), (data_table(results),)),
        Section("Methods", text=report.methods),
        Section("Provenance", (), made),
    ]
    return _with_distinct_names([section for section in sections if section.figures or section.tables or section.text])


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
