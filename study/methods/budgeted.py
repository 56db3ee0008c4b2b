"""A method within a budget: once a limit is reached, no new run is asked for and those in flight are waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.budget import Spent, reached
from study.methods.base import WrappedMethod
from study.methods.method import Decision, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.methods.method import Method
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record
    from trainables.settings import Budget


class BudgetedMethod(WrappedMethod):
    """Another method, asked until the study's budget is spent.

    Attributes:
        limit: the limit that was reached, such as ``budget.max_runs = 40``; None if there was none.

    """

    def __init__(self, inner: Method, budget: Budget) -> None:
        """Limit a method by a budget."""
        super().__init__(inner)
        self._budget = budget
        self._recorded: set[str] = set()
        self._spent = Spent()
        # Asked for in this session and not recorded: a paused run may resume even when no new one may start.
        self._started: set[str] = set()
        self._in_flight: set[str] = set()
        self.limit: str | None = None

    def ask(self) -> PlannedRun | Signal:
        """Return the inner method's next run, unless a limit is reached."""
        self.limit = self._reached(started=0)
        if self.limit and not self.limit.startswith("budget.max_runs"):
            return self._end()
        answer = self._inner.ask()
        if isinstance(answer, Signal):
            self.limit = None if answer is Signal.DONE else self.limit
            return answer
        run_id = answer.run.run_id
        self.limit = None if run_id in self._started else self._reached(started=len(self._started))
        if self.limit:
            self._inner.give_back(run_id)
            return self._end()
        self._started.add(run_id)
        self._in_flight.add(run_id)
        return answer

    def _reached(self, *, started: int) -> str | None:
        return reached(self._budget, self._spent, started)

    def _end(self) -> Signal:
        return Signal.WAIT if self._in_flight else Signal.DONE

    def tell(self, record: Record) -> None:
        """Register a run's record and its cost."""
        super().tell(record)
        if record.run_id not in self._recorded:
            self._recorded.add(record.run_id)
            self._spent.add(record)
        self._started.discard(record.run_id)
        self._in_flight.discard(record.run_id)

    def give_back(self, run_id: str) -> None:
        """Return a lost run."""
        super().give_back(run_id)
        self._in_flight.discard(run_id)

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Decide how a run proceeds."""
        decision = super().report(run_id, curve)
        if decision is not Decision.CONTINUE:
            self._in_flight.discard(run_id)
        return decision

    def most_left(self) -> int:
        """Return the inner method's bound, limited by what is left of the budget."""
        max_runs = self._budget.max_runs
        left = self._inner.most_left()
        return left if max_runs is None else max(len(self._in_flight), min(left, max_runs - self._spent.runs))

    def standing(self) -> str:
        """Return the inner method's progress, and the limit if one is reached."""
        limit = f"{self.limit} is reached" if self.limit else ""
        return "; ".join(text for text in (self._inner.standing(), limit) if text)
