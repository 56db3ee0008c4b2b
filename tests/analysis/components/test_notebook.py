"""A notebook shows tables as the report does, in its own colours and without touching its other outputs."""

from __future__ import annotations

import re

from analysis.components.notebook import as_html
from analysis.tables.table import Table
from trainables.numerals import unbroken

TABLE = Table("Accuracy", ("Configuration", "Test"), (("cce", "75.3 ± 0.5"),), "In %.")


def test_a_table_has_its_title_aligned_numbers_and_its_note() -> None:
    shown = as_html([TABLE])
    assert "<h4>Accuracy</h4>" in shown
    assert f'75<span class="rest">{unbroken(".3 ± 0.5")}</span>' in shown
    assert "In %." in shown


def test_tables_without_rows_are_left_out() -> None:
    assert as_html([Table("Empty", ("a",), ())]) == ""
    assert as_html([Table("Empty", ("a",), ()), TABLE]).count("<h4>") == 1


def test_the_stylesheet_is_there_once_and_concerns_these_tables_alone() -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", as_html([TABLE, TABLE]), flags=re.DOTALL)
    outside, depth = "", 0
    for part in re.split(r"([{}])", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)):
        depth += {"{": 1, "}": -1}.get(part, 0)
        outside += part if depth == 0 and part != "}" else ""
    assert depth == 0
    assert all(".gce-study" in selector for selector in outside.split("\n") if selector.strip())
