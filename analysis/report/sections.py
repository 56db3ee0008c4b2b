"""What a report holds, in reading order: sections of text, figures and tables, the same in every format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis import compare, exploration, report_clips, report_exploring, report_figures, tables
from analysis.cautions import cautions
from analysis.comparisons import compared_tables, seeds_in_words
from analysis.frames import explored, reported
from analysis.methods_text import methods
from analysis.provenance import cost_table, data_table, provenance_table, settings_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.frames import StudyResults
    from analysis.report_figures import Figure
    from analysis.tables import Table


@dataclass(frozen=True)
class Section:
    """One section of the report: a heading, then paragraphs of plain text, then figures, then tables."""

    title: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    text: tuple[str, ...] = ()


def sections(results: StudyResults) -> list[Section]:
    """Return the report's sections after the verdict, in reading order."""
    shown, exploring = reported(results), explored(results)
    found = [Section("Cautions", text=cautions(results))]
    if len(exploring.runs):
        drawn = report_exploring.exploring(results)
        found.append(Section("Exploring", drawn, (exploration.exploration_table(results),)))
    if len(shown.runs):
        choice = () if len(exploring.runs) else (tables.choice_table(shown.runs),)
        found += [
            Section("Accuracy", report_figures.accuracy_sweeps(shown)),
            Section("Results", (), (*choice, *tables.result_tables(shown))),
            Section("Arms on each subset", (*report_figures.boxes(shown), *report_figures.pairs(shown))),
            Section("Comparisons", (), compared_tables(shown), seeds_in_words(results)),
            _test_clips(results),
            Section("Learning curves", report_figures.curves(shown)),
        ]
    found.append(Section("Adaptive q", report_figures.adaptive_q(results)))
    found.append(Section("Runs and their cost", (*report_figures.run_map(results), *report_figures.prices(shown))))
    found.append(Section("Left out", (), (tables.left_out_table(results.runs), tables.skipped_table(results))))
    if compare.is_published_data(results.plan.dataset):
        published = (*compare.paper_tables(results), compare.published_table(results), compare.claims_table(results))
        found.append(Section("Published", (), published, compare.claims_in_words(results)))
    found.append(Section("Data", report_clips.data_figures(results), (data_table(results),)))
    made = (settings_table(results), cost_table(results), provenance_table(results))
    found += [Section("Methods", text=methods(results)), Section("Provenance", (), made)]
    return _with_distinct_names([section for section in found if section.figures or section.tables or section.text])


def _test_clips(results: StudyResults) -> Section:
    text, figures, found = report_clips.clip_parts(results)
    return Section("Test clips", figures, found, text)


def figures_of(found: Iterable[Section]) -> dict[str, Figure]:
    """Return every figure of a report by its name."""
    return {figure.name: figure for section in found for figure in section.figures}


def _with_distinct_names(found: list[Section]) -> list[Section]:
    """Number the figures whose name is taken, as names become files."""
    seen: Counter[str] = Counter()
    numbered = []
    for section in found:
        own = []
        for figure in section.figures:
            seen[figure.name] += 1
            turn = seen[figure.name]
            own.append(figure if turn == 1 else replace(figure, name=f"{figure.name}_{turn}"))
        numbered.append(replace(section, figures=tuple(own)))
    return numbered
