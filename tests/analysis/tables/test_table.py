"""A table knows which of its columns hold numbers, and where to align them."""

from __future__ import annotations

import pytest

from analysis.tables.table import Table


def column(*cells: str) -> Table:
    """Return a table with the cells in its second column."""
    return Table("t", ("Name", "Value"), tuple((f"row {i}", cell) for i, cell in enumerate(cells)))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (("75.3", "-", "\u22120.4"), "number"),
        (("73.3 ± 0.6 (n = 12)", "99.0 (96.8 to 100.0)"), "number"),
        (("1,234", "< 0.001", "1e-05"), "number"),
        (("12 min", "95\u00a0%"), "number"),
        (("12", "gce"), "text"),
        (("0 of 12 (0.00 to 0.24)", "3 of 12 (0.09 to 0.53)"), "number"),
        (("0 of 2", "1 of 2: adaptive"), "text"),
        (("2026-11-28", "2026-11-29"), "text"),
        (("1, 2, 3", "4"), "text"),
        (("-", ""), "text"),
    ],
)
def test_the_kind_of_a_column_follows_from_its_cells(cells: tuple[str, ...], kind: str) -> None:
    assert column(*cells).kind(1) == kind


def test_the_first_column_names_the_rows() -> None:
    assert Table("t", ("Seed",), (("1",), ("2",))).kind(0) == "text"


def test_a_stated_kind_is_kept() -> None:
    assert Table("t", ("a", "b"), (("1", "2"),), kinds=("number", "text")).kind(1) == "text"


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("75.3 ± 0.5", ("75", ".3 ± 0.5")),
        ("\u22121,234", ("\u22121,234", "")),
        ("< 0.001", ("< 0", ".001")),
        ("12 min", ("12", " min")),
        ("gce", ("gce", "")),
    ],
)
def test_a_cell_is_cut_at_the_decimal_point(cell: str, parts: tuple[str, str]) -> None:
    assert column(cell).parts(0, 1) == parts
