"""The interface of a method: ``ask`` it for the next run and ``tell`` it each record. It knows nothing of training."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record


# Runs that confirm a choice use seeds from here upwards, so no run that led to the choice shares a seed with them.
FIRST_CONFIRMING_SEED = 10_000


class Signal(Enum):
    """The answer of ``ask`` when there is no run to start."""

    WAIT = auto()  # until a run in flight has been recorded or given back
    DONE = auto()  # every run that the method wants has a record


class Decision(Enum):
    """What to do with a run after an epoch."""

    CONTINUE = auto()
    STOP = auto()  # end it now, with a record of status ``stopped``
    PAUSE = auto()  # free its place; the method asks for it again later, and it resumes from its checkpoint


class Method(Protocol):
    """A strategy for choosing runs. It depends only on its settings, the runs planned so far and their records."""

    rungs: tuple[int, ...]
    """The epochs after which ``report`` may return STOP or PAUSE; empty if it never does."""

    def ask(self) -> PlannedRun | Signal:
        """Return the next run to train, never one that is in flight or recorded."""

    def tell(self, record: Record) -> None:
        """Register a run's record, whether the run was asked for or was already in the ledger.

        Raises:
            ValueError: the method has not planned this run.

        """

    def give_back(self, run_id: str) -> None:
        """Return a run that was asked for and will get no record; ``ask`` hands it out again.

        Raises:
            ValueError: the run is not in flight.

        """

    def takes(self, record: Record) -> bool:
        """Return whether a record already in the ledger counts for its run; if not, the run is trained again."""

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Decide how a run proceeds, given its epochs so far; after PAUSE or STOP it is no longer in flight."""

    def planned(self) -> list[PlannedRun]:
        """Return every run planned so far, in planning order, including all that were asked for."""

    def most_left(self) -> int:
        """Return an upper bound on the runs still to be recorded, including those in flight."""

    def most_in_flight(self, slots: int) -> int:
        """Return how many runs are worth having in flight at once, given the number of free slots.

        A run chosen before the results of the others are known is a poorer choice, so adaptive methods return fewer.
        """

    def standing(self) -> str:
        """Return a short description of the method's progress; empty if the run counts suffice."""
