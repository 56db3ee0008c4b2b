"""What a method is: asked for the next run, told each record; it knows nothing of how runs are trained."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record


# Runs that confirm a choice have seeds from here on: no run that led to the choice has one of them.
FIRST_CONFIRMING_SEED = 10_000


class Signal(Enum):
    """What a method answers instead of a run."""

    WAIT = auto()  # nothing to start until a run that is out has been told or given back
    DONE = auto()  # every run the method wants is recorded


class Decision(Enum):
    """What becomes of a run after an epoch."""

    CONTINUE = auto()
    STOP = auto()  # it ends here, with a record whose status is ``stopped``
    PAUSE = auto()  # it makes room; the method asks for it again, and it goes on from its checkpoint


class Method(Protocol):
    """How runs are chosen. What it answers follows from its settings, the runs planned so far and their records."""

    rungs: tuple[int, ...]
    """The epochs after which ``report`` may answer STOP or PAUSE; empty for a method that never does."""

    def ask(self) -> PlannedRun | Signal:
        """Return the next run to train; never one that was told, nor one that is out."""

    def tell(self, record: Record) -> None:
        """Take a run's record, whether it was asked for or found in the ledger.

        Raises:
            ValueError: the method has planned no such run.

        """

    def give_back(self, run_id: str) -> None:
        """Take back a run that was asked for and will not be told; it is asked for again.

        Raises:
            ValueError: the run is not out.

        """

    def takes(self, record: Record) -> bool:
        """Say whether a record that the ledger already holds answers for its run; if not, the run is trained anew."""

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Take a run's curve so far, from its first epoch to its latest; after PAUSE or STOP the run is not out."""

    def planned(self) -> list[PlannedRun]:
        """Return every run planned so far, in the order of planning; a run that was asked for is among them."""

    def most_left(self) -> int:
        """Return an upper bound of the runs that are still to be told, those out included."""

    def most_in_flight(self, slots: int) -> int:
        """Return the most runs worth having out at once, when that many slots are free for them.

        A run chosen before the others' results are known is chosen worse, so an adaptive method asks for fewer.
        """

    def standing(self) -> str:
        """Say in a few words where the method stands; empty when counts say it all."""
