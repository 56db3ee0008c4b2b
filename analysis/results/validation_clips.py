"""Which validation clips a study chooses on: how many, how many of them verified, and what one clip is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.results.measures import on_verified
from analysis.results.runs_table import selected_on
from trainables.records import ACCURACIES

if TYPE_CHECKING:
    from trainables.plans import StudyPlan
    from trainables.records import SelectionMetric


@dataclass(frozen=True)
class ValidationClips:
    """The validation clips of a training subset.

    Attributes:
        subset: the training subset that they are held out from.
        clips: how many they are.
        verified: how many of them have a verified label; on average over splits where each seed has its own.
        select_on: which of them the study chooses by.
        per_seed: whether each seed holds out other clips; if not, all runs share these.
        per_fold: whether each fold is the test set in turn, so that the runs of each hold out other clips; the numbers
            are then means over the folds.

    """

    subset: str
    clips: int
    verified: int
    select_on: SelectionMetric
    per_seed: bool
    per_fold: bool = False

    @property
    def judges(self) -> int:
        """The number of clips that decide."""
        return self.verified if on_verified(self.select_on) else self.clips

    @property
    def step(self) -> float | None:
        """The points that one of the deciding clips is worth in one run; None where accuracy does not decide."""
        return 100 / self.judges if self.judges and self.select_on in ACCURACIES else None


def validation_clips(plan: StudyPlan) -> dict[str, ValidationClips]:
    """Return subset -> its validation clips; empty for a plan of the first version, which does not state them."""
    per_seed = plan.settings.split != "fixed"
    per_fold = bool(plan.dataset.folds)
    return {
        subset: ValidationClips(subset, held.clips, held.verified, selected_on(plan), per_seed, per_fold)
        for subset, held in plan.dataset.validation.items()
    }
