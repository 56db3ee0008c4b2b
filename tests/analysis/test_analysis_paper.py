"""The published numbers agree with one another and with the configuration's names."""

from __future__ import annotations

import pytest

from analysis import paper
from trainables.config import SUBSETS


def test_every_cell_is_there_once() -> None:
    cells = [(cell.subset, cell.loss) for cell in paper.PUBLISHED]
    assert len(cells) == len(set(cells)) == 8 * 3
    assert {cell.subset for cell in paper.PUBLISHED} <= set(SUBSETS)


def test_a_cell_has_a_number_or_a_reason() -> None:
    for cell in paper.PUBLISHED:
        assert (cell.mean is None) == (cell.half_width is None) == bool(cell.missing)


def test_the_claims_follow_from_the_cells() -> None:
    for claim in paper.CLAIMS:
        first, second = paper.published(*claim.first), paper.published(*claim.second)
        assert first.mean is not None
        assert second.mean is not None
        assert first.mean - second.mean == pytest.approx(claim.points)


def test_numbers_are_shown_as_printed() -> None:
    assert paper.published("adaptive_gce", "all").text() == "75.3 ± 0.5"
    assert paper.published("gce", "m_noisy+clean").text().startswith("not legible")


def test_an_unknown_cell_is_an_error() -> None:
    with pytest.raises(KeyError, match="noisy"):
        paper.published("cce", "noisy")
