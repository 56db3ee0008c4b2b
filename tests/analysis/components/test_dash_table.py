"""The dashboard's table is the report's, as components whose texts are children."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("dash")

from dash import html
from plotly.utils import PlotlyJSONEncoder

from analysis.components.dash_table import plain_table, table_parts
from analysis.components.table_view import table_view
from analysis.plotting.styles import styles_of_losses
from analysis.tables.table import Span, Table

TABLE = Table(
    "Accuracy",
    ("Configuration", "Test", "Note"),
    (("adaptive T=100", "75.3 ± 0.5", "chosen"), ("cce", "7.25", "-")),
    spans={(0, 1): Span(75.3, 74.8, 75.8), (1, 1): Span(7.25)},
    chips={0: styles_of_losses({"adaptive": "adaptive_gce"})["adaptive"]},
)


def plain(parts):
    return json.loads(json.dumps(parts, cls=PlotlyJSONEncoder))


def test_numbers_bars_and_marks_are_those_of_the_view():
    text = json.dumps(plain(table_parts(table_view(TABLE))))
    assert '"--arm": "#0b5ab0"' in text
    assert '"mark circle"' in text
    assert '"className": "rest"' in text
    assert '"left": "' in text


def test_a_table_is_saved_from_its_address_or_from_the_page():
    (head, *_) = plain(table_parts(table_view(TABLE), "/x.csv"))
    assert head["props"]["children"][1]["props"]["children"][0]["props"]["href"] == "/x.csv"
    (head, *_) = plain(table_parts(table_view(TABLE)))
    assert "cce,7.25,-" in head["props"]["children"][1]["props"]["children"][0]["props"]["data-text"]


def test_a_table_without_rows_is_its_title_and_note():
    shown = plain(table_parts(table_view(Table("Empty", ("a",), (), "Why."))))
    assert [part["type"] for part in shown] == ["Div", "P"]


def test_a_heading_is_aligned_as_its_column():
    table = plain_table(("Study", "Runs"), [("a", "12")], {"Runs": "number"})
    assert [cell.className for cell in table._traverse() if isinstance(cell, html.Th | html.Td)] == ["", "number"] * 2
