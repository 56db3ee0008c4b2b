"""What a method is: asked for the next run, told each record; it knows nothing of how runs are trained."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trainables.config import Run
    from trainables.records import Record


class Signal(Enum):
    """What a method answers instead of a run."""

    WAIT = auto()  # nothing to start until a run that is out has been told or given back
    DONE = auto()  # every run the method wants is recorded


class Method(Protocol):
    """How runs are chosen."""

    def ask(self) -> Run | Signal:
        """Return the next run to train; never one that was told, nor one that is out."""

    def tell(self, record: Record) -> None:
        """Take a run's record, whether it was asked for or found in the ledger.

        Raises:
            ValueError: the method names no such run.

        """

    def give_back(self, run_id: str) -> None:
        """Take back a run that was asked for and will not be told; it is asked for again.

        Raises:
            ValueError: the run is not out.

        """
