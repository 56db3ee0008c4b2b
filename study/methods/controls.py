"""The control of an adaptive loss: GCE at the mean q that the adaptive runs showed, with the same seeds.

Where the control scores as well, what helped was the value of q and not that it adapts.
"""

from __future__ import annotations

from contextlib import suppress
from statistics import fmean
from typing import TYPE_CHECKING

from study.methods.method import Decision, Signal
from study.methods.run_queue import RunQueue
from study.spec.candidates import Candidate
from study.spec.rules import CONTROL
from trainables.config import GCE, AdaptiveGCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from study.methods.method import Method
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record

DIGITS = 3  # of q: the seeds do not tell it more exactly, and an equal q is trained once


class ControlledMethod:
    """Another method, and when it is done the controls of its adaptive runs that enter means (not the exploring ones).

    The controls follow from the records alone, so they are the same after a crash.
    """

    def __init__(self, inner: Method, asked: Iterable[PlannedRun] = (), most: int = 0) -> None:
        """Add controls to a method.

        Args:
            inner: the method.
            asked: the runs planned in an earlier sitting; only controls among them matter.
            most: how many controls there will be at most.

        """
        self._inner, self._most = inner, most
        self._controls = [p for p in asked if p.stage == "control"]  # of an earlier sitting, until they are made anew
        self._asked = {p.run.run_id for p in self._controls}
        self._queue: RunQueue | None = None
        self._records: dict[str, Record] = {}
        self.rungs = inner.rungs

    def ask(self) -> PlannedRun | Signal:
        """Return the inner method's next run, and after its last one the next control."""
        if self._queue is None:
            answer = self._inner.ask()
            if answer is not Signal.DONE:
                return answer
            self._controls = controls(self._inner.planned(), self._records)
            self._queue = RunQueue(self._controls)
            for run_id in self._records.keys() & self._queue.planned.keys():
                self._queue.tell(run_id)
        return self._queue.next() or (Signal.WAIT if self._queue.out else Signal.DONE)

    def _is_control(self, run_id: str) -> bool:
        return self._queue is not None and run_id in self._queue.planned

    def tell(self, record: Record) -> None:
        """Take a run's record.

        Raises:
            ValueError: neither the inner method nor its controls have planned such a run.

        """
        if self._is_control(record.run_id) and self._queue:
            self._queue.tell(record.run_id)
        elif record.run_id in self._asked:
            with suppress(ValueError):  # a control of an earlier sitting, and perhaps a run of the inner method too
                self._inner.tell(record)
        else:
            self._inner.tell(record)
        self._records[record.run_id] = record

    def give_back(self, run_id: str) -> None:
        """Take back a run that was lost.

        Raises:
            ValueError: the run is not out.

        """
        if self._is_control(run_id) and self._queue:
            self._queue.give_back(run_id)
        else:
            self._inner.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Leave it to the inner method; a stopped run is no control."""
        if self._is_control(record.run_id) or record.run_id in self._asked:
            return record.status != "stopped"
        return self._inner.takes(record)

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Leave it to the inner method; controls go on to their end."""
        return Decision.CONTINUE if self._is_control(run_id) else self._inner.report(run_id, curve)

    def planned(self) -> list[PlannedRun]:
        """Return the inner method's runs, then the controls; two of them are one run where their q is equal."""
        return [*self._inner.planned(), *self._controls]

    def most_left(self) -> int:
        """Return an upper bound of the runs that are still to be told, controls included."""
        if self._queue is not None:
            return len(self._queue.planned) - len(self._queue.told)
        return self._inner.most_left() + self._most

    def most_in_flight(self, slots: int) -> int:
        """Return the inner method's."""
        return self._inner.most_in_flight(slots)

    def standing(self) -> str:
        """Say where the inner method stands."""
        return self._inner.standing() if self._queue is None else "training the controls"


def controlled(planned: Iterable[PlannedRun]) -> list[PlannedRun]:
    """Return the adaptive runs among those that enter means."""
    return [p for p in planned if p.stage in ("", "confirm") and isinstance(p.run.configuration.loss, AdaptiveGCE)]


def controls(planned: Iterable[PlannedRun], records: dict[str, Record]) -> list[PlannedRun]:
    """Return the control of each adaptive run that enters means.

    Args:
        planned: the study's runs.
        records: run_id -> record.

    Returns:
        Runs of GCE at the mean over complete runs of the mean q over epochs, rounded to 3 digits, with the seeds of the
        adaptive configuration. A configuration without a complete run has no control.

    """
    found: list[PlannedRun] = []
    own = controlled(planned)
    means: dict[tuple[str, str], list[float]] = {}
    for p in own:
        record = records.get(p.run.run_id)
        if record is not None and record.status == "complete":
            q = [epoch.q_mean for epoch in record.epochs if epoch.q_mean is not None]
            if q:
                means.setdefault(_key(p), []).append(fmean(q))
    for p in own:
        if of_seeds := means.get(_key(p)):
            configuration = p.run.configuration.model_copy(
                update={"loss": GCE(name="gce", q=min(1.0, max(0.0, round(fmean(of_seeds), DIGITS))))}
            )
            candidate = Candidate(p.arm + CONTROL, p.varied, configuration)
            found.append(candidate.planned(p.run.seed, p.run.dataset, "control"))
    return found


def _key(planned: PlannedRun) -> tuple[str, str]:
    return planned.arm, planned.run.configuration.model_dump_json()
