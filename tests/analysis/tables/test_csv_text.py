"""Cells of CSV files: no text runs as a formula in a spreadsheet, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analysis.report.method_report import method_report
from analysis.report.sections import report_sections
from analysis.tables.csv_text import csv_cell, csv_text, frame_csv

if TYPE_CHECKING:
    from factories import Builder

FORMULAS = (
    '=HYPERLINK("http://example.com","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",
    "-A1",
    "-1*A1",
    "-1(2)",
)
SENTENCE = 32  # characters; a sentence that starts with a sign and a number is quoted
PLAIN = ("", "-", "-0.5", "+5.4", "-1e-05", "-4.0 to +0.3", "+1.2 ± 0.7", "-12.5 %", "cce", "q=0.7", "a -b", "'=1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_could_be_a_formula_gets_a_single_quote_in_front(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_numbers_intervals_and_other_text_stay(text: str) -> None:
    assert csv_cell(text) == text


def test_a_true_minus_becomes_a_hyphen_that_programs_read() -> None:
    assert csv_cell("\u22124.0 to +0.3") == "-4.0 to +0.3"
    assert csv_cell("x \u22124") == "x \u22124"


def test_a_table_has_no_formula_in_its_header_or_its_rows() -> None:
    read = list(csv.reader(io.StringIO(csv_text(("=class", "n"), [('=A1,"b"', "-3")]))))
    assert read == [["'=class", "n"], ['\'=A1,"b"', "-3"]]


def test_a_data_frame_keeps_its_numbers_and_loses_its_formulas() -> None:
    frame = pd.DataFrame({"=arm": ["=A1", "cce", None], "gap": [-0.5, float("nan"), 1e-9], "seed": [-1, 0, 1]})
    frame["text"] = pd.Series(["@x", "-0.5", "y"], dtype="string")
    assert frame_csv(frame) == "'=arm,gap,seed,text\n'=A1,-0.5,-1,'@x\ncce,,0,-0.5\n,1e-09,1,y\n"
    assert list(frame.columns) == ["=arm", "gap", "seed", "text"]
    assert frame["=arm"][0] == "=A1"


def test_no_number_of_a_report_gets_a_quote(full_study: Builder) -> None:
    tables = [table for section in report_sections(method_report(full_study.results())) for table in section.tables]
    cells = [cell for table in tables for row in (table.header, *table.rows) for cell in row]
    assert any(cell.startswith(("-", "+")) for cell in cells)
    assert [cell for cell in cells if csv_cell(cell).startswith("'") and len(cell) < SENTENCE] == []
