"""A study's plan: the runs that it names, as the storage location keeps it."""

from __future__ import annotations

import errno
import os
import re
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from trainables.config import SEMANTICS_VERSION, Run
from trainables.plan_settings import PlanSettings
from trainables.records import Stage, uncollected
from trainables.settings import MAX_NAME, NAME_PATTERN, Grid, MethodName
from trainables.storage.documents import DamagedError, Document, Part, read_document, to_bytes

if TYPE_CHECKING:
    from trainables.storage.types import Location


FEWEST_PARTS, MOST_PARTS = 2, 50  # of the training clips, held out in turn to predict them


class PlannedRun(Part):
    """One run of a study: its arm, the values of the arm's open parameters, and what the run is for."""

    arm: str
    varied: dict[str, bool | int | float | str]  # parameter -> value, for the arm's open parameters
    run: Run
    stage: Stage = ""


class HeldOut(Part):
    """The validation clips of a training subset."""

    clips: int
    verified: int  # of them; with a split for each seed the mean over splits, rounded


Doubt = Literal["test_in_training", "shared_recording", "two_labels", "repeated_training", "repeated_test", "silent"]


class DoubtfulClips(Part):
    """Clips that can be used but spoil what a study measures, all in the same way."""

    doubt: Doubt
    clips: int  # how many
    among: int  # of how many: all clips, or those of the split that the doubt is about
    # The first few: a clip, and the clip whose sound it repeats or, of a silent one, why it is silent.
    examples: list[tuple[str, str]]


class EmbeddingSummary(Part):
    """The embeddings that runs of the study use."""

    digest: str
    model: str
    dims: int
    windows: int
    hop_s: float
    window_s: float


class DataSummary(Part):
    """The data set, as the report describes it."""

    name: str
    kind: str
    fingerprint: str
    classes: list[str]
    clips: dict[str, int]  # "train verified", "train unverified", "test" -> number of clips
    wrong: int | None = None  # training labels known to be wrong; None if the truth is unknown
    subset_seed: int = 0  # of the draw of the subsets of Table 1
    # By the subsets that the study trains on; plans of the first version lack it.
    validation: dict[str, HeldOut] = Field(default_factory=dict)
    skipped: list[tuple[str, str]] = Field(default_factory=list)  # (clip, problem), left out
    doubtful: list[DoubtfulClips] = Field(default_factory=list)
    embeddings: EmbeddingSummary | None = Field(default=None, exclude_if=lambda summary: summary is None)
    # The folds that are the test set in turn -> number of clips; then every clip is counted as a training clip and as a
    # test clip.
    folds: dict[str, int] = Field(default_factory=dict, exclude_if=lambda folds: not folds)
    frames: bool = Field(default=True, exclude_if=bool)  # whether the network of a run receives log-mel frames


class StudyPlan(Document):
    """A study as the storage location keeps it: its file, its data and every run it names."""

    name: str
    description: str
    method: MethodName
    spec: dict[str, Any]  # the study file with every default filled in
    dataset: DataSummary
    runs: list[PlannedRun]

    @property
    def semantics(self) -> int:
        """The version of the training (``SEMANTICS_VERSION``) of its runs; the present one for a plan without runs.

        Raises:
            ValueError: its runs are of several versions, whose accuracies cannot be compared.

        """
        versions = sorted({planned.run.semantics for planned in self.runs}) or [SEMANTICS_VERSION]
        if len(versions) > 1:
            msg = (
                f"study {self.name!r} names runs of several versions of the training ({', '.join(map(str, versions))}),"
                " whose validation accuracies differ in meaning; run it again, and only the latest remain"
            )
            raise ValueError(msg)
        return versions[0]

    def may_keep_weights(self, planned: PlannedRun) -> bool:
        """Return whether the weights of a run are kept when it is complete, at least while the choice is open."""
        keep, method = self.settings.keep, self.settings.method
        if keep != "best":
            return keep == "all"
        if isinstance(method, Grid):
            return not planned.stage
        return planned.stage == "confirm" and planned.arm not in method.baselines

    @cached_property
    def settings(self) -> PlanSettings:
        """The method, budget, controls, selection and prices in ``spec``, typed.

        Raises:
            pydantic.ValidationError: ``spec`` breaks a limit of the study file.

        """
        return PlanSettings.model_validate(self.spec)


def study_folder(storage: Location, name: str) -> Location:
    """Return the folder of a study's plan, lock and report in a storage location."""
    return storage / "studies" / name


def plan_path(storage: Location, name: str) -> Location:
    """Return the path of a study's plan in a storage location."""
    return study_folder(storage, name) / "plan.json"


def study_names(storage: Location) -> list[str]:
    """Return the names of the studies of a storage location, sorted; folders with another kind of name hold none."""
    folders = (path.parent.name for path in (storage / "studies").glob("*/plan.json"))
    return sorted(name for name in folders if re.fullmatch(NAME_PATTERN, name))


def cross_validation_name(name: str, parts: int) -> str:
    """Return the name of the study that predicts the training clips of another one, of that name, in K parts."""
    suffix = f"-folds-{parts}"
    return name[: MAX_NAME - len(suffix)] + suffix


def cross_validations(storage: Location, name: str) -> list[str]:
    """Return the names of the studies in a storage location that predict the training clips of another one."""
    possible = {cross_validation_name(name, parts) for parts in range(FEWEST_PARTS, MOST_PARTS + 1)}
    return [known for known in study_names(storage) if known in possible and known != name]


def write_plan(storage: Location, plan: StudyPlan) -> None:
    """Write a study's plan, atomically."""
    plan_path(storage, plan.name).write(to_bytes(plan))


def read_plan(storage: Location, name: str) -> StudyPlan:
    """Read a study's plan.

    Raises:
        FileNotFoundError: the storage location holds no study of that name.
        DamagedError, OtherVersionError, OSError: see ``trainables.storage.documents.read_document``; a plan of another
            study is damaged too.

    """
    path = plan_path(storage, name)
    if not re.fullmatch(NAME_PATTERN, name):  # it may come from a command line or an address
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    with uncollected():
        plan = read_document(path, StudyPlan, check=attrgetter("settings"))
    if plan.name != name:
        raise DamagedError(path, f"it is the plan of a study named {plan.name!r}")
    return plan
