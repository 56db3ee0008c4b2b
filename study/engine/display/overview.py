"""Where a study stands, as the live view, ``status`` and its JSON show it: configurations, runs, time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from trainables.naming import configuration_name, label, seed_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analysis.statistics.intervals import Interval
    from trainables.config import Configuration
    from trainables.plans import PlannedRun
    from trainables.records import Record, SelectionMetric, Stage

RunState: TypeAlias = Literal["complete", "stopped", "failed", "diverged", "running", "waiting"]
STATES: tuple[RunState, ...] = ("complete", "stopped", "failed", "diverged", "running", "waiting")


@dataclass(frozen=True, eq=False)
class Group:
    """A configuration's runs of one stage.

    Attributes:
        name: of the configuration, with its stage where several have runs, and its subset where the arm has several.
        arm, configuration, subset: what names it in tables.
        stage: what the runs are for.
        runs: the planned runs.

    """

    name: str
    arm: str
    configuration: str
    subset: str
    stage: Stage
    runs: tuple[PlannedRun, ...]


def grouped(plans: Iterable[PlannedRun]) -> tuple[Group, ...]:
    """Group a study's runs by configuration and stage, in the order of the plan."""
    runs: dict[tuple[str, Configuration, Stage], list[PlannedRun]] = {}
    for planned in plans:
        runs.setdefault((planned.arm, planned.run.configuration, planned.stage), []).append(planned)
    staged = len({stage for _, _, stage in runs}) > 1
    return tuple(
        Group(
            configuration_name(of[0]) + (f" ({stage})" if staged and stage else ""),
            arm,
            label(of[0]),
            configuration.subset,
            stage,
            tuple(of),
        )
        for (arm, configuration, stage), of in runs.items()
    )


@dataclass(frozen=True)
class Row:
    """A configuration in one stage.

    Attributes:
        group: its runs.
        states: the state of each of its runs, in the same order.
        scores: of its complete runs, on validation clips, in [0, 1].
        leads: whether it is marked: the highest mean so far, or the choice.

    """

    group: Group
    states: tuple[RunState, ...]
    scores: tuple[float, ...] = ()
    leads: bool = False

    def marked(self, leads: bool) -> Row:  # noqa: FBT001 -- the only thing that it sets
        """Return the row, marked or not."""
        return replace(self, leads=leads)

    @property
    def mean(self) -> float | None:
        """The mean score; None without a complete run."""
        return sum(self.scores) / len(self.scores) if self.scores else None

    @cached_property
    def interval(self) -> Interval | None:
        """The mean score with its interval; None without a complete run."""
        from analysis.statistics.intervals import accuracy_interval  # noqa: PLC0415 -- imports scipy

        return accuracy_interval(self.scores) if self.scores else None


@dataclass(frozen=True)
class Flight:
    """A run that is being trained; ``epoch`` is 0 before the first one has ended."""

    planned: PlannedRun
    epoch: int
    validation: float | None = None  # a fraction
    images_per_s: float | None = None

    @property
    def name(self) -> str:
        """The configuration and the seed."""
        return f"{configuration_name(self.planned)}, {seed_in_words(self.planned.run)}"

    @property
    def epochs(self) -> int:
        """How many epochs it trains at most."""
        return self.planned.run.configuration.training.epochs


@dataclass(frozen=True)
class Overview:
    """Where a study stands.

    Attributes:
        study: its name.
        rows: its configurations.
        flights: what is being trained.
        most_left: an upper bound of the runs still to be recorded.
        at_most: whether fewer may suffice.
        score_words: what the scores are, such as ``validation``.
        mark_words: what a marked row is.
        began_s: seconds since the first run of this start; None before, and where nothing runs.
        eta_s: seconds to the end; None if unknown.
        state: a word on a study that does not run; empty while it runs.
        lines: how far the method is, and what runs wait for.

    """

    study: str
    rows: tuple[Row, ...]
    flights: tuple[Flight, ...] = ()
    most_left: int = 0
    at_most: bool = False
    score_words: str = "validation"
    mark_words: str = "highest so far"
    began_s: float | None = None
    eta_s: float | None = None
    state: str = ""
    lines: tuple[str, ...] = ()
    counts: Counter[RunState] = field(default_factory=Counter)

    @property
    def recorded(self) -> int:
        """The number of runs that have ended."""
        return sum(self.counts[state] for state in STATES[:4])


def rows_of(
    groups: Iterable[Group],
    records: Mapping[str, Record],
    running: Iterable[str],
    select_on: SelectionMetric,
) -> tuple[Row, ...]:
    """Return the rows of a study's configurations; those with the highest mean are marked, see ``leading``.

    Args:
        groups: the configurations.
        records: run_id -> record.
        running: the run_ids of the runs in training.
        select_on: the metric of the scores.

    """
    flying = set(running)
    rows = []
    for group in groups:
        states: list[RunState] = []
        scores = []
        for planned in group.runs:
            record = records.get(planned.run.run_id)
            if record is None:
                states.append("running" if planned.run.run_id in flying else "waiting")
                continue
            states.append(record.status)
            if record.status == "complete" and (score := record.score(select_on)) is not None:
                scores.append(score)
        rows.append(Row(group, tuple(states), tuple(scores)))
    marked = leading(rows)
    return tuple(row.marked(row.group in marked) for row in rows)


def leading(rows: Iterable[Row]) -> set[Group]:
    """Return the configurations with the highest mean on validation clips, on each subset; several where they tie.

    Once there are confirming runs, only those count. Controls are never chosen.
    """
    scored = [row for row in rows if row.scores and row.group.stage != "control"]
    confirming = [row for row in scored if row.group.stage == "confirm"]
    highest: dict[str, float] = {}
    for row in confirming or scored:
        highest[row.group.subset] = max(row.mean or 0.0, highest.get(row.group.subset, 0.0))
    return {row.group for row in confirming or scored if row.mean == highest[row.group.subset]}


def counts_of(rows: Iterable[Row]) -> Counter[RunState]:
    """Count runs by state; a run that two arms share counts once."""
    states = {
        planned.run.run_id: state for row in rows for planned, state in zip(row.group.runs, row.states, strict=True)
    }
    return Counter(states.values())
