"""Every number of a report has a true minus and no sign at zero."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.report.sections import report_sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.report.method_report import MethodReport
    from factories import Builder

HYPHEN = re.compile(r"(?<![\w.)\]/-])-\d")  # before a number, and not in a name, a date or a DOI
ZERO = re.compile(r"[-+\u2212]0(?:\.0+)?(?![\d.])")


def texts(report: MethodReport) -> Iterator[str]:
    yield from (report.verdict, report.headline.text, report.headline.advice)
    for section in report_sections(report):
        yield from (*section.text, *section.points)
        for figure in section.figures:
            yield from (figure.title, figure.caption, figure.more)
            yield from (label.text or "" for label in figure.drawing.layout.annotations)
        for table in section.tables:
            if table.title != "Provenance":
                yield from (cell for row in (table.header, *table.rows) for cell in row)
                yield table.note


def test_no_number_has_a_hyphen_for_a_minus_and_zero_has_no_sign(full_study: Builder) -> None:
    every = list(texts(full_study.report()))
    assert any("\u2212" in text for text in every)
    assert [text for text in every if HYPHEN.search(text)] == []
    assert [text for text in every if ZERO.search(text)] == []
