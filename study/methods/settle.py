"""Runs where they decide: top-two sampling on a posterior over the configurations, then fresh seeds for the choice."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.best_arm import Explored, challengers, stand
from study.methods.method import FIRST_CONFIRMING_SEED, Decision, Signal
from study.methods.run_queue import RunQueue
from trainables.naming import label
from trainables.settings import most_exploring

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.statistics.best_arm import Assessment
    from study.spec.candidates import Candidate
    from trainables.config import Configuration
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record, SelectOn
    from trainables.settings import Settle as Settings

CHALLENGERS = 8  # drawn for each run
# Runs in flight, as a share of those landed, or one for each candidate where that is more. What is asked for before it
# is known what the others showed is worth less: without a limit, 100 workers train three times as much as one does.
MOST_IN_FLIGHT = 0.5


class Settle:
    """Explores the candidates until one of them is surely within the tolerance of the best, and confirms that one.

    Every candidate starts with a few seeds. For each further run challengers of the choice so far are drawn: those that
    are the best in draws from the posterior where the choice is wrong (top-two Thompson sampling, Russo 2020, asked for
    a good candidate rather than for the best). The run is the one that tells most of their differences from the choice.
    Runs that are out count as if they had landed on their expectation, so several workers have something to do until
    more runs would be of no use.

    Exploring ends when nothing is out and the choice is within ``within`` points of the best with probability
    ``confidence``, or at the cap. Then the choice and the baselines get fresh seeds, which no posterior sees.

    What it asks for follows from the settings and from which runs are planned and told, not from the order of telling.
    """

    rungs: tuple[int, ...] = ()

    def __init__(  # noqa: PLR0913 -- what a study says of it
        self,
        candidates: Sequence[Candidate],
        baselines: Sequence[Candidate],
        settings: Settings,
        dataset: str,
        *,
        select_on: SelectOn = "validation",
        asked: Sequence[PlannedRun] = (),
        most_runs: int | None = None,
    ) -> None:
        """Set out, or go on from an earlier sitting.

        Args:
            candidates: the configurations to choose from; of equal ones the first counts.
            baselines: the configurations that are confirmed beside the choice.
            settings: tolerance, confidence, seeds and cap.
            dataset: the data set's fingerprint.
            select_on: which accuracy of a record is its score.
            asked: the runs that an earlier sitting planned. They are asked for first unless told; those of
                configurations that are neither candidate nor baseline any more are left out.
            most_runs: a further cap on the exploring runs; None for none.

        """
        self._candidates = _distinct(candidates)
        self._baselines = _distinct(baselines)
        self._settings, self._dataset, self._select_on = settings, dataset, select_on
        cap = most_exploring(settings, len(self._candidates))
        self._cap = cap if most_runs is None else max(0, min(cap, most_runs))
        self._queue = RunQueue()
        self._seeds: dict[Configuration, set[int]] = defaultdict(set)  # exploring seeds planned
        self._scores: dict[Configuration, dict[int, float]] = defaultdict(dict)
        self._unscored: Counter[Configuration] = Counter()
        # By whether runs in flight count; forgotten when it changes.
        self._standings: dict[bool, Assessment[Configuration] | None] = {}
        self._chosen: Configuration | None = None  # set when exploring is over
        self._take_up(asked)
        for each in self._candidates:  # so that the plan names all of them from the first
            if not self._seeds[each] and self._explored < self._cap:
                self._plan(each)

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that is confirmed; None while exploring, and when every candidate failed."""
        return self._candidates[self._chosen] if self._chosen else None

    def confidence(self) -> float | None:
        """Return the probability that the choice so far is within the tolerance of the best; None without a score."""
        standing = self._standing()
        return None if standing is None else self._sure(standing)

    def ask(self) -> PlannedRun | Signal:
        """Return the next run, ``WAIT`` while those out may change what is wanted, ``DONE`` at the end."""
        waiting = self._queue.next()
        if waiting is not None:
            return waiting
        if self._chosen is None:
            explore = self._explore()
            if explore is not None:
                self._plan(explore)
            elif not any(self._queue.planned[run_id].stage == "explore" for run_id in self._queue.out):
                self._close()
        return self._queue.next() or (Signal.WAIT if self._queue.out else Signal.DONE)

    def tell(self, record: Record) -> None:
        """Take a run's record; one that is not complete gives no score.

        Raises:
            ValueError: the method has planned no such run.

        """
        if record.run_id in self._queue.told:
            return
        self._queue.tell(record.run_id)
        if self._queue.planned[record.run_id].stage != "explore":
            return
        configuration = record.run.configuration
        accuracy: float | None = getattr(record, f"{self._select_on}_accuracy")
        if record.status == "complete" and accuracy is not None:
            self._scores[configuration][record.run.seed] = 100 * accuracy
        else:
            self._unscored[configuration] += 1
        self._standings.clear()

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost; it is the next to be asked for.

        Raises:
            ValueError: the run is not out.

        """
        self._queue.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Take any record but that of a run which another study's search stopped early."""
        return record.status != "stopped"

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:  # noqa: ARG002 -- the protocol's
        """Let every run go on to its end."""
        return Decision.CONTINUE

    def planned(self) -> list[PlannedRun]:
        """Return every run planned so far, those of an earlier sitting first."""
        return list(self._queue.planned.values())

    def most_left(self) -> int:
        """Return an upper bound of the runs that are still to be told."""
        planned = len(self._queue.planned) - len(self._queue.told)
        if self._chosen is not None or not self._in_race():
            return planned
        confirmed = self._settings.confirm_seeds * (1 + len(self._baselines))
        return planned + max(0, self._cap - self._explored) + confirmed

    def most_in_flight(self, slots: int) -> int:
        """Return the slots: ``ask`` itself waits while enough runs are out."""
        return slots

    def standing(self) -> str:
        """Say which candidate leads, or is confirmed, and how sure that is."""
        count = len(self._candidates)
        exploring = f"exploring {count} configuration{'' if count == 1 else 's'}"
        if not self._in_race():
            return f"every one of {count} configurations failed too often"
        standing = self._standing()
        if standing is None:
            return exploring if self._chosen is None else f"confirming {self._name(self._chosen)}"
        probability = self._sure(standing)
        # Rounded down: 0.949 is not 0.95.
        sure = f"within {self._settings.within:g} points of the best with P = {int(100 * probability) / 100:.2f}"
        if self._chosen is None:
            return f"{exploring}: {self._name(standing.chosen)} leads, {sure}"
        short = ", unsettled at the most runs" if probability < self._settings.confidence else ""
        return f"confirming {self._name(self._chosen)}, {sure}{short}"

    def _take_up(self, asked: Iterable[PlannedRun]) -> None:
        """Plan what an earlier sitting planned. What was confirmed does not bind: the choice follows from the records.

        It is the same choice unless there is more to explore now, or other records.
        """
        for planned in asked:
            configuration = planned.run.configuration
            if planned.stage == "explore" and configuration in self._candidates:
                self._seeds[configuration].add(planned.run.seed)
                self._queue.plan(planned)
            elif planned.stage == "confirm" and configuration in self._candidates | self._baselines:
                self._queue.plan(planned)

    @property
    def _explored(self) -> int:
        return sum(map(len, self._seeds.values()))

    def _runs_of(self, configuration: Configuration, *, believing: bool = False) -> Explored:
        candidate = self._candidates[configuration]
        scores, unscored = tuple(self._scores[configuration].values()), self._unscored[configuration]
        pending = len(self._seeds[configuration]) - len(scores) - unscored if believing else 0
        return Explored(candidate.arm, candidate.varied, scores, unscored, pending)

    def _in_race(self) -> list[Configuration]:
        return [each for each in self._candidates if not self._runs_of(each).out_of_race]

    def _explore(self) -> Configuration | None:
        """Return the candidate to run next; None when the runs planned are enough, or as many as there may be."""
        if self._explored >= self._cap:
            return None
        free = [each for each in self._in_race() if self._next_seed(each) < FIRST_CONFIRMING_SEED]
        start = [each for each in free if self._next_seed(each) < self._settings.start_seeds]
        if start or not free:
            return min(start, key=self._next_seed, default=None)
        if self._out_enough(free):
            return None
        standing = self._standing(believing=True)
        if standing is None:  # none has a score yet: each failed, though not often enough to be out
            return min(free, key=self._next_seed)
        if standing.confidence >= self._settings.confidence:
            return None
        return self._sample(standing, free)

    def _out_enough(self, free: Sequence[Configuration]) -> bool:
        """Say whether so many runs are in flight that the next is better chosen when some have landed."""
        landed = sum(len(self._scores[each]) + self._unscored[each] for each in self._candidates)
        flying = self._explored - landed
        # Before each has been seen once, there is nothing to decide by.
        unseen = any(not self._scores[each] and not self._unscored[each] for each in free)
        return (flying > 0 and unseen) or flying >= max(len(free), MOST_IN_FLIGHT * landed)

    def _sample(self, standing: Assessment[Configuration], free: Sequence[Configuration]) -> Configuration:
        """Draw challengers, by the random numbers of this state of the exploring, and run what tells most of them."""
        counts = [len(self._seeds[each]) for each in self._candidates]
        rng = np.random.default_rng([self._settings.seed, *counts])
        drawn = rng.multinomial(CHALLENGERS, challengers(standing, self._settings.within))
        narrowing = drawn @ standing.posterior.narrowing(standing.index)
        allowed = [i for i, each in enumerate(standing.keys) if each in free]
        return standing.keys[max(allowed, key=lambda i: float(narrowing[i]))]

    def _standing(self, *, believing: bool = False) -> Assessment[Configuration] | None:
        """Judge the candidates by the scores told; ``believing`` takes in the runs in flight."""
        if believing not in self._standings:
            explored = {each: self._runs_of(each, believing=believing) for each in self._candidates}
            self._standings[believing] = stand(explored, self._settings.within)
        return self._standings[believing]

    def _close(self) -> None:
        """End the exploring: choose, and plan the runs that confirm; nothing when no candidate has a score."""
        standing = self._standing()
        if standing is not None:
            self._chosen = standing.chosen
            self._plan_confirming(self._chosen)

    def _plan(self, configuration: Configuration) -> None:
        seed = self._next_seed(configuration)
        self._seeds[configuration].add(seed)
        self._queue.plan(self._candidates[configuration].planned(seed, self._dataset, "explore"))
        self._standings.pop(True, None)

    def _plan_confirming(self, chosen: Configuration) -> None:
        confirmed = [self._candidates[chosen], *self._baselines.values()]
        for seed in range(FIRST_CONFIRMING_SEED, FIRST_CONFIRMING_SEED + self._settings.confirm_seeds):
            for candidate in confirmed:
                self._queue.plan(candidate.planned(seed, self._dataset, "confirm"))

    def _next_seed(self, configuration: Configuration) -> int:
        """Return the candidate's smallest seed that is not planned."""
        seeds = self._seeds[configuration]
        return next(seed for seed in range(len(seeds) + 1) if seed not in seeds)

    def _name(self, configuration: Configuration) -> str:
        return label(self._candidates[configuration].planned(0, self._dataset))

    def _sure(self, standing: Assessment[Configuration]) -> float:
        """Return the probability that the choice is within the tolerance; 0 where it is out of the race."""
        chosen = standing.chosen if self._chosen is None else self._chosen
        return float(standing.within[standing.keys.index(chosen)]) if chosen in standing.keys else 0.0


def _distinct(candidates: Iterable[Candidate]) -> dict[Configuration, Candidate]:
    """Return the candidates by configuration, in their order; of equal ones the first."""
    found: dict[Configuration, Candidate] = {}
    for each in candidates:
        found.setdefault(each.configuration, each)
    return found
