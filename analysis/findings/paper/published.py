"""The published numbers on FSDnoisy18k, as printed, for comparison with a study's own.

Source: Deng, Gao, Feng, Xu and Chen, Adaptive generalized cross-entropy loss for sound event classification with noisy
labels, WASPAA 2021, doi 10.1109/WASPAA52581.2021.9632679. Network and protocol are those of Fonseca et al. 2019.
Accuracies are test accuracies in percent, mean ± 95 % confidence interval over 12 runs; how the paper computed its
intervals is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from trainables.config import Configuration, Subset
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.naming import counted

if TYPE_CHECKING:
    from trainables.losses.base import Loss
    from trainables.plans import DataSummary

PublishedLoss = Literal["cce", "gce", "adaptive_gce"]
Cell: TypeAlias = "tuple[float, float] | str"
LAYOUT = "fsdnoisy18k"  # the data set's kind: a layout of folders that other data may have too
SOURCE = "Deng et al., WASPAA 2021, doi 10.1109/WASPAA52581.2021.9632679"
LOSS_NAMES: dict[PublishedLoss, str] = {"cce": "CCE", "gce": "L_q", "adaptive_gce": "adaptive"}
# q = 0.7 is our reading of the paper's L_q; T = 1000 is the best of its Figure 3.
LOSSES: dict[PublishedLoss, Loss] = {
    "cce": CCE(name="cce"),
    "gce": GCE(name="gce", q=0.7),
    "adaptive_gce": AdaptiveGCE(name="adaptive_gce", temperature=1000.0, reading="mean", distances="input"),
}
# Training clips of the whole data set, and its test clips.
CLIPS = {"train verified": 1772, "train unverified": 15813, "test": 947}
NOISY_CLIPS: dict[Subset, int] = {  # of the rows of Table 2, by the paper's Table 1
    "xs_noisy+clean": 500,
    "s_noisy+clean": 1003,
    "m_noisy+clean": 5000,
    "l_noisy+clean": 10_000,
    "all": 15_813,
}
RUNS = 12
LEVEL = 0.95

NOT_LEGIBLE = "not legible in our copy of the paper"
NOT_REPORTED = "not reported"


@dataclass(frozen=True)
class Published:
    """One published accuracy in percent; ``mean`` and ``half_width`` are None where ``missing`` states why."""

    subset: Subset
    loss: PublishedLoss
    mean: float | None
    half_width: float | None
    missing: str = ""

    def text(self) -> str:
        """Return the number as printed, or the reason for its absence."""
        return self.missing if self.mean is None else f"{self.mean:.1f} ± {self.half_width:.1f}"


def configuration(loss: PublishedLoss, subset: Subset) -> Configuration:
    """Return the configuration that a published number is of: the loss as above, every other setting its default."""
    return Configuration(loss=LOSSES[loss], subset=subset)


# In the order of LOSSES: mean and half width, or why they are missing.
_TABLE_2: dict[Subset, tuple[Cell, ...]] = {
    "xs_noisy+clean": (NOT_LEGIBLE, NOT_LEGIBLE, NOT_LEGIBLE),
    "s_noisy+clean": ((63.2, 1.0), (65.4, 0.8), (64.9, 1.7)),
    "m_noisy+clean": ((66.9, 1.0), NOT_LEGIBLE, NOT_LEGIBLE),
    "l_noisy+clean": ((68.5, 0.5), (73.3, 0.6), (74.5, 0.7)),
    "all": ((70.6, 0.6), (74.1, 0.5), (75.3, 0.5)),
}
_TABLE_3: dict[Subset, tuple[Cell, ...]] = {
    "clean": ((59.6, 1.0), NOT_REPORTED, NOT_REPORTED),
    "l_noisy+s_clean": ((64.7, 1.0), (68.7, 0.6), (69.5, 0.4)),
    "l_noisy+m_clean": ((66.2, 0.8), (70.9, 0.6), (71.0, 0.5)),
    "l_noisy+l_clean": ((67.7, 0.8), (71.9, 0.5), (72.5, 0.4)),
    "l_noisy+clean": _TABLE_2["l_noisy+clean"],
}
# The rows of the paper's Tables 2 and 3, whose columns are the losses.
TABLES: dict[str, tuple[Subset, ...]] = {
    "Table 2 of the paper: noisy clips": tuple(_TABLE_2),
    "Table 3 of the paper: clean clips": tuple(_TABLE_3),
}
PUBLISHED = tuple(
    Published(subset, loss, None, None, cell) if isinstance(cell, str) else Published(subset, loss, *cell)
    for subset, cells in (_TABLE_2 | _TABLE_3).items()
    for loss, cell in zip(LOSSES, cells, strict=True)
)


def is_published_data(data: DataSummary) -> bool:
    """Return whether a data set is FSDnoisy18k itself, by its layout and its clips; skipped clips may be missing."""
    lacking = [count - data.clips.get(split, 0) for split, count in CLIPS.items()]
    return data.kind == LAYOUT and min(lacking) >= 0 and sum(lacking) == len(data.skipped)


def why_not_published(data: DataSummary) -> str:
    """Return why data in FSDnoisy18k's layout is not compared with published numbers; empty in any other layout."""
    if data.kind != LAYOUT or is_published_data(data):
        return ""
    return f"This data set is laid out as FSDnoisy18k but is not it ({counted(sum(data.clips.values()), 'clip')})."
