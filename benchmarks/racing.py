"""Uniform racing, a baseline method: every candidate gets the next seed until it is clearly worse than the leader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from study.methods.base import QueuedMethod
from study.methods.method import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.spec.candidates import Candidate
    from trainables.config import Configuration
    from trainables.plans import PlannedRun
    from trainables.records import Record

LEVEL = 0.95  # of all comparisons with the leader together (Bonferroni)
FIRST_COMPARISON = 3  # rounds
MAX_ROUNDS = 20


class Racing(QueuedMethod):
    """Rounds of one seed for each candidate still in the race; after a round, those worse than the leader drop out.

    The race ends when one is left, when no other can be more than ``within`` points better than the leader, or after
    MAX_ROUNDS rounds. The comparisons are t-tests with the pooled variance of the candidates.
    """

    def __init__(self, candidates: Sequence[Candidate], within: float, dataset: str) -> None:
        """Start with every candidate in the race; ``within`` is in points."""
        super().__init__()
        self._candidates = {candidate.configuration: candidate for candidate in candidates}
        self._within, self._dataset = within, dataset
        self._scores: dict[Configuration, list[float]] = {key: [] for key in self._candidates}
        self._racing = list(self._candidates)
        self._round = 0
        self._over = False
        self._next_round()

    def _next_round(self) -> None:
        for key in self._racing:
            self._queue.plan(self._candidates[key].planned(self._round, self._dataset, "explore"))
        self._round += 1

    def ask(self) -> PlannedRun | Signal:
        """Return the next run of the round."""
        planned = self._queue.next()
        if planned is None and not self._queue.in_flight and not self._over:
            self._compare()
            if not self._over:
                self._next_round()
            planned = self._queue.next()
        return planned or (Signal.WAIT if self._queue.in_flight else Signal.DONE)

    def _compare(self) -> None:
        """Drop the candidates that are worse than the leader, and decide whether the race is over."""
        if self._round < FIRST_COMPARISON:
            return
        means = {key: float(np.mean(self._scores[key])) for key in self._racing}
        leader = max(self._racing, key=means.__getitem__)
        freedom = sum(len(scores) - 1 for scores in self._scores.values())
        squares = sum(float(np.var(scores)) * len(scores) for scores in self._scores.values())
        comparisons = 2 * max(1, len(self._racing) - 1)
        margin = stats.t.ppf(1 - (1 - LEVEL) / comparisons, freedom) * np.sqrt(2 * squares / freedom / self._round)
        self._racing = [key for key in self._racing if means[leader] - means[key] <= margin]
        close = all(means[key] - means[leader] + margin <= self._within for key in self._racing if key != leader)
        self._over = close or self._round >= MAX_ROUNDS

    def tell(self, record: Record) -> None:
        """Register a run's record."""
        self._queue.tell(record.run_id)
        if (accuracy := record.score("validation")) is not None:
            self._scores[record.run.configuration].append(100 * accuracy)

    def most_in_flight(self, slots: int) -> int:
        """Return the number of slots."""
        return slots

    def most_left(self) -> int:
        """Return an upper bound on the runs still to be recorded."""
        return len(self._candidates) * MAX_ROUNDS - len(self._queue.recorded)

    def standing(self) -> str:
        """Return the state of the race."""
        return f"{len(self._racing)} in the race after {self._round} rounds"
