"""The published numbers agree with one another and with the configuration's and the subsets' definitions."""

from __future__ import annotations

from typing import get_args

from analysis.findings.paper import published
from trainables.config import Subset, Training
from trainables.datasets.subsets import TABLE_1

CELLS = {(cell.loss, cell.subset): cell for cell in published.PUBLISHED}


def test_every_cell_is_there_once() -> None:
    assert len(CELLS) == len(published.PUBLISHED) == 9 * 3
    assert {cell.subset for cell in published.PUBLISHED} <= set(get_args(Subset))


def test_the_tables_hold_the_papers_rows_in_its_order() -> None:
    assert [*published.TABLES.values()] == [
        ("xs_noisy+clean", "s_noisy+clean", "m_noisy+clean", "l_noisy+clean", "all"),
        ("clean", "l_noisy+s_clean", "l_noisy+m_clean", "l_noisy+l_clean", "l_noisy+clean"),
    ]


def test_a_cell_has_a_number_or_a_reason() -> None:
    for cell in published.PUBLISHED:
        assert (cell.mean is None) == (cell.half_width is None) == bool(cell.missing)


def test_the_data_sets_size_is_that_of_the_subsets() -> None:
    assert TABLE_1["all"] == (published.CLIPS["train unverified"], published.CLIPS["train verified"])


def test_the_noisy_clips_of_table_2_are_those_of_the_subsets() -> None:
    rows = published.TABLES["Table 2 of the paper: noisy clips"]
    assert {subset: TABLE_1[subset][0] for subset in rows} == published.NOISY_CLIPS


def test_numbers_are_shown_as_printed() -> None:
    assert CELLS["adaptive_gce", "all"].text() == "75.3 ± 0.5"
    assert CELLS["gce", "m_noisy+clean"].text().startswith("not legible")


def test_a_published_number_is_of_the_default_training() -> None:
    assert published.configuration("cce", "all").training == Training()
