"""Search: Optuna samples configurations, successive halving stops the poor ones, fresh seeds confirm the best.

The search depends only on its settings, the runs planned so far, their records and the curves of those in flight. Rungs
and sampler store no other state, so a search that was killed resumes as if it had not been interrupted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.statistics.collapse import sound_means
from study.methods.base import QueuedMethod
from study.methods.method import Decision, Signal
from study.methods.sampled_configuration import Curve, SampledConfiguration
from study.methods.sampling import Proposer
from study.methods.successive_halving import Rungs
from study.spec.candidates import Candidate, distinct_candidates
from trainables.naming import configuration_name, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.methods.search_space import ArmSpace, Tried
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record, SelectionMetric
    from trainables.settings import CollapseRule
    from trainables.settings import Search as Settings


MIN_IN_FLIGHT = 10  # TPE draws its first ten configurations at random, so ten runs at once lose nothing
IN_FLIGHT_SHARE = 0.25  # most runs in flight, as a share of the runs that may be sampled


class Search(QueuedMethod):
    """Samples configurations until enough have been tried, then confirms the best alongside the baselines.

    Attributes:
        rungs: the epochs after which ``report`` may return STOP or PAUSE.

    """

    def __init__(  # noqa: PLR0913 -- the study's settings, each by name
        self,
        space: Sequence[ArmSpace],
        baselines: Sequence[Candidate],
        settings: Settings,
        epochs: int,
        dataset: str,
        *,
        select_on: SelectionMetric = "validation",
        collapse: CollapseRule = "set_aside",
        earlier: Sequence[PlannedRun] = (),
        exploring_budget: int | None = None,
    ) -> None:
        """Start, or resume from the runs of an earlier session; their records follow through ``tell``.

        Args:
            space: what is sampled; the names of the arms are distinct.
            baselines: the configurations confirmed alongside the choice.
            settings: number of configurations, seeds, sampler and rungs.
            epochs: most epochs of a run.
            dataset: the data set's fingerprint.
            select_on: the metric that rungs, sampler and choice use.
            collapse: what a run far below the others of its configuration is where the best are confirmed.
            earlier: the runs planned in an earlier session, in planning order.
            exploring_budget: most exploring runs; None for no limit beyond ``settings.configurations``.

        """
        super().__init__()
        self._space, self._baselines, self._settings = tuple(space), tuple(baselines), settings
        self._dataset, self._select_on, self._exploring_budget = dataset, select_on, exploring_budget
        self._collapse = collapse
        asha = settings.asha
        self._max_epochs = min(epochs, asha.max_epochs or epochs) if asha else epochs
        self._rungs = Rungs(asha.grace_period, asha.reduction_factor, self._max_epochs) if asha else Rungs(1, 2, 1)
        self.rungs = self._rungs.epochs
        if self._max_epochs < epochs:
            self.rungs += (self._max_epochs,)
        self._held: set[str] = set()  # paused at a rung until the other seeds of the configuration reach it
        self._explored: list[SampledConfiguration] = []
        self._history: list[Tried] = []
        self._stale: set[int] = set()  # numbers of configurations whose entry in the history is out of date
        self._configuration_of: dict[str, SampledConfiguration] = {}  # by the run_id of an exploring run
        self._confirmed: list[Candidate] = []
        self._exhausted = False  # no untried configuration is left
        self._confirming = False
        self._confirmed_before = sum(planned.stage == "confirm" for planned in earlier)
        self._proposer = Proposer(self._space, settings.sampler, settings.seed)
        self._text: str | None = None  # the cached ``standing``; None if out of date
        self._resume(earlier)

    def _resume(self, earlier: Sequence[PlannedRun]) -> None:
        explored = distinct_candidates(planned for planned in earlier if planned.stage == "explore")
        for planned in earlier:  # all of them, in planning order, before any new seed of a configuration
            if planned.stage in {"explore", "confirm"}:
                self._queue.plan(planned)
        for candidate in explored:
            self._explore(candidate)

    def _explore(self, candidate: Candidate) -> None:
        """Plan a run of a configuration for every seed."""
        runs = [candidate.planned(seed, self._dataset, "explore") for seed in range(self._settings.seeds)]
        run_ids = [planned.run.run_id for planned in runs]
        self._text = None
        explored = SampledConfiguration(len(self._explored), candidate, run_ids, self._max_epochs)
        self._explored.append(explored)
        self._history.append(explored.tried())
        self._configuration_of.update(dict.fromkeys(run_ids, explored))
        for planned in runs:
            self._queue.plan(planned)

    def ask(self) -> PlannedRun | Signal:
        """Return a waiting run; without one, a run of a new configuration, so that no worker idles; else ``WAIT``."""
        if self._may_sample() and not self._queue.ready:
            self._sample()
        if not (self._confirming or self._may_sample()) and all(explored.over for explored in self._explored):
            self._confirm()
        # Paused runs are neither in flight nor recorded, so an empty queue alone does not mean the end.
        return self._queue.next() or (Signal.WAIT if self._queue.left else Signal.DONE)

    def _may_sample(self) -> bool:
        """Return whether to sample another configuration; runs that confirmed an earlier choice do not prevent it."""
        return not (self._exhausted or self._confirming) and len(self._explored) < self._max_configurations()

    def _max_configurations(self) -> int:
        configurations = self._settings.configurations
        return (
            configurations
            if self._exploring_budget is None
            else min(configurations, self._exploring_budget // self._settings.seeds)
        )

    def _sample(self) -> None:
        proposal = self._proposer.propose(self.history())
        if proposal is None:
            self._exhausted = True
            return
        name, varied = proposal
        space = next(space for space in self._space if space.arm == name)
        self._explore(Candidate(name, varied, space.build(varied), space.features))

    def _confirm(self) -> None:
        """Plan the confirming runs of the best and of the baselines."""
        self._confirming, self._text = True, None
        baselines = {candidate.configuration: candidate for candidate in self._baselines}
        best = [explored.candidate for explored in self._best()[: self._settings.confirm_best]]
        self._confirmed = list(({c.configuration: c for c in best} | baselines).values())
        self._plan_confirming(self._confirmed, self._settings.confirm_seeds, self._dataset)

    def _best(self) -> list[SampledConfiguration]:
        """Return the configurations that finished, best first; if none did, those stopped latest.

        Baselines are left out: they are confirmed in any case.
        """
        choices = self._choices()
        if means := self._means():
            return sorted((e for e in choices if e.number in means), key=lambda e: (-means[e.number], e.number))
        stopped = [e for e in choices if e.tried().state == "pruned"]
        return sorted(stopped, key=lambda e: (-max(e.tried().intermediate), -(e.tried().value or 0.0), e.number))

    def _choices(self) -> list[SampledConfiguration]:
        """Return the configurations that were sampled, without those that are baselines too."""
        baselines = {candidate.configuration for candidate in self._baselines}
        return [e for e in self._explored if e.candidate.configuration not in baselines]

    def _means(self) -> dict[int, float]:
        """Return the mean score of each configuration that finished, by its number."""
        finished = {e.number: e.finals for e in self._choices() if e.tried().state == "complete"}
        return sound_means(finished, self._collapse)

    def tell(self, record: Record) -> None:
        """Register a run's record; that of an exploring run enters the rungs, with any status."""
        super().tell(record)
        self._held.discard(record.run_id)
        if explored := self._configuration_of.get(record.run_id):
            explored.end(record.run_id, record.status, self._curve(record.epochs))
            self._decide(explored)
            self._stale.add(explored.number)
            if explored.over:
                self._text = None

    def takes(self, record: Record) -> bool:
        """Accept every record, except that of a stopped run which is not an exploring run or did not end at a rung."""
        if record.status != "stopped":
            return True
        return record.run_id in self._configuration_of and bool(record.epochs) and record.epochs[-1].epoch in self.rungs

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Decide how a run proceeds, given its epochs so far.

        If the curve ends at a rung, the configuration is compared there as soon as each of its seeds has reached it.
        A curve that extends beyond a rung shows that the configuration has passed it.
        """
        explored = self._configuration_of.get(run_id)
        if explored is None or not curve:
            return Decision.CONTINUE
        explored.grow(run_id, self._curve(curve))
        self._decide(explored)
        self._stale.add(explored.number)
        decision = self._decision(explored, curve[-1].epoch)
        if decision is not Decision.CONTINUE and run_id in self._queue.in_flight:
            self._queue.hold(run_id)
            if decision is Decision.PAUSE:
                self._held.add(run_id)
        return decision

    def _decision(self, explored: SampledConfiguration, epoch: int) -> Decision:
        if explored.stopped is not None:  # it passed the earlier rungs, which a run without a checkpoint reaches again
            return Decision.STOP if epoch >= explored.stopped else Decision.CONTINUE
        if epoch not in self.rungs:
            return Decision.CONTINUE
        if epoch >= self._max_epochs:
            return Decision.STOP
        return Decision.CONTINUE if epoch <= explored.passed else Decision.PAUSE

    def _decide(self, explored: SampledConfiguration) -> None:
        """Enter a configuration's scores at the rungs, decide where a decision is due, and release the held runs."""
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
        for run_id in sorted(i for i in self._held if self._configuration_of[i] is explored):
            if explored.stopped is not None or explored.reached(run_id) <= explored.passed:
                self._held.remove(run_id)
                self._queue.release(run_id)

    def _curve(self, epochs: Sequence[Epoch]) -> Curve:
        """Return the metric to select on, by epoch; NaN if it was not measured."""
        scores = {epoch.epoch: epoch.score(self._select_on) for epoch in epochs}
        return {epoch: math.nan if score is None else score for epoch, score in scores.items()}

    def history(self) -> list[Tried]:
        """Return the configurations sampled so far, by number; an unchanged one remains the same object."""
        for number in self._stale:
            self._history[number] = self._explored[number].tried()
        self._stale.clear()
        return self._history.copy()

    def most_left(self) -> int:
        """Return an upper bound on the runs still to be recorded, including those in flight."""
        left = self._queue.left
        if self._confirming:
            return left
        if self._may_sample():
            left += (self._max_configurations() - len(self._explored)) * self._settings.seeds
        candidates = self._settings.confirm_best + len(self._baselines)
        return left + max(0, candidates * self._settings.confirm_seeds - self._confirmed_before)

    def most_in_flight(self, slots: int) -> int:
        """Return a share of the runs that may be sampled: a sampler learns nothing from runs in flight."""
        sampled = self._settings.configurations * self._settings.seeds
        return min(slots, max(MIN_IN_FLIGHT, int(IN_FLIGHT_SHARE * sampled)))

    def standing(self) -> str:
        """Return how far the search has come, and the best configuration so far."""
        if self._text is None:  # cached because it is needed at every rung of every run
            self._text = self._standing()
        return self._text

    def _standing(self) -> str:
        history = self.history()
        finished = any(tried.state == "complete" for tried in history)
        if self._confirming:
            baselines = {candidate.configuration for candidate in self._baselines}
            chosen = sum(candidate.configuration not in baselines for candidate in self._confirmed)
            text = f"confirming {counted(chosen, 'configuration')}"
            text += f" and {counted(len(baselines), 'baseline')}" if baselines else ""
            return text + ("; none finished, so those stopped last" if chosen and not finished else "")
        stopped = sum(tried.state == "pruned" for tried in history)
        most = counted(self._max_configurations(), "configuration")
        text = f"searching: {len(history):,} of {most} sampled, {stopped} stopped early"
        means = self._means()
        if not means:
            return text
        highest = max(means.values())
        best = [e for e in self._choices() if math.isclose(means.get(e.number, math.nan), highest)]
        if len(best) > 1:
            return f"{text}; {len(best)} tie as best"
        return f"{text}; best {configuration_name(best[0].candidate.planned(0, self._dataset, 'explore'))}"
