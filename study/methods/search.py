"""The search: Optuna samples configurations, successive halving stops the poor ones, fresh seeds confirm the best.

What it does follows from its settings, the runs planned so far, their records and the curves of those in flight. Its
rungs and its sampler keep nothing of their own: a search that was killed and made again goes on as if it had not been.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from study.methods.method import FIRST_CONFIRMING_SEED, Decision, Signal
from study.methods.run_queue import RunQueue
from study.methods.sampled_configuration import Curve, SampledConfiguration
from study.methods.sampling import Proposer
from study.methods.successive_halving import Rungs
from study.spec.candidates import Candidate, distinct_candidates
from trainables.naming import label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from study.methods.search_space import ArmSpace, Tried
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record, SelectOn
    from trainables.settings import Search as Settings


SAMPLED_AT_ONCE = 10  # runs out at once at the least: the first ten are drawn at random whatever is known
SAMPLED_SHARE = 0.25  # of a search's runs that are out at once at the most


class Search:
    """Samples configurations until enough are told, then confirms the best of them beside the baselines.

    Attributes:
        rungs: the epochs after which ``report`` may answer STOP or PAUSE.

    """

    def __init__(  # noqa: PLR0913 -- what it needs, each by its name
        self,
        space: Sequence[ArmSpace],
        baselines: Sequence[Candidate],
        settings: Settings,
        epochs: int,
        dataset: str,
        *,
        select_on: SelectOn = "validation",
        asked: Sequence[PlannedRun] = (),
        most_runs: int | None = None,
    ) -> None:
        """Take up a search where it stands; records are told afterwards.

        Args:
            space: what is sampled; an arm's name stands there once.
            baselines: are confirmed beside the choice.
            settings: the study file's.
            epochs: most epochs of a run.
            dataset: the data set's fingerprint.
            select_on: the accuracy that rungs, sampler and choice go by.
            asked: the runs that were planned before, in the order of planning.
            most_runs: most runs to explore with; None is no limit but ``settings.configurations``.

        """
        self._space, self._baselines, self._settings = tuple(space), tuple(baselines), settings
        self._dataset, self._select_on, self._most_runs = dataset, select_on, most_runs
        asha = settings.asha
        self._max_epochs = min(epochs, asha.max_epochs or epochs) if asha else epochs
        self._rungs = Rungs(asha.grace_period, asha.reduction_factor, self._max_epochs) if asha else Rungs(1, 2, 1)
        self.rungs: tuple[int, ...] = self._rungs.epochs
        if self._max_epochs < epochs:
            self.rungs += (self._max_epochs,)
        self._queue = RunQueue()
        self._held: set[str] = set()  # paused at a rung until the other seeds of the configuration are there
        self._explored: list[SampledConfiguration] = []
        self._history: list[Tried] = []
        self._stale: set[int] = set()  # numbers of configurations that have changed since
        self._of: dict[str, SampledConfiguration] = {}  # run_id -> the configuration that it explores
        self._confirmed: list[Candidate] = []
        self._exhausted = False  # nothing new is left to sample
        self._confirming = False
        self._confirmed_before = sum(planned.stage == "confirm" for planned in asked)
        self._proposer = Proposer(self._space, settings.sampler, settings.seed)
        self._text: str | None = None  # where the search stands; None when that is to be said anew
        self._take_up(asked)

    def _take_up(self, asked: Sequence[PlannedRun]) -> None:
        explored = distinct_candidates(planned for planned in asked if planned.stage == "explore")
        for planned in asked:  # in the order of planning, before what was not planned yet
            if planned.stage in {"explore", "confirm"}:
                self._queue.plan(planned)
        for candidate in explored:
            self._explore(candidate)

    def _explore(self, candidate: Candidate) -> None:
        """Plan every seed of a configuration."""
        runs = [candidate.planned(seed, self._dataset, "explore") for seed in range(self._settings.seeds)]
        run_ids = [planned.run.run_id for planned in runs]
        self._text = None
        explored = SampledConfiguration(len(self._explored), candidate, run_ids, self._max_epochs)
        self._explored.append(explored)
        self._history.append(explored.tried())
        self._of.update(dict.fromkeys(run_ids, explored))
        for planned in runs:
            self._queue.plan(planned)

    def ask(self) -> PlannedRun | Signal:
        """Return a run that waits; else one of a new configuration, so that no worker is idle; else wait."""
        if self._may_sample() and not self._queue.ready:
            self._sample()
        if not (self._confirming or self._may_sample()) and all(explored.over for explored in self._explored):
            self._confirm()
        return self._queue.next() or (Signal.DONE if self._all_told() else Signal.WAIT)

    def _all_told(self) -> bool:
        return len(self._queue.told) == len(self._queue.planned)

    def _may_sample(self) -> bool:
        """Say whether there is to be another configuration; one that was confirmed before does not end the sampling."""
        return not (self._exhausted or self._confirming) and len(self._explored) < self._most()

    def _most(self) -> int:
        """Return how many configurations are sampled at most."""
        most = self._settings.configurations
        return most if self._most_runs is None else min(most, self._most_runs // self._settings.seeds)

    def _sample(self) -> None:
        found = self._proposer.propose(self.history())
        if found is None:
            self._exhausted = True
            return
        name, varied = found
        space = next(each for each in self._space if each.arm == name)
        self._explore(Candidate(name, varied, space.build(varied)))

    def _confirm(self) -> None:
        """Plan the confirmation: the best and the baselines; seeds outermost."""
        self._confirming, self._text = True, None
        baselines = {candidate.configuration: candidate for candidate in self._baselines}
        best = [explored.candidate for explored in self._best()[: self._settings.confirm_best]]
        self._confirmed = list(({c.configuration: c for c in best} | baselines).values())
        for seed in range(FIRST_CONFIRMING_SEED, FIRST_CONFIRMING_SEED + self._settings.confirm_seeds):
            for candidate in self._confirmed:
                self._queue.plan(candidate.planned(seed, self._dataset, "confirm"))

    def _best(self) -> list[SampledConfiguration]:
        """Return the configurations that finished, best first; where none did, those that were stopped last.

        A baseline is confirmed in any case, and leaves its place to another.
        """
        baselines = {candidate.configuration for candidate in self._baselines}
        of_choice = [each for each in self._explored if each.candidate.configuration not in baselines]
        tried = [(explored, explored.tried()) for explored in of_choice]
        finished = [(-(t.value or 0.0), e.number, e) for e, t in tried if t.state == "complete"]
        if finished:
            return [explored for *_, explored in sorted(finished, key=lambda each: each[:2])]
        stopped = [(-max(t.intermediate), -(t.value or 0.0), e.number, e) for e, t in tried if t.state == "pruned"]
        return [explored for *_, explored in sorted(stopped, key=lambda each: each[:3])]

    def tell(self, record: Record) -> None:
        """Take a run's record; that of an exploring run enters the rungs, whatever its status.

        Raises:
            ValueError: the search has planned no such run.

        """
        self._queue.tell(record.run_id)
        self._held.discard(record.run_id)
        if explored := self._of.get(record.run_id):
            explored.end(record.run_id, record.status, self._curve(record.epochs))
            self._decide(explored)
            self._stale.add(explored.number)
            if explored.over:
                self._text = None

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost; it is the next to be asked for.

        Raises:
            ValueError: the run is not out.

        """
        self._queue.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Take any record, but a stopped one only of an exploring run, and only if it ends where one may be stopped."""
        if record.status != "stopped":
            return True
        return record.run_id in self._of and bool(record.epochs) and record.epochs[-1].epoch in self.rungs

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Take a run's curve so far.

        Where the curve ends at a rung, the configuration is compared there as soon as each of its seeds has reached it;
        a curve that goes on behind a rung says that the rung let it pass.
        """
        explored = self._of.get(run_id)
        if explored is None or not curve:
            return Decision.CONTINUE
        explored.grow(run_id, self._curve(curve))
        self._decide(explored)
        self._stale.add(explored.number)
        decision = self._decision(explored, curve[-1].epoch)
        if decision is not Decision.CONTINUE and run_id in self._queue.out:
            self._queue.hold(run_id)
            if decision is Decision.PAUSE:
                self._held.add(run_id)
        return decision

    def _decision(self, explored: SampledConfiguration, epoch: int) -> Decision:
        if explored.stopped is not None and epoch >= explored.stopped:
            return Decision.STOP
        if epoch not in self.rungs:
            return Decision.CONTINUE
        if epoch >= self._max_epochs:
            return Decision.STOP
        return Decision.CONTINUE if epoch <= explored.passed else Decision.PAUSE

    def _decide(self, explored: SampledConfiguration) -> None:
        """Bring a configuration's scores to the rungs, decide where that is due, and release what waited for it."""
        for rung in self._rungs.epochs:
            score = explored.score(rung)
            self._rungs.put(rung, explored.number, score)
            if explored.stopped is not None or rung <= explored.passed:
                continue
            if explored.longest > rung:
                explored.passed = rung
            elif score is not None and explored.in_flight_at(rung):
                if self._rungs.passes(rung, explored.number, score):
                    explored.passed = rung
                else:
                    explored.stop(rung)
        for run_id in sorted(i for i in self._held if self._of[i] is explored):
            if explored.stopped is not None or explored.reached(run_id) <= explored.passed:
                self._held.remove(run_id)
                self._queue.release(run_id)

    def _curve(self, epochs: Sequence[Epoch]) -> Curve:
        """Return the scores that decide."""
        name = f"{self._select_on}_accuracy"
        scores: Mapping[int, float | None] = {epoch.epoch: getattr(epoch, name) for epoch in epochs}
        return {epoch: math.nan if score is None else score for epoch, score in scores.items()}

    def history(self) -> list[Tried]:
        """Return the configurations sampled so far, by their number; one that has not changed is the same object."""
        for number in self._stale:
            self._history[number] = self._explored[number].tried()
        self._stale.clear()
        return self._history.copy()

    def planned(self) -> list[PlannedRun]:
        """Return every run planned so far, in the order of planning."""
        return list(self._queue.planned.values())

    def most_left(self) -> int:
        """Return an upper bound of the runs that are still to be told, those out included."""
        left = len(self._queue.planned) - len(self._queue.told)
        if self._confirming:
            return left
        if self._may_sample():
            left += (self._most() - len(self._explored)) * self._settings.seeds
        candidates = self._settings.confirm_best + len(self._baselines)
        return left + max(0, candidates * self._settings.confirm_seeds - self._confirmed_before)

    def most_in_flight(self, slots: int) -> int:
        """Return a share of the runs that the search may sample: a sampler learns nothing from runs still out."""
        sampled = self._settings.configurations * self._settings.seeds
        return min(slots, max(SAMPLED_AT_ONCE, int(SAMPLED_SHARE * sampled)))

    def standing(self) -> str:
        """Say how far the search has come, and what is best so far."""
        if self._text is None:  # it is asked for at every rung of every run
            self._text = self._standing()
        return self._text

    def _standing(self) -> str:
        history = self.history()
        finished = any(tried.state == "complete" for tried in history)
        if self._confirming:
            baselines = {candidate.configuration for candidate in self._baselines}
            chosen = sum(candidate.configuration not in baselines for candidate in self._confirmed)
            text = f"confirming {_counted(chosen, 'configuration')}"
            text += f" and {_counted(len(baselines), 'baseline')}" if baselines else ""
            return text + ("; none finished, so those stopped last" if chosen and not finished else "")
        stopped = sum(tried.state == "pruned" for tried in history)
        text = f"searching: {len(history)} of {self._most()} configurations sampled, {stopped} stopped early"
        return text + (f"; best {self._label(self._best()[0].candidate)}" if finished else "")

    def _label(self, candidate: Candidate) -> str:
        name = label(candidate.planned(0, self._dataset, "explore"))
        return f"{name} on {candidate.configuration.subset}" if "subset" in candidate.varied else name


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
