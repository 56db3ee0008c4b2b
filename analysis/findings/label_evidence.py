"""Evidence on a study's training labels, read from the files beside the records of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.results.run_outputs import read_stored_held_out, read_stored_outputs
from analysis.results.runs_table import Key, complete_runs
from analysis.statistics.label_audit.scores import run_scores, seed_scores
from analysis.statistics.label_audit.suggestions import UNSEEN, votes
from trainables.naming import counted
from trainables.plans import cross_validations, read_plan
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from analysis.findings.finding import Finding
    from analysis.statistics.arrays import Floats, Integers
    from trainables.outputs.clips import RunOutputs
    from trainables.storage.types import Location


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """What runs predict for clips that they were not trained on.

    Attributes:
        probabilities: of the classes, the mean over the runs that held out the clip; NaN without such a run. Shape
            (N, K).
        predicted: how many clips of each given label (rows) such a run predicts as each class, the mean over the runs
            that held out a clip. Shape (K, K).
        confusion: the same for the test clips, the mean over the runs that were tested on a clip; zeros if their
            labels are unknown. Shape (K, K).

    """

    probabilities: Floats
    predicted: Floats
    confusion: Floats


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the runs show of N training clips of K classes.

    Attributes:
        margins: normal scores, high where the margin is low; NaN where no run of the seed measured the clip. Shape
            (seeds, N).
        votes: how many runs suggest each class. Shape (seeds, N, K).
        trained: how many runs trained on the clip. Shape (N,).
        held_out: how many held it out for validation. Shape (N,).
        out_of_sample: predictions by the runs that held out the clip; None if no run kept any.
        runs: how many runs there are.
        lacking: what could not be used, in sentences.

    """

    margins: Floats
    votes: Integers
    trained: Integers
    held_out: Integers
    out_of_sample: OutOfSample | None
    runs: int
    lacking: tuple[str, ...]


def gather_evidence(finding: Finding, storage: Location, given: Integers) -> Evidence:
    """Read the outputs of the complete runs that have not collapsed, seed by seed: not all need fit in memory.

    Args:
        finding: what the study found.
        storage: its storage location.
        given: the labels of the training clips, as class indices. Shape (N,).

    Raises:
        OSError: an object store cannot be reached.
        OtherVersionError: another version wrote the plan of a study that predicts the training clips.

    """
    clips, classes = len(given), len(finding.plan.dataset.classes)
    margins, votes_of_seeds = [], []
    trained, held_out = np.zeros(clips, dtype=np.int64), np.zeros(clips, dtype=np.int64)
    runs, absent, problems = 0, 0, list[str]()
    crossed = {
        run.run_id: run.fold
        for run_ids in _runs_by_seed(finding).values()
        for run in (finding.results.records[run_id].run for run_id in run_ids)
        if run.configuration.training.split == "in_turn"
    }
    for run_ids in _runs_by_seed(finding).values():
        stored = read_stored_outputs(storage, run_ids, clips)
        absent, problems = absent + stored.absent, [*problems, *stored.problems]
        outputs = list(stored.outputs.values())
        if not outputs:
            continue
        runs += len(outputs)
        margins.append(seed_scores([run_scores(run.margins, run.epochs > 0) for run in outputs]))
        votes_of_seeds.append(votes(map(_suggested, outputs), clips, classes))
        trained += sum(run.epochs > 0 for run in outputs)
        held_out += sum(np.isfinite(run.margins) & (run.epochs == 0) for run in outputs)
    crossed |= _of_cross_validations(finding, storage, problems)
    out_of_sample = _out_of_sample(finding, storage, crossed, given, problems)
    them = "it" if absent == 1 else "them"
    lacking = [f"{counted(absent, 'run')} left no margins: an earlier version of gce-study trained {them}"]
    return Evidence(
        np.stack(margins) if margins else np.full((1, clips), np.nan),
        np.stack(votes_of_seeds) if votes_of_seeds else np.zeros((1, clips, classes), dtype=np.int64),
        trained,
        held_out,
        out_of_sample,
        runs,
        (*lacking[: min(absent, 1)], *problems),
    )


def _out_of_sample(
    finding: Finding, storage: Location, folds: dict[str, str | None], given: Integers, problems: list[str]
) -> OutOfSample | None:
    """Read what runs, by run_id with the fold, predict for the training clips that they held out and for test clips."""
    classes = len(finding.plan.dataset.classes)
    kept, wrong = read_stored_held_out(storage, [*folds], len(given), classes)
    problems += wrong
    if not kept:
        return None
    total, times = np.zeros((len(given), classes)), np.zeros(len(given), dtype=np.int64)
    predicted, confusion = np.zeros((classes, classes)), np.zeros((classes, classes))
    for held in kept.values():
        total[held.clips] += held.probabilities
        times[held.clips] += 1
        np.add.at(predicted, (given[held.clips], held.probabilities.argmax(axis=1)), 1)
    labels = finding.results.labels
    tested = np.zeros(0 if labels is None else len(labels.test), dtype=np.int64)
    for run_id, outputs in read_stored_outputs(storage, list(kept), len(given)).outputs.items():
        clips = [] if labels is None else labels.tested(folds[run_id])
        if labels is not None and outputs.probabilities.shape == (len(clips), classes):
            np.add.at(confusion, (np.array(labels.test)[clips], outputs.probabilities.argmax(axis=1)), 1)
            tested[clips] += 1
    confusion /= tested[tested > 0].mean() if tested.any() else 1
    seen = times > 0
    probabilities = np.divide(total, times[:, None], out=np.full(total.shape, np.nan), where=seen[:, None])
    return OutOfSample(np.asarray(probabilities), predicted / times[seen].mean(), confusion)


def _suggested(run: RunOutputs) -> Integers:
    return np.where(np.isfinite(run.margins), run.suggested.astype(np.int64), UNSEEN)


def _of_cross_validations(finding: Finding, storage: Location, problems: list[str]) -> dict[str, str | None]:
    """Return run_id -> fold of the runs, complete or not, of the studies that predict this study's training clips."""
    folds: dict[str, str | None] = {}
    for name in cross_validations(storage, finding.plan.name):
        try:
            plan = read_plan(storage, name)
        except DamagedError as error:
            problems.append(str(error))
        else:
            if plan.dataset.fingerprint == finding.plan.dataset.fingerprint:
                folds |= {planned.run.run_id: planned.run.fold for planned in plan.runs}
    return folds


def _runs_by_seed(finding: Finding) -> dict[int, list[str]]:
    """Return seed -> run_ids of the complete runs that have not collapsed; one that two arms name counts once."""
    by_seed: dict[int, list[str]] = {}
    collapsed = finding.collapses.collapsed
    rows = complete_runs(finding.results.runs).drop_duplicates("run_id")
    columns = [rows[name].tolist() for name in (*Key._fields, "stage", "seed", "run_id")]
    for arm, configuration, subset, stage, seed, run_id in zip(*columns, strict=True):
        if stage == "explore" or seed not in collapsed.get(Key(arm, configuration, subset), ()):
            by_seed.setdefault(int(seed), []).append(run_id)
    return by_seed
