"""A method within a budget: nothing new is asked for once a limit is reached, and what is out is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.budget import Spent, reached
from study.methods.method import Decision, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.methods.method import Method
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record
    from trainables.settings import Budget


class BudgetedMethod:
    """Another method, asked until the study's budget is spent.

    Attributes:
        limit: the limit that ended the asking, as in ``budget.max_runs = 40``; None when none did.

    """

    def __init__(self, inner: Method, budget: Budget) -> None:
        """Put a method under a budget."""
        self._inner, self._budget = inner, budget.model_dump()
        self._told: set[str] = set()
        self._spent = Spent()
        self._started: set[str] = set()  # asked for in this sitting, not told: paused ones go on whatever the number
        self._out: set[str] = set()
        self.rungs = inner.rungs
        self.limit: str | None = None

    def ask(self) -> PlannedRun | Signal:
        """Return the inner method's run, unless a limit is reached."""
        self.limit = self._reached(0)
        if self.limit and not self.limit.startswith("budget.max_runs"):
            return self._ended()
        answer = self._inner.ask()
        if isinstance(answer, Signal):
            self.limit = None if answer is Signal.DONE else self.limit
            return answer
        run_id = answer.run.run_id
        self.limit = None if run_id in self._started else self._reached(len(self._started))
        if self.limit:
            self._inner.give_back(run_id)
            return self._ended()
        self._started.add(run_id)
        self._out.add(run_id)
        return answer

    def _reached(self, out: int) -> str | None:
        return reached(self._budget, self._spent, out)

    def _ended(self) -> Signal:
        return Signal.WAIT if self._out else Signal.DONE

    def tell(self, record: Record) -> None:
        """Take a run's record.

        Raises:
            ValueError: the method has planned no such run.

        """
        self._inner.tell(record)
        if record.run_id not in self._told:
            self._told.add(record.run_id)
            self._spent.add(record)
        self._started.discard(record.run_id)
        self._out.discard(record.run_id)

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost.

        Raises:
            ValueError: the run is not out.

        """
        self._inner.give_back(run_id)
        self._out.discard(run_id)

    def takes(self, record: Record) -> bool:
        """Leave it to the inner method."""
        return self._inner.takes(record)

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Leave it to the inner method."""
        decision = self._inner.report(run_id, curve)
        if decision is not Decision.CONTINUE:
            self._out.discard(run_id)
        return decision

    def planned(self) -> list[PlannedRun]:
        """Return the inner method's."""
        return self._inner.planned()

    def most_left(self) -> int:
        """Return the inner method's bound, or what the budget leaves of it."""
        most = self._budget["max_runs"]
        left = self._inner.most_left()
        return left if most is None else max(len(self._out), min(left, most - self._spent.runs))

    def most_in_flight(self, slots: int) -> int:
        """Return the inner method's."""
        return self._inner.most_in_flight(slots)

    def standing(self) -> str:
        """Say where the inner method stands, and which limit is reached."""
        limit = f"{self.limit} is reached" if self.limit else ""
        return "; ".join(text for text in (self._inner.standing(), limit) if text)
