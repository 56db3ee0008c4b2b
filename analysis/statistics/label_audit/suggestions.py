"""Which label the runs suggest for each training clip, and how many of them do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.statistics.arrays import Floats, Integers

UNSEEN = -1  # in place of a class, where a run did not see the clip


@dataclass(frozen=True)
class Suggestions:
    """The class that most runs suggest for each of N clips.

    Attributes:
        suggested: class index; the given label where that has as many votes as any other, ``UNSEEN`` where no run saw
            the clip. Shape (N,).
        share: of the runs that measured the clip, how many suggest that class; NaN where none did. Shape (N,).
        agreement: of the seeds, in how many that class has the most votes; NaN where none saw it. Shape (N,).

    """

    suggested: Integers
    share: Floats
    agreement: Floats


def votes(runs: Iterable[Integers], clips: int, classes: int) -> Integers:
    """Count for each clip and class how many runs suggest it.

    Args:
        runs: each run's class for every clip, ``UNSEEN`` where it did not see it.
        clips: number of clips, N.
        classes: number of classes, K.

    Returns:
        Shape (N, K).

    """
    counts = np.zeros((clips, classes), dtype=np.int64)
    for suggested in runs:
        seen = np.flatnonzero(suggested != UNSEEN)
        counts[seen, suggested[seen]] += 1
    return counts


def suggestions(by_seed: Integers, given: Integers) -> Suggestions:
    """Return the class with the most votes of all runs, and how far runs and seeds agree on it.

    Args:
        by_seed: the votes of each seed's runs. Shape (seeds, N, K).
        given: the given labels, as class indices. Shape (N,).

    """
    total = by_seed.sum(axis=0)
    suggested = _most(total, given)
    most = np.take_along_axis(total, np.maximum(suggested, 0)[:, None], axis=1)[:, 0]
    of_seeds = np.stack([_most(counts, given) for counts in by_seed])
    agreeing = ((of_seeds == suggested) & (of_seeds != UNSEEN)).sum(axis=0)
    return Suggestions(suggested, _share(most, total.sum(axis=1)), _share(agreeing, (of_seeds != UNSEEN).sum(axis=0)))


def _most(counts: Integers, given: Integers) -> Integers:
    """Return the class with the most votes of each clip; of equals the given label, else the first."""
    most = counts.max(axis=1)
    given_wins = counts[np.arange(len(given)), given] == most
    return np.where(most == 0, UNSEEN, np.where(given_wins, given, counts.argmax(axis=1)))


def _share(part: Integers, whole: Integers) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))
