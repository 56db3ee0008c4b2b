"""The claims of the adaptive-GCE paper, each with the kind of check that tests it.

The paper is that of ``analysis.findings.paper.published``. A gap follows from the printed means of its two sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.paper import published
from analysis.findings.paper.claims import GapClaim, SpreadClaim, TrendClaim
from analysis.findings.paper.temperature_claims import BestTemperatureClaim, ConvergenceClaim

if TYPE_CHECKING:
    from analysis.findings.paper.claims import Check, Claim
    from analysis.findings.paper.paper_runs import PaperRuns
    from trainables.config import Subset

_TABLE_2, _TABLE_3 = published.TABLES.values()
_ALL = tuple(dict.fromkeys((*_TABLE_2, *_TABLE_3)))
_LARGE: Subset = "l_noisy+clean"

CLAIMS: tuple[Claim, ...] = (
    GapClaim("adaptive beats CCE on all", first=("adaptive_gce", "all"), second=("cce", "all")),
    GapClaim("adaptive beats L_q on all", first=("adaptive_gce", "all"), second=("gce", "all")),
    GapClaim("adaptive beats CCE on l_noisy+clean", first=("adaptive_gce", _LARGE), second=("cce", _LARGE)),
    GapClaim("adaptive beats L_q on l_noisy+clean", first=("adaptive_gce", _LARGE), second=("gce", _LARGE)),
    GapClaim(
        "adaptive on l_noisy+clean beats L_q on all, with less data",
        first=("adaptive_gce", _LARGE),
        second=("gce", "all"),
    ),
    GapClaim(
        "L_q beats adaptive on s_noisy+clean", first=("gce", "s_noisy+clean"), second=("adaptive_gce", "s_noisy+clean")
    ),
    GapClaim(
        "10,000 noisy clips beside 443 clean ones beat 1,772 clean ones alone, with CCE (the least gain of Table 3)",
        first=("cce", "l_noisy+s_clean"),
        second=("cce", "clean"),
    ),
    GapClaim(
        "adaptive on l_noisy+clean beats CCE on clean (the largest gain of Table 3)",
        first=("adaptive_gce", _LARGE),
        second=("cce", "clean"),
    ),
    GapClaim(
        "adaptive with 443 clean clips beats CCE with 1,772 (75 % of the clean data saved)",
        "The paper's text speaks of 221 clean clips where its Table 1 has 443; the 75 % follow from 443 of 1,772.",
        first=("adaptive_gce", "l_noisy+s_clean"),
        second=("cce", _LARGE),
    ),
    *(
        TrendClaim(f"accuracy rises with the number of noisy clips, with {name}", loss=loss, subsets=_TABLE_2)
        for loss, name in published.LOSS_NAMES.items()
    ),
    SpreadClaim("the runs of CCE scatter more than those of L_q", more="cce", less="gce", subsets=_ALL),
    SpreadClaim("the runs of CCE scatter more than those of adaptive", more="cce", less="adaptive_gce", subsets=_ALL),
    BestTemperatureClaim("T = 1000 is the best on all", temperature=1000.0),
    ConvergenceClaim(
        "training does not converge with T up to 100, on all",
        "Here the soft-nearest-neighbour score is computed in double precision; in single precision it is 0 / 0 for "
        "such a T.",
        most=100.0,
    ),
)


def checks(runs: PaperRuns) -> tuple[Check, ...]:
    """Compare every claim of the paper with a study's own runs."""
    return tuple(claim.check(runs) for claim in CLAIMS)
