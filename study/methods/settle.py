"""Adaptive allocation: top-two sampling on a posterior over configurations, then confirmation on fresh seeds."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.best_arm.assessment import CHALLENGERS, Explored, assess_explored, challengers
from analysis.statistics.best_arm.guarantee import Goal
from study.methods.base import QueuedMethod
from study.methods.method import FIRST_CONFIRMING_SEED
from trainables.naming import counted, counted_points, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.statistics.best_arm.assessment import Assessment, StoppingRule
    from study.methods.method import Signal
    from study.spec.candidates import Candidate
    from trainables.config import Configuration
    from trainables.plans import PlannedRun
    from trainables.records import Record, SelectionMetric
    from trainables.settings import CollapseRule
    from trainables.settings import Settle as Settings

# Most runs in flight, as a share of the finished ones (or one per candidate, if that is more). A run chosen without the
# results of the others is worth less: without a limit, 100 workers train three times as many runs as one worker does.
IN_FLIGHT_SHARE = 0.5
MAX_WRITTEN = 0.99  # a larger probability is written as > 0.99


class Settle(QueuedMethod):
    """Explores the candidates until one is confidently within the tolerance of the best, then confirms that one.

    Every candidate starts with a few seeds. For each further run, challengers of the current choice are drawn: the best
    candidates of those posterior draws in which the choice is wrong (top-two Thompson sampling, Russo 2020, adapted to
    ask for a good candidate instead of the best). The next run is the one that tells most about their differences from
    the choice. Runs in flight count as if they had landed on their expectation, so several workers stay busy until
    more runs would be of no use.

    Exploring ends when no exploring run is in flight and the choice is within ``within`` points of the best with
    probability ``confidence``, or at the cap. The choice and the baselines then get fresh seeds, which the posterior
    never sees.

    The runs it asks for depend on the settings, the planned runs and their records, not on the order of the records.
    """

    def __init__(  # noqa: PLR0913 -- the study's settings, each by name
        self,
        candidates: Sequence[Candidate],
        baselines: Sequence[Candidate],
        settings: Settings,
        dataset: str,
        *,
        select_on: SelectionMetric = "validation",
        collapse: CollapseRule = "set_aside",
        earlier: Sequence[PlannedRun] = (),
        exploring_budget: int | None = None,
    ) -> None:
        """Start, or resume from the runs of an earlier session.

        Args:
            candidates: the configurations to choose from; duplicates are dropped.
            baselines: the configurations confirmed alongside the choice.
            settings: tolerance, confidence, seeds and cap.
            dataset: the data set's fingerprint.
            select_on: the metric that is a record's score.
            collapse: what a run far below the others of its candidate is.
            earlier: the runs planned in an earlier session. Those without a record are asked for first; those of
                configurations that are no longer candidates or baselines are dropped.
            exploring_budget: a further cap on the exploring runs; None for no cap.

        """
        super().__init__()
        self._candidates = _distinct(candidates)
        self._baselines = _distinct(baselines)
        self._settings, self._dataset, self._select_on = settings, dataset, select_on
        self._collapse = collapse
        self._goal = Goal.of(settings, len(self._candidates))
        cap = settings.most_exploring(len(self._candidates))
        self._cap = cap if exploring_budget is None else max(0, min(cap, exploring_budget))
        self._seeds: dict[Configuration, set[int]] = defaultdict(set)  # exploring seeds planned
        self._scores: dict[Configuration, dict[int, float]] = defaultdict(dict)
        self._unscored: dict[Configuration, set[int]] = defaultdict(set)  # seeds that ended without a score
        # Keyed by whether runs in flight count; cleared when an assessment would change.
        self._assessments: dict[bool, Assessment[Configuration] | None] = {}
        self._chosen: Configuration | None = None  # set when exploring is over
        self._resume(earlier)
        for configuration in self._candidates:  # so that the plan names every candidate from the start
            if not self._seeds[configuration] and self._explored < self._cap:
                self._plan(configuration)

    @property
    def leader(self) -> Candidate | None:
        """The candidate that would be chosen now; None without a score."""
        assessment = self._assess()
        return None if assessment is None else self._candidates[assessment.chosen]

    @property
    def chosen(self) -> Candidate | None:
        """The candidate being confirmed; None while exploring, and if every candidate failed."""
        return self._candidates[self._chosen] if self._chosen else None

    def confidence(self) -> float | None:
        """Return the probability that the current choice is within the tolerance of the best; None without a score."""
        assessment = self._assess()
        return None if assessment is None else self._probability(assessment)

    def ask(self) -> PlannedRun | Signal:
        """Return the next run, ``WAIT`` while runs in flight may change what comes next, ``DONE`` at the end."""
        waiting = self._queue.next()
        if waiting is not None:
            return waiting
        if self._chosen is None:
            configuration = self._next_to_explore()
            if configuration is not None:
                self._plan(configuration)
            elif not any(self._queue.planned[run_id].stage == "explore" for run_id in self._queue.in_flight):
                self._choose()
        return self._next()

    def tell(self, record: Record) -> None:
        """Register a run's record; only a complete run yields a score."""
        if record.run_id in self._queue.recorded:
            return
        super().tell(record)
        if self._queue.planned[record.run_id].stage != "explore":
            return
        configuration = record.run.configuration
        score = record.score(self._select_on)
        if record.status == "complete" and score is not None:
            self._scores[configuration][record.run.seed] = 100 * score
        else:
            self._unscored[configuration].add(record.run.seed)
        self._assessments.clear()

    def most_left(self) -> int:
        """Return an upper bound on the runs still to be recorded."""
        if self._chosen is not None or not self._in_race():
            return self._queue.left
        confirming = self._settings.confirm_seeds * (1 + len(self._baselines))
        return self._queue.left + max(0, self._cap - self._explored) + confirming

    def most_in_flight(self, slots: int) -> int:
        """Return the number of slots: ``ask`` itself waits once enough runs are in flight."""
        return slots

    def standing(self) -> str:
        """Return which candidate leads or is being confirmed, and the confidence in it."""
        count = len(self._candidates)
        exploring = f"exploring {counted(count, 'configuration')}"
        if not self._in_race():
            return f"every one of {count} configurations failed too often"
        assessment = self._assess()
        if assessment is None:
            return exploring if self._chosen is None else f"confirming {self._name(self._chosen)}"
        # Rounded down: 0.949 is not 0.95, and a share of draws of 1 is no certainty.
        probability = self._probability(assessment)
        written = f"= {int(100 * probability) / 100:.2f}" if probability <= MAX_WRITTEN else f"> {MAX_WRITTEN}"
        certainty = f"within {counted_points(self._settings.within)} of the best with P {written}"
        if self._chosen is None:
            return f"{exploring}: {self._name(assessment.chosen)} leads, {certainty}"
        ended = {
            "confidence": "",
            "regret": f", expected regret {math.ceil(100 * assessment.regret) / 100:.2f} points",
            None: ", unsettled at the most runs",
        }
        return f"confirming {self._name(self._chosen)}, {certainty}{ended[self._rule(assessment)]}"

    def _resume(self, earlier: Iterable[PlannedRun]) -> None:
        """Plan the runs of an earlier session.

        Its choice is not binding: the choice is derived from the records again, and differs only if there is more to
        explore now or the records have changed.
        """
        for planned in earlier:
            configuration = planned.run.configuration
            if planned.stage == "explore" and configuration in self._candidates:
                self._seeds[configuration].add(planned.run.seed)
                self._queue.plan(planned)
            elif planned.stage == "confirm" and configuration in self._candidates | self._baselines:
                self._queue.plan(planned)

    @property
    def _explored(self) -> int:
        return sum(map(len, self._seeds.values()))

    def _runs_of(self, configuration: Configuration, *, with_pending: bool = False) -> Explored:
        candidate = self._candidates[configuration]
        scores, unscored = self._scores[configuration], self._unscored[configuration]
        pending = self._in_flight(configuration) if with_pending else ()
        return Explored(candidate.arm, candidate.varied, scores, len(unscored), pending)

    def _in_race(self) -> list[Configuration]:
        return [configuration for configuration in self._candidates if not self._runs_of(configuration).out_of_race]

    def _next_to_explore(self) -> Configuration | None:
        """Return the candidate to run next; None if the planned runs suffice or the cap is reached."""
        if self._explored >= self._cap:
            return None
        free = [
            configuration for configuration in self._in_race() if self._next_seed(configuration) < FIRST_CONFIRMING_SEED
        ]
        start = [configuration for configuration in free if self._next_seed(configuration) < self._settings.start_seeds]
        if start or not free:
            return min(start, key=self._next_seed, default=None)
        if self._enough_in_flight(free):
            return None
        assessment = self._assess(with_pending=True)
        if assessment is None:  # no candidate has a score yet: all failed, but not often enough to be excluded
            return min(free, key=self._next_seed)
        if self._rule(assessment) is not None:
            return None
        unclear = [key for key in free if key in assessment.undecided and not self._in_flight(key)]
        return min(unclear, key=self._next_seed) if unclear else self._sample(assessment, free)

    def _rule(self, assessment: Assessment[Configuration]) -> StoppingRule | None:
        return assessment.stops(self._goal)

    def _in_flight(self, configuration: Configuration) -> set[int]:
        """Return the candidate's seeds in flight."""
        return self._seeds[configuration] - self._scores[configuration].keys() - self._unscored[configuration]

    def _enough_in_flight(self, free: Sequence[Configuration]) -> bool:
        """Return whether so many runs are in flight that the next choice is better made after some have landed."""
        landed = sum(len(self._scores[key]) + len(self._unscored[key]) for key in self._candidates)
        in_flight = self._explored - landed
        # Until every candidate has a result, there is nothing to decide by.
        unseen = any(not self._scores[key] and not self._unscored[key] for key in free)
        return (in_flight > 0 and unseen) or in_flight >= max(len(free), IN_FLIGHT_SHARE * landed)

    def _sample(self, assessment: Assessment[Configuration], free: Sequence[Configuration]) -> Configuration:
        """Draw challengers and return the candidate whose run tells most about their differences from the choice.

        The random numbers follow from the seed and the planned runs, so a resumed study draws the same ones.
        """
        counts = [len(self._seeds[configuration]) for configuration in self._candidates]
        rng = np.random.default_rng([self._settings.seed, *counts])
        drawn = rng.multinomial(CHALLENGERS, challengers(assessment, self._settings.within))
        seeds = [self._next_seed(configuration) for configuration in assessment.keys]
        narrowing = drawn @ assessment.posterior.narrowing(assessment.index, seeds)
        allowed = [i for i, configuration in enumerate(assessment.keys) if configuration in free]
        return assessment.keys[max(allowed, key=lambda i: float(narrowing[i]))]

    def _assess(self, *, with_pending: bool = False) -> Assessment[Configuration] | None:
        """Assess the candidates by their scores and, on request, their runs in flight; None without a score."""
        if with_pending not in self._assessments:
            explored = {key: self._runs_of(key, with_pending=with_pending) for key in self._candidates}
            self._assessments[with_pending] = assess_explored(
                explored, self._settings.within, set_aside_collapses=self._collapse == "set_aside"
            )
        return self._assessments[with_pending]

    def _choose(self) -> None:
        """End the exploring: choose, and plan the confirming runs; do nothing if no candidate has a score."""
        assessment = self._assess()
        if assessment is not None:
            self._chosen = assessment.chosen
            confirmed = [self._candidates[self._chosen], *self._baselines.values()]
            self._plan_confirming(confirmed, self._settings.confirm_seeds, self._dataset)

    def _plan(self, configuration: Configuration) -> None:
        seed = self._next_seed(configuration)
        self._seeds[configuration].add(seed)
        self._queue.plan(self._candidates[configuration].planned(seed, self._dataset, "explore"))
        self._assessments.pop(True, None)

    def _next_seed(self, configuration: Configuration) -> int:
        """Return the candidate's smallest unplanned seed."""
        seeds = self._seeds[configuration]
        return next(seed for seed in range(len(seeds) + 1) if seed not in seeds)

    def _name(self, configuration: Configuration) -> str:
        return label(self._candidates[configuration].planned(0, self._dataset))

    def _probability(self, assessment: Assessment[Configuration]) -> float:
        """Return the probability that the choice is within the tolerance; 0 if it is out of the race."""
        chosen = assessment.chosen if self._chosen is None else self._chosen
        return float(assessment.within[assessment.keys.index(chosen)]) if chosen in assessment.keys else 0.0


def _distinct(candidates: Iterable[Candidate]) -> dict[Configuration, Candidate]:
    """Return the candidates by configuration, in their order, without later duplicates."""
    by_configuration: dict[Configuration, Candidate] = {}
    for candidate in candidates:
        by_configuration.setdefault(candidate.configuration, candidate)
    return by_configuration
