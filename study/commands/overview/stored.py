"""A stored study as the terminal and JSON show it: its state, its result so far, and every configuration."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.findings.method_finding import method_finding
from analysis.results.study_results import load_results
from analysis.results.study_state import read_progress, study_state
from analysis.text.headline import headline
from analysis.text.phrases import selected_words
from study.commands.overview.json_models import (
    ConfigurationStatus,
    Counts,
    Pick,
    RunningRun,
    Score,
    StatusAnswer,
    Summary,
)
from study.engine.display.overview import Flight, Overview, counts_of, grouped, rows_of
from study.ledger.claim import owner
from trainables.naming import ago, label
from trainables.records import record_path

if TYPE_CHECKING:
    from analysis.findings.method_finding import MethodFinding
    from analysis.results.study_state import Progress, State
    from analysis.statistics.intervals import Interval
    from analysis.text.headline import Headline
    from study.engine.display.overview import Row, RunState
    from trainables.storage.types import Location


@dataclass(frozen=True)
class StoredStudy:
    """A study as its storage location has it at a moment.

    Attributes:
        storage: the storage location.
        finding: what the study found.
        progress: what the process that runs it last stated.
        holder: that process, in words; None if none runs it.
        state: of the study.

    """

    storage: Location
    finding: MethodFinding
    progress: Progress
    holder: str | None
    state: State

    @classmethod
    def load(cls, storage: Location, name: str) -> StoredStudy:
        """Read a study; its test accuracies are hidden until it has ended.

        Raises:
            FileNotFoundError: there is no such study.
            ValueError, DamagedError, OtherVersionError, OSError: see ``load_results``.

        """
        results = load_results(storage, name)
        holder = owner(storage, name)
        missing = sum(planned.run.run_id not in results.records for planned in results.plan.runs)
        state = study_state(storage, results.plan, missing, running=holder is not None)
        return cls(storage, method_finding(results), read_progress(storage, name), holder, state)

    @cached_property
    def headline(self) -> Headline:
        """The result so far."""
        return headline(self.finding)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The configurations; the choice is marked, or what leads until the study has ended."""
        records, running = self.finding.results.records, self.progress.running if self.holder else {}
        rows = rows_of(grouped(self.finding.plan.runs), records, running, self.finding.selected_on)
        chosen = {choice.key for choice in self.finding.choices.values() if choice is not None}
        if not (self.finding.results.ended and chosen):
            return rows
        names = {(key.arm, key.configuration, key.subset) for key in chosen}
        return tuple(row.marked((row.group.arm, row.group.configuration, row.group.subset) in names) for row in rows)

    @cached_property
    def changed(self) -> float:
        """When a run was last recorded, or the progress last stated, Unix time; 0 if neither has happened."""
        stamps = (self.storage / "records").stamps()
        of_runs = (stamps.get(record_path(self.storage, run_id).name) for run_id in self.finding.results.records)
        return max([self.progress.updated, *(stamp[0] / 1e9 for stamp in of_runs if stamp is not None)])

    @cached_property
    def flights(self) -> tuple[Flight, ...]:
        """The runs in training."""
        planned = {p.run.run_id: p for p in self.finding.plan.runs}
        running = self.progress.running if self.holder else {}
        return tuple(Flight(planned[i], epoch, score) for i, (epoch, score) in running.items() if i in planned)

    @cached_property
    def overview(self) -> Overview:
        """The same view as while it runs."""
        counts, words = counts_of(self.rows), selected_words(self.finding.selected_on)
        left = counts["waiting"] + counts["running"]
        most = self.progress.most_left if self.holder else None
        state, lines = "", [f"run by {self.holder}", self.progress.standing, *self.progress.waits]
        if not self.holder:
            changed = f"changed {ago(max(0.0, time.time() - self.changed))}" if self.changed else ""
            state = ", ".join(filter(None, ["complete" if self.state == "complete" else "not running", changed]))
            lines = []
        return Overview(
            study=self.finding.plan.name,
            rows=self.rows,
            flights=self.flights,
            most_left=left if most is None else max(left, most),
            at_most=most is not None and most > left,
            score_words=words.removesuffix(" accuracy"),
            mark_words="the choice" if self.finding.results.ended else "highest so far",
            began_s=time.time() - self.progress.began if self.holder and self.progress.began else None,
            eta_s=self.progress.eta_s if self.holder else None,
            state=state,
            lines=tuple(filter(None, lines)),
            counts=counts,
        )

    @cached_property
    def summary(self) -> Summary:
        """The study as in a list."""
        view, plan = self.overview, self.finding.plan
        return Summary(
            study=plan.name,
            description=plan.description,
            dataset=plan.dataset.name,
            state=self.state,
            run_by=self.holder,
            planned=view.recorded + view.most_left,
            at_most=view.at_most,
            recorded=view.recorded,
            runs=_counts(view.counts),
            elapsed_s=view.began_s,
            eta_s=view.eta_s,
            changed=datetime.fromtimestamp(self.changed, UTC).isoformat(timespec="seconds") if self.changed else None,
            headline=self.headline.text,
            advice=self.headline.advice,
            pick=_pick(self.finding),
        )

    def answer(self) -> StatusAnswer:
        """Return what ``status --json`` prints."""
        return StatusAnswer(
            **dict(self.summary),
            storage=str(self.storage),
            scored_by=self.finding.selected_on,
            standing=self.progress.standing if self.holder else "",
            waits=self.progress.waits if self.holder else [],
            configurations=[_configuration(row) for row in self.rows],
            running=[_running(flight) for flight in self.flights],
        )


def _counts(counts: Counter[RunState]) -> Counts:
    return Counts.model_validate(dict(counts))


def _pick(finding: MethodFinding) -> Pick | None:
    best = finding.best
    if best is None:
        return None
    test = None if best.test_hidden or best.test is None else _score(best.test)
    validation = None if best.validation is None else best.validation.mean
    return Pick(arm=best.arm, configuration=best.configuration, subset=best.subset, validation=validation, test=test)


def _score(interval: Interval) -> Score:
    few = not interval.has_width
    return Score(
        mean=interval.mean, low=None if few else interval.low, high=None if few else interval.high, n=interval.n
    )


def _configuration(row: Row) -> ConfigurationStatus:
    group = row.group
    return ConfigurationStatus(
        configuration=group.configuration,
        arm=group.arm,
        subset=group.subset,
        stage=group.stage,
        runs=_counts(Counter(row.states)),
        score=None if row.interval is None else _score(row.interval),
        leads=row.leads,
    )


def _running(flight: Flight) -> RunningRun:
    run = flight.planned.run
    return RunningRun(
        run_id=run.run_id,
        configuration=label(flight.planned),
        seed=run.seed,
        fold=run.fold,
        epoch=flight.epoch,
        epochs=flight.epochs,
        validation=flight.validation,
    )
