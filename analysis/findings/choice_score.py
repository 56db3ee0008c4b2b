"""The test accuracy of a choice, without the luck that its runs share with the choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.statistics.intervals import LEVEL, accuracy_interval, next_accuracy
from analysis.statistics.shared_luck import leave_one_seed_out

if TYPE_CHECKING:
    from analysis.results.runs_table import Key
    from analysis.statistics.intervals import Interval
    from analysis.statistics.ranking import Choice, Scores
    from analysis.statistics.shared_luck import LeftOut, SharedLuck


@dataclass(frozen=True)
class ChoiceScore:
    """The test accuracy of a chosen configuration; accuracies are fractions.

    Attributes:
        accuracy: the mean over its runs less ``luck``, with a t-interval; None without a test accuracy. The interval
            covers the mean of the configuration that is chosen, over seeds. It has no ends where ``picked`` is true.
        luck: what is subtracted, because the same runs made the choice; 0 where other runs made it, or there was none.
        picked: whether the same runs made the choice and show too little to estimate their luck, so that the mean is
            too high by an unknown amount.
        left_out: the check by leaving out one seed; None where other runs made the choice, or it cannot be had.

    """

    accuracy: Interval | None = None
    luck: float = 0.0
    picked: bool = False
    left_out: LeftOut | None = None

    @property
    def next_run(self) -> Interval | None:
        """The prediction interval of one more training; None where the accuracy's interval is not shown."""
        return next_accuracy(self.accuracy) if self.accuracy and self.accuracy.has_width else None


def score_on_fresh_seeds(key: Key, test: Scores) -> ChoiceScore:
    """Return the test accuracy of a configuration that other runs chose."""
    return ChoiceScore(accuracy_interval(test[key].values(), LEVEL)) if test.get(key) else ChoiceScore()


def score_of_choice(choice: Choice, luck: SharedLuck | None, validation: Scores, test: Scores) -> ChoiceScore:
    """Return the test accuracy of a configuration whose runs made the choice.

    Args:
        choice: the choice.
        luck: of the runs that it was made from; None where they do not show it.
        validation: configuration -> seed -> accuracy that the choice was made by, of all candidates.
        test: configuration -> seed -> test accuracy.

    """
    plain = score_on_fresh_seeds(choice.key, test)
    if plain.accuracy is None or not choice.others:
        return plain
    if luck is None:
        return ChoiceScore(replace(plain.accuracy, half_width=None, low=None, high=None), picked=True)
    candidates = choice.ranking.keys
    points = luck.of_best(candidates)
    left_out = leave_one_seed_out({key: validation[key] for key in candidates}, test, choice.key)
    return ChoiceScore(accuracy_interval(test[choice.key].values(), LEVEL, less=points), points, left_out=left_out)
