"""What a page shows of a table: alignment, bars on one scale, marks of arms, and inert names."""

from __future__ import annotations

import re

import pytest

from analysis.components.files import MACROS
from analysis.components.pages import environment
from analysis.components.table_view import TableView, table_view
from analysis.plotting.styles import styles_of_losses
from analysis.tables.table import Span, Table

LOOKS = styles_of_losses({"adaptive": "adaptive_gce", "cce": "cce"})
TABLE = Table(
    "Accuracy",
    ("Configuration", "Test", "Note"),
    (("adaptive T=100", "75.3 ± 0.5", "chosen"), ("cce", "7.25", "-")),
    "In %.",
    frozenset({(0, 1)}),
    spans={(0, 1): Span(75.3, 74.8, 75.8), (1, 1): Span(7.25)},
    chips={0: LOOKS["adaptive"], 1: LOOKS["cce"]},
)
NASTY = "<img src=x onerror=alert(1)> \" ' & {{ 1 }}"


def rendered(view: TableView) -> str:
    return str(environment().get_template(MACROS).module.table(view, 3))  # type: ignore[attr-defined]


def test_numbers_meet_at_the_decimal_point() -> None:
    view = table_view(TABLE)
    assert [(row.cells[1].whole, row.cells[1].rest) for row in view.rows] == [("75", ".3 ± 0.5"), ("7", ".25")]
    assert view.columns[1].rest == len(".3 ± 0.5")
    assert [column.number for column in view.columns] == [False, True, False]


def test_the_bars_of_a_column_share_a_scale() -> None:
    first, second = (dict(row.cells[1].bar) for row in table_view(TABLE).rows)
    place = [float(re.findall(r"[\d.]+", bar["mean"])[0]) for bar in (first, second)]
    assert 0 < place[1] < place[0] < 100
    assert set(first) == {"range", "mean"}
    assert set(second) == {"mean"}


def test_a_scale_that_has_both_signs_marks_zero() -> None:
    table = Table("t", ("a", "b"), (("x", "+1.0"), ("y", "\u22121.0")), spans={(0, 1): Span(1), (1, 1): Span(-1)})
    bars = [dict(row.cells[1].bar) for row in table_view(table).rows]
    assert [bar["zero"] for bar in bars] == ["left: 50.0%"] * 2


def test_equal_values_have_a_scale_too() -> None:
    table = Table("t", ("a", "b"), (("x", "1.0"),), spans={(0, 1): Span(1, 1, 1)})
    assert dict(table_view(table).rows[0].cells[0 + 1].bar)["mean"] == "left: 50.0%"


def test_a_row_has_its_arms_marker_and_its_colours_on_both_papers() -> None:
    row = table_view(TABLE).rows[0]
    assert row.marker == "circle"
    assert row.style == "--arm: #0b5ab0; --arm-dark: #4a8af0"


def test_the_table_has_its_number_its_note_and_buttons_with_its_content() -> None:
    page = rendered(table_view(TABLE, latex=r"\begin{table}"))
    assert 'id="table-3"' in page
    assert "Table 3." in page
    assert '<div class="note">In %.</div>' in page
    assert r'data-text="\begin{table}"' in page
    assert "cce,7.25,-" in page
    assert "<strong>75<span" in page


def test_a_table_without_rows_has_no_buttons() -> None:
    page = rendered(table_view(Table("Empty", ("a",), (), "Why.")))
    assert "<button" not in page
    assert "<table" not in page
    assert "Why." in page


def test_only_so_many_rows_are_shown_and_all_are_saved() -> None:
    view = table_view(Table("t", ("a",), (("x",), ("y",))), rows=1)
    assert len(view.rows) == 1
    assert view.csv == "a\nx\ny\n"


def test_a_long_note_is_folded_after_35_words() -> None:
    sentence = " ".join(["Word", *["word"] * 19]) + "."
    view = table_view(Table("t", ("h",), (("c",),), f"In %. {sentence} {sentence}"))
    assert view.notes == (f"In %. {sentence}", sentence)
    assert f"<summary>More</summary> {sentence}</details>" in rendered(view)


@pytest.mark.parametrize("place", ["title", "header", "cell", "note"])
def test_a_name_is_inert(place: str) -> None:
    texts = {"title": "t", "header": "h", "cell": "c", "note": "n"} | {place: NASTY}
    page = rendered(table_view(Table(texts["title"], (texts["header"],), ((texts["cell"],),), texts["note"])))
    assert "<img" not in page
    assert "&lt;img" in page
    assert not re.search(r'"[^"<>]*onerror=alert\(1\)>', page)


def test_a_short_number_among_words_stays_on_one_line() -> None:
    view = table_view(Table("t", ("a", "b"), (("T=1", "63.2 ± 1.0"), ("T=2", "not legible in our copy"))))
    assert [[cell.tight for cell in row.cells] for row in view.rows] == [[False, True], [False, False]]


def test_a_long_word_may_break_so_that_its_column_stays_narrow() -> None:
    view = table_view(Table("t", ("a", "b"), (("x" * 300, "xs_noisy+clean"),)))
    assert [column.name for column in view.columns] == ["long breaks", "tight"]
