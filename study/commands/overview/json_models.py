"""What the commands print with ``--json``, as models.

Keys keep their meaning while ``schema`` stays 1; new ones may be added.
Accuracies and scores are fractions in [0, 1], durations are in seconds, and times are ISO 8601 in UTC.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from analysis.results.study_state import State
from trainables.records import Stage


class Answer(BaseModel):
    """The base of what a command prints as JSON."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1

    def text(self) -> str:
        """Return the JSON, with a line end."""
        return f"{self.model_dump_json(indent=1)}\n"


class Score(BaseModel):
    """A mean with its interval; ``low`` and ``high`` are null where the runs are too few, or show no spread."""

    mean: float
    low: float | None
    high: float | None
    n: int


class Pick(BaseModel):
    """What a study chooses, or what leads until it has ended.

    ``test`` is null while test accuracies are hidden, and where no run has one.
    """

    arm: str
    configuration: str
    subset: str
    validation: float | None
    test: Score | None


class Counts(BaseModel):
    """Runs by their state."""

    complete: int = 0
    stopped: int = 0
    failed: int = 0
    diverged: int = 0
    running: int = 0
    waiting: int = 0


class Summary(BaseModel):
    """A study in a list.

    ``at_most`` is whether ``planned`` is an upper bound, because the method has not planned all its runs. ``changed``
    is when a run was last recorded, or the study last stated its progress; null if neither has happened.
    """

    study: str
    description: str
    dataset: str
    state: State
    run_by: str | None
    planned: int
    at_most: bool
    recorded: int
    runs: Counts
    elapsed_s: float | None
    eta_s: float | None
    changed: str | None
    headline: str
    advice: str
    pick: Pick | None


class ConfigurationStatus(BaseModel):
    """A configuration in one stage, with the mean score of its complete runs on validation clips."""

    configuration: str
    arm: str
    subset: str
    stage: Stage
    runs: Counts
    score: Score | None
    leads: bool


class RunningRun(BaseModel):
    """A run in training; ``epoch`` is 0 until the first one has ended."""

    run_id: str
    configuration: str
    seed: int
    fold: str | None
    epoch: int
    epochs: int
    validation: float | None


class StatusAnswer(Answer, Summary):
    """What ``status --json`` prints; ``scored_by`` names the score of configurations."""

    storage: str
    scored_by: str
    standing: str
    waits: list[str]
    configurations: list[ConfigurationStatus]
    running: list[RunningRun]


class ListAnswer(Answer):
    """What ``list --json`` prints."""

    storage: str
    studies: list[Summary]


class JobAnswer(Answer):
    """What ``status --json`` prints of a study on a cluster; ``last_line`` is of the driver's output."""

    study: str
    cluster: str
    job: str
    state: str
    started: str | None
    ended: str | None
    last_line: str


class Job(BaseModel):
    """A study's last job on a cluster."""

    study: str
    job: str
    state: str
    started: str | None
    ended: str | None


class JobsAnswer(Answer):
    """What ``list --json`` prints of a cluster, which is an address or a cluster file."""

    cluster: str
    studies: list[Job]


class TableAnswer(BaseModel):
    """A table as text; each row is as long as the header."""

    title: str
    header: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, title: str, header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Self:
        """Return a table."""
        return cls(title=title, header=list(header), rows=[list(row) for row in rows])


class CheckAnswer(Answer):
    """What ``check --json`` prints; ``left`` is at most that, ``seconds`` too, and null if it is not estimated."""

    study: str
    recorded: int
    left: int
    seconds: float | None
    tables: list[TableAnswer]
    lines: list[str]


class CompareAnswer(Answer):
    """What ``compare --json`` prints: the differences of the files, and the shared configurations."""

    first: str
    second: str
    file_differences: list[str]
    same_data: bool
    only_in_first: list[str]
    only_in_second: list[str]
    table: TableAnswer
    note: str
