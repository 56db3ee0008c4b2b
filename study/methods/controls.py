"""Controls of an adaptive loss: GCE at the mean q of the adaptive runs, with the same seeds.

If a control scores as well, the value of q made the difference, not its adaptation.
"""

from __future__ import annotations

from contextlib import suppress
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

from analysis.results.runs_table import key_of
from study.methods.base import WrappedMethod
from study.methods.method import Decision, Signal
from study.methods.run_queue import RunQueue
from study.spec.candidates import Candidate
from study.spec.study_features import StudyFeatures
from trainables.losses.catalogue import GCE, AdaptiveGCE
from trainables.naming import control_arm

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from analysis.results.runs_table import Key
    from study.methods.method import Method
    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record

    # From the runs of a study and their records, by run_id, to the configurations that represent its arms.
    Representatives: TypeAlias = Callable[[Sequence[PlannedRun], Mapping[str, Record]], Collection[Key]]

Q_DIGITS = 3  # the spread over seeds makes further digits meaningless, and equal values of q are trained once


class ControlledMethod(WrappedMethod):
    """Another method, followed by the controls of its confirmed adaptive runs, or of a grid's best ones.

    The controls follow from the records alone, so they are the same after a crash.
    """

    def __init__(
        self,
        inner: Method,
        earlier: Iterable[PlannedRun] = (),
        most: int = 0,
        representatives: Representatives = lambda *_: (),
    ) -> None:
        """Add controls to a method.

        Args:
            inner: the method.
            earlier: the runs planned in an earlier session; only the controls among them matter.
            most: an upper bound on the number of controls.
            representatives: returns the configurations of a grid that represent its arms: these have a control.

        """
        super().__init__(inner)
        self._most = most
        self._representatives = representatives
        # Those of an earlier session, until the inner method is done and they are derived again.
        self._controls = [p for p in earlier if p.stage == "control"]
        self._earlier = {p.run.run_id for p in self._controls}
        self._queue: RunQueue | None = None
        self._records: dict[str, Record] = {}

    def ask(self) -> PlannedRun | Signal:
        """Return the inner method's next run, and after its last one the next control."""
        if self._queue is None:
            answer = self._inner.ask()
            if answer is not Signal.DONE:
                return answer
            planned = self._inner.planned()
            self._controls = controls(planned, self._records, self._representatives(planned, self._records))
            self._queue = RunQueue(self._controls)
            for run_id in self._records.keys() & self._queue.planned.keys():
                self._queue.tell(run_id)
        return self._queue.next() or (Signal.WAIT if self._queue.in_flight else Signal.DONE)

    def _is_control(self, run_id: str) -> bool:
        return self._queue is not None and run_id in self._queue.planned

    def tell(self, record: Record) -> None:
        """Register a run's record."""
        if self._is_control(record.run_id) and self._queue:
            self._queue.tell(record.run_id)
        elif record.run_id in self._earlier:
            with suppress(ValueError):  # a control of an earlier session may also be a run of the inner method
                self._inner.tell(record)
        else:
            self._inner.tell(record)
        self._records[record.run_id] = record

    def give_back(self, run_id: str) -> None:
        """Return a lost run."""
        if self._is_control(run_id) and self._queue:
            self._queue.give_back(run_id)
        else:
            self._inner.give_back(run_id)

    def takes(self, record: Record) -> bool:
        """Return whether a record already in the ledger counts for its run; a stopped run is no control."""
        if self._is_control(record.run_id) or record.run_id in self._earlier:
            return record.status != "stopped"
        return self._inner.takes(record)

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        """Train controls to their end; leave other runs to the inner method."""
        return Decision.CONTINUE if self._is_control(run_id) else self._inner.report(run_id, curve)

    def planned(self) -> list[PlannedRun]:
        """Return the inner method's runs, then the controls; controls of equal q share a run."""
        return [*self._inner.planned(), *self._controls]

    def most_left(self) -> int:
        """Return an upper bound on the runs still to be recorded, controls included."""
        return self._inner.most_left() + self._most if self._queue is None else self._queue.left

    def standing(self) -> str:
        """Return the inner method's progress, or that the controls are being trained."""
        return self._inner.standing() if self._queue is None else "training the controls"


def controls(
    planned: Iterable[PlannedRun], records: Mapping[str, Record], representatives: Collection[Key] = ()
) -> list[PlannedRun]:
    """Return the control of each confirmed adaptive run, or of each run of the adaptive configurations of a grid.

    Args:
        planned: the study's runs.
        records: run_id -> record.
        representatives: the configurations of a grid that have a control if they are adaptive.

    Returns:
        Runs of GCE with the seeds, and the folds, of the adaptive configuration. Their q is averaged over the epochs of
        each complete run, then over runs, and rounded to 3 digits. A configuration without a complete run has no
        control.

    """
    adaptive = [
        p
        for p in planned
        if isinstance(p.run.configuration.loss, AdaptiveGCE)
        and (p.stage == "confirm" or (not p.stage and key_of(p) in representatives))
    ]
    q_of_runs: dict[tuple[str, str], list[float]] = {}
    for p in adaptive:
        record = records.get(p.run.run_id)
        if record is not None and record.status == "complete":
            q_of_epochs = [epoch.q_mean for epoch in record.epochs if epoch.q_mean is not None]
            if q_of_epochs:
                q_of_runs.setdefault(_key(p), []).append(fmean(q_of_epochs))
    control_runs: list[PlannedRun] = []
    for p in adaptive:
        if values := q_of_runs.get(_key(p)):
            q = min(1.0, max(0.0, round(fmean(values), Q_DIGITS)))
            configuration = p.run.configuration.model_copy(update={"loss": GCE(name="gce", q=q)})
            candidate = Candidate(control_arm(p.arm), p.varied, configuration, StudyFeatures.of(p.run))
            control_runs.append(candidate.planned(p.run.seed, p.run.dataset, "control", p.run.fold))
    return control_runs


def _key(planned: PlannedRun) -> tuple[str, str]:
    return planned.arm, planned.run.configuration.model_dump_json()
