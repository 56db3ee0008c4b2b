"""Whether the published gaps between the adaptive loss and another are significant, by the printed intervals alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.findings.paper import published
from analysis.statistics.independent_means import KnownMean, difference, from_half_width
from analysis.statistics.intervals import ALPHA
from analysis.statistics.pairs.paired_tests import holm

if TYPE_CHECKING:
    from analysis.findings.paper.published import PublishedLoss
    from trainables.config import Subset

ASSUMPTION = (
    "The paper states neither how its intervals were computed nor whether it paired its runs; if it did, smaller gaps "
    "may be significant."
)


@dataclass(frozen=True)
class PublishedGap:
    """The adaptive loss minus another on one subset, in points of test accuracy.

    Attributes:
        subset: of the training clips.
        gap: the difference of the printed means.
        adjusted: the p-value of ``gap`` by Holm, over all legible subsets.

    """

    subset: Subset
    gap: KnownMean
    adjusted: float

    @property
    def significant(self) -> bool:
        """Whether the gap differs from 0 at 5 %, all legible subsets together."""
        return self.adjusted < ALPHA


def printed(loss: PublishedLoss, subset: Subset) -> KnownMean | None:
    """Return a published mean test accuracy in percent; None where it is not printed legibly."""
    cells = {(cell.loss, cell.subset): cell for cell in published.PUBLISHED}
    cell = cells[loss, subset]
    if cell.mean is None or cell.half_width is None:
        return None
    return from_half_width(cell.mean, cell.half_width, published.RUNS, published.LEVEL)


def published_gaps(other: PublishedLoss) -> tuple[PublishedGap, ...]:
    """Return the adaptive loss minus another on every subset where both are legible, in the tables' order."""
    subsets = list(dict.fromkeys(cell.subset for cell in published.PUBLISHED))
    sides = {subset: (printed("adaptive_gce", subset), printed(other, subset)) for subset in subsets}
    gaps = {subset: difference(ours, theirs) for subset, (ours, theirs) in sides.items() if ours and theirs}
    adjusted = holm([gap.p for gap in gaps.values()])
    return tuple(PublishedGap(subset, gap, p) for (subset, gap), p in zip(gaps.items(), adjusted, strict=True))
