"""A configuration that a search sampled: the curves of its runs, and its scores over the seeds."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from study.methods.search_space import Tried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from study.spec.candidates import Candidate
    from trainables.records import Status

Curve = dict[int, float]  # epoch, ascending from 1 -> score; NaN if it was not measured


class SampledConfiguration:
    """One sampled configuration.

    Attributes:
        number: counts the sampled configurations, from 0.
        candidate: the configuration.
        passed: the last rung that it passed; 0 before the first.
        stopped: the rung at which it was stopped; None if it was not.

    """

    def __init__(self, number: int, candidate: Candidate, run_ids: Sequence[str], max_epochs: int) -> None:
        """Start with runs without epochs.

        Args:
            number: counts the sampled configurations, from 0.
            candidate: the configuration.
            run_ids: its runs, one for each seed.
            max_epochs: epochs after which a run has finished, if it has not ended earlier.

        """
        self.number = number
        self.candidate = candidate
        self.passed = 0
        self.stopped: int | None = None
        self._max_epochs = max_epochs
        self._curves: dict[str, Curve] = {run_id: {} for run_id in run_ids}
        self._ended: dict[str, Status] = {}
        self._tried: Tried | None = None

    def reached(self, run_id: str) -> int:
        """Return the last known epoch of a run; 0 before the first."""
        return next(reversed(self._curves[run_id]), 0)

    @property
    def over(self) -> bool:
        """Whether every run has a record."""
        return len(self._ended) == len(self._curves)

    @property
    def longest(self) -> int:
        """The last epoch of the run that is furthest ahead."""
        return max(map(self.reached, self._curves))

    def grow(self, run_id: str, curve: Curve) -> None:
        """Update the curve of a run in flight; a shorter one, of a run resumed from a checkpoint, adds nothing."""
        if len(curve) > len(self._curves[run_id]):
            self._curves[run_id] = curve
            self._tried = None

    def end(self, run_id: str, status: Status, curve: Curve) -> None:
        """Register the end of a run; the recorded curve replaces the one reported before."""
        self._curves[run_id] = curve
        self._ended[run_id] = status
        # A run cut at max_epochs has finished; it was not stopped at a rung.
        if status == "stopped" and (last := self.reached(run_id)) < self._max_epochs:
            self.stopped = last if self.stopped is None else min(self.stopped, last)
        self._tried = None

    def stop(self, epoch: int) -> None:
        """Mark the configuration as stopped at a rung."""
        self.stopped = epoch
        self._tried = None

    def in_flight_at(self, epoch: int) -> bool:
        """Return whether a run without a record has reached an epoch."""
        return any(self.reached(i) >= epoch for i in self._curves if i not in self._ended)

    def score(self, epoch: int) -> float | None:
        """Return the mean over the seeds at an epoch; None until every seed has reached it or ended.

        A run that completed before the epoch counts with its last score; one that diverged or failed before does not
        count. NaN if no run has a score.
        """
        if self.longest < epoch:
            return None
        scores: list[float] = []
        for run_id, curve in self._curves.items():
            reached, status = self.reached(run_id), self._ended.get(run_id)
            if reached >= epoch or (status == "complete" and curve):
                scores.append(curve.get(min(epoch, reached), math.nan))
            elif status is None:
                return None
        return _mean(scores)

    @property
    def finals(self) -> dict[str, float]:
        """The last score, up to ``max_epochs``, of each run that finished and has one: run_id -> score."""
        scores: dict[str, float] = {}
        for run_id, status in self._ended.items():
            last = min(self.reached(run_id), self._max_epochs)
            if status == "complete" or (status == "stopped" and last == self._max_epochs):
                scores[run_id] = self._curves[run_id].get(last, math.nan)
        return {run_id: score for run_id, score in scores.items() if not math.isnan(score)}

    @property
    def value(self) -> float:
        """The mean last score, up to ``max_epochs``, over the runs that finished; NaN if none did."""
        return _mean(list(self.finals.values()))

    def tried(self) -> Tried:
        """Return the configuration in the form that a sampler reads."""
        self._tried = self._tried or self._as_tried()
        return self._tried

    def _as_tried(self) -> Tried:
        arm, varied = self.candidate.arm, self.candidate.varied
        last = min(self.longest, self.stopped or self._max_epochs)
        means = _numbers({epoch: self.score(epoch) for epoch in range(1, last + 1)})
        if not self.over:
            return Tried(self.number, arm, varied, "running", None, means)
        if self.stopped is not None:
            return Tried(self.number, arm, varied, "pruned", means[max(means)] if means else None, means)
        if math.isnan(self.value):
            return Tried(self.number, arm, varied, "failed", None, means)
        return Tried(self.number, arm, varied, "complete", self.value, means)


def _mean(scores: Sequence[float]) -> float:
    finite = [score for score in scores if math.isfinite(score)]
    return fmean(finite) if finite else math.nan


def _numbers(scores: Mapping[int, float | None]) -> dict[int, float]:
    return {epoch: score for epoch, score in scores.items() if score is not None and not math.isnan(score)}
