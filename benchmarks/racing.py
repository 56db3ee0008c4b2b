"""Uniform racing, a method to compare with: every candidate gets the next seed until it is seen to be worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from study.methods.method import Decision, Signal
from study.methods.run_queue import RunQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.spec.candidates import Candidate
    from trainables.config import Configuration
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record

LEVEL = 0.95  # of all comparisons with the leader together (Bonferroni)
FEWEST, MOST = 3, 20  # rounds before the first comparison; at most


class Racing:
    """Rounds of one seed for every candidate in the race; after a round, those surely worse than the leader drop out.

    It ends when one is left, when no other can be more than ``within`` points better than the leader, or after MOST
    rounds. The comparisons are t-tests with the candidates' pooled variance.
    """

    rungs: tuple[int, ...] = ()

    def __init__(self, candidates: Sequence[Candidate], within: float, dataset: str) -> None:
        """Start with every candidate in the race; ``within`` is in points."""
        self._candidates = {each.configuration: each for each in candidates}
        self._within, self._dataset = within, dataset
        self._scores: dict[Configuration, list[float]] = {each: [] for each in self._candidates}
        self._racing = list(self._candidates)
        self._round = 0
        self._over = False
        self._queue = RunQueue()
        self._next_round()

    def _next_round(self) -> None:
        for each in self._racing:
            self._queue.plan(self._candidates[each].planned(self._round, self._dataset, "explore"))
        self._round += 1

    def ask(self) -> PlannedRun | Signal:
        """Return the round's next run."""
        planned = self._queue.next()
        if planned is None and not self._queue.out and not self._over:
            self._compare()
            if not self._over:
                self._next_round()
            planned = self._queue.next()
        return planned or (Signal.WAIT if self._queue.out else Signal.DONE)

    def _compare(self) -> None:
        """Drop who is surely worse, and see whether the race is over."""
        if self._round < FEWEST:
            return
        means = {each: float(np.mean(self._scores[each])) for each in self._racing}
        leader = max(self._racing, key=lambda each: means[each])
        freedom = sum(len(scores) - 1 for scores in self._scores.values())
        squares = sum(float(np.var(scores)) * len(scores) for scores in self._scores.values())
        comparisons = 2 * max(1, len(self._racing) - 1)
        margin = stats.t.ppf(1 - (1 - LEVEL) / comparisons, freedom) * np.sqrt(2 * squares / freedom / self._round)
        self._racing = [each for each in self._racing if means[leader] - means[each] <= margin]
        close = all(means[each] - means[leader] + margin <= self._within for each in self._racing if each != leader)
        self._over = close or self._round >= MOST

    def tell(self, record: Record) -> None:
        """Take a run's record."""
        self._queue.tell(record.run_id)
        if record.validation_accuracy is not None:
            self._scores[record.run.configuration].append(100 * record.validation_accuracy)

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost."""
        self._queue.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Take any record but that of a run which was stopped early."""
        return record.status != "stopped"

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:  # noqa: ARG002 -- the protocol's
        """Let every run go on to its end."""
        return Decision.CONTINUE

    def planned(self) -> list[PlannedRun]:
        """Return every run planned so far."""
        return list(self._queue.planned.values())

    def most_in_flight(self, slots: int) -> int:
        """Return the slots."""
        return slots

    def most_left(self) -> int:
        """Return an upper bound of the runs still to be told."""
        return len(self._candidates) * MOST - len(self._queue.told)

    def standing(self) -> str:
        """Say who is in the race."""
        return f"{len(self._racing)} in the race after {self._round} rounds"
