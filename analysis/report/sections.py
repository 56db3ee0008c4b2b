"""What a report holds, in reading order: sections of text, figures and tables, the same in every format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.figures.adaptive_q import adaptive_q
from analysis.figures.boxes import boxes
from analysis.figures.clips import data_figures
from analysis.figures.confidence_history import confidence_history
from analysis.figures.learning_curves import learning_curves
from analysis.figures.pairs import pairs
from analysis.figures.posterior import posterior
from analysis.figures.run_map import run_map
from analysis.figures.search import search_figures
from analysis.figures.sweep import accuracy_sweeps
from analysis.figures.training_time import training_time
from analysis.findings.published import is_published_data
from analysis.results.study_results import StudyResults, explored, reported
from analysis.tables.accuracy import choice_table, left_out_table, result_tables, skipped_table
from analysis.tables.clips import clip_parts
from analysis.tables.comparisons import compared_tables, seeds_in_words
from analysis.tables.exploration import exploration_table
from analysis.tables.provenance import cost_table, data_table, provenance_table, settings_table
from analysis.tables.published import claims_in_words, claims_table, paper_tables, published_table
from analysis.text.cautions import cautions
from analysis.text.methods import methods

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.figures.figure import Figure
    from analysis.results.study_results import StudyResults
    from analysis.tables.table import Table


@dataclass(frozen=True)
class Section:
    """One section of the report: a heading, then paragraphs of plain text, then figures, then tables."""

    title: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    text: tuple[str, ...] = ()


def report_sections(results: StudyResults) -> list[Section]:
    """Return the report's sections after the verdict, in reading order."""
    shown, tried = reported(results), explored(results)
    found = [Section("Cautions", text=cautions(results))]
    if len(tried.runs):
        drawn = exploring(results)
        found.append(Section("Exploring", drawn, (exploration_table(results),)))
    if len(shown.runs):
        choice = () if len(tried.runs) else (choice_table(shown.runs),)
        found += [
            Section("Accuracy", accuracy_sweeps(shown)),
            Section("Results", (), (*choice, *result_tables(shown))),
            Section("Arms on each subset", (*boxes(shown), *pairs(shown))),
            Section("Comparisons", (), compared_tables(shown), seeds_in_words(results)),
            _test_clips(results),
            Section("Learning curves", learning_curves(shown)),
        ]
    found.append(Section("Adaptive q", adaptive_q(results)))
    found.append(Section("Runs and their cost", (*run_map(results), *training_time(shown))))
    found.append(Section("Left out", (), (left_out_table(results.runs), skipped_table(results))))
    if is_published_data(results.plan.dataset):
        published = (
            *paper_tables(results),
            published_table(results),
            claims_table(results),
        )
        found.append(Section("Published", (), published, claims_in_words(results)))
    found.append(Section("Data", data_figures(results), (data_table(results),)))
    made = (settings_table(results), cost_table(results), provenance_table(results))
    found += [Section("Methods", text=methods(results)), Section("Provenance", (), made)]
    return _with_distinct_names([section for section in found if section.figures or section.tables or section.text])


def _test_clips(results: StudyResults) -> Section:
    text, figures, found = clip_parts(results)
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


def exploring(results: StudyResults) -> tuple[Figure, ...]:
    """Draw what led to the choice."""
    if results.plan.method == "settle":
        return (*posterior(results), *confidence_history(results))
    return search_figures(results)
