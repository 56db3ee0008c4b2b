"""The claims of the paper are all there, and follow from its printed numbers."""

from __future__ import annotations

import re

import pytest

from analysis.findings.paper import published
from analysis.findings.paper.claims import GapClaim, SpreadClaim, TrendClaim
from analysis.findings.paper.paper_claims import CLAIMS
from analysis.findings.paper.temperature_claims import BestTemperatureClaim, ConvergenceClaim
from trainables.datasets.subsets import TABLE_1

CELLS = {(cell.loss, cell.subset): cell for cell in published.PUBLISHED}
GAPS = {claim.text: claim for claim in CLAIMS if isinstance(claim, GapClaim)}
# As the paper's text has them, in points.
POINTS = {
    "adaptive beats CCE on all": 4.7,
    "adaptive beats L_q on all": 1.2,
    "adaptive beats CCE on l_noisy+clean": 6.0,
    "adaptive beats L_q on l_noisy+clean": 1.2,
    "adaptive on l_noisy+clean beats L_q on all, with less data": 74.5 - 74.1,
    "L_q beats adaptive on s_noisy+clean": 65.4 - 64.9,
    "10,000 noisy clips beside 443 clean ones beat 1,772 clean ones alone, with CCE (the least gain of Table 3)": 5.1,
    "adaptive on l_noisy+clean beats CCE on clean (the largest gain of Table 3)": 14.9,
    "adaptive with 443 clean clips beats CCE with 1,772 (75 % of the clean data saved)": 1.0,
}


def test_the_gaps_follow_from_the_printed_means() -> None:
    assert {text: claim.gap().value for text, claim in GAPS.items()} == pytest.approx(POINTS)


def test_the_gains_over_clean_clips_alone_are_the_least_and_the_largest_of_table_3() -> None:
    clean = CELLS["cce", "clean"].mean
    assert clean is not None
    rows = published.TABLES["Table 3 of the paper: clean clips"][1:]
    gains = [cell.mean - clean for cell in published.PUBLISHED if cell.subset in rows and cell.mean is not None]
    assert (min(gains), max(gains)) == pytest.approx((5.1, 14.9))


def test_every_kind_of_claim_is_there() -> None:
    kinds = [type(claim) for claim in CLAIMS if not isinstance(claim, GapClaim)]
    assert kinds == [*[TrendClaim] * 3, *[SpreadClaim] * 2, BestTemperatureClaim, ConvergenceClaim]
    assert len({claim.text for claim in CLAIMS}) == len(CLAIMS)


def test_the_clip_counts_that_a_claim_names_are_those_of_its_subsets() -> None:
    (claim,) = (claim for text, claim in GAPS.items() if "clean data saved" in text)
    (noisy, *_), (also, *_) = sizes = [TABLE_1[subset] for _, subset in (claim.first, claim.second)]
    few, many, saved = (int(text.replace(",", "")) for text in re.findall(r"[\d,]+", claim.text))
    assert [few, many] == [clean for _, clean in sizes]
    assert saved == round(100 * (1 - few / many))
    assert noisy == also


def test_a_trend_names_its_subsets_in_the_order_of_their_noisy_clips() -> None:
    for claim in CLAIMS:
        if isinstance(claim, TrendClaim):
            counts = [TABLE_1[subset][0] for subset in claim.subsets]
            assert counts == sorted(counts)
            assert {TABLE_1[subset][1] for subset in claim.subsets} == {1772}
