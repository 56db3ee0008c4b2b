"""The label audit: the training clips of a study, ranked by how likely their label is wrong.

Computed once from the study's records and what the runs left beside them; the report, the dashboard, ``Study.audit``
and ``gce-study audit`` all show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.results.clip_labels import read_training_clips
from analysis.results.run_outputs import read_stored_outputs
from analysis.results.runs_table import Key, complete_runs
from analysis.statistics.label_audit.measures import auroc, precision_at
from analysis.statistics.label_audit.scores import clip_scores, mean_known, normal_scores, run_scores, seed_scores
from analysis.statistics.label_audit.suggestions import UNSEEN, suggestions, votes
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.finding import Finding
    from analysis.results.clip_labels import TrainingClips
    from analysis.statistics.arrays import Floats, Integers
    from trainables.storage.types import Location

TOP = (50, 100, 200)  # numbers of clips at which the precision is measured
SOURCES = ("margins", "neighbours", "out_of_sample")


@dataclass(frozen=True, eq=False)
class LabelAudit:
    """The training clips of a study by how likely their label is wrong.

    Attributes:
        study: the study's name.
        runs: how many runs the scores come from.
        clips: one row for each training clip, the most suspicious first; clips that no run saw come last and have no
            rank. Columns: ``rank`` (from 1; missing without a score), ``path``, ``label`` (as given), ``suggested``
            (the class that most runs suggest, which can be the given one; empty if no run saw the clip), ``share`` (of
            the runs, how many suggest it), ``agreement`` (of the seeds, in how many it has the most votes), ``score``
            (0 to 1, the most suspicious 1), ``low`` and ``high`` (its interval over seeds; NaN without a second seed
            that differs), ``runs`` and ``seeds`` (how many saw the clip), ``trained`` and ``held_out`` (of those runs,
            how many trained on it, and how many held it out for validation), ``verified``, ``true_label`` (empty for a
            sound of none of the classes; missing where it is unknown), and the score of each source in ``sources``.
        sources: the columns of ``clips`` that ``score`` combines: ``margins``, and where they exist ``neighbours`` and
            ``out_of_sample``.
        classes: one row for each class: ``class``, ``clips``, ``verified``, ``noise_rate`` (the estimated share of
            wrong labels), ``low`` and ``high``, and ``true_rate``. NaN where a number is unknown.
        transition: the estimated probability of each given label (columns) for each true class (rows); None where
            nothing estimates it.
        measures: one row for each source, and ``all`` for the score, of how well it finds the labels known to be wrong
            among the clips that are not verified: ``source``, ``clips``, ``wrong``, ``auroc``, ``precision_at_50``,
            ``precision_at_100``, ``precision_at_200``. Empty where no true label is known.
        lacking: what the audit could not use, in sentences.

    """

    study: str
    runs: int
    clips: pd.DataFrame
    sources: tuple[str, ...]
    classes: pd.DataFrame
    transition: pd.DataFrame | None
    measures: pd.DataFrame
    lacking: tuple[str, ...]


def label_audit(finding: Finding, storage: Location, neighbours: Floats | None = None) -> LabelAudit | None:
    """Audit the training labels of a study.

    All complete runs count, exploring ones too, except those that have collapsed.

    Args:
        finding: what the study found.
        storage: its storage location.
        neighbours: for each training clip, the share of its nearest neighbours with another label
            (``neighbour_disagreement``).

    Returns:
        None where the storage location does not keep the labels of the data set.

    Raises:
        ValueError: the kept labels are not those of the study's plan.
        OSError: an object store cannot be reached.

    """
    training = read_training_clips(storage, finding.plan)
    if training is None:
        return None
    classes = finding.plan.dataset.classes
    evidence = _evidence(finding, storage, training, len(classes))
    frame = _clips(training, classes, evidence, neighbours)
    sources = tuple(name for name in SOURCES if name in frame)
    return LabelAudit(
        finding.plan.name,
        evidence.runs,
        frame,
        sources,
        _classes(frame, classes),
        None,
        _measures(frame, sources),
        evidence.lacking,
    )


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What the runs show of N clips: the first two a row for each seed, the others a number for each clip."""

    margins: Floats  # normal scores. Shape (seeds, N)
    votes: Integers  # shape (seeds, N, K)
    trained: Integers
    held_out: Integers
    runs: int
    lacking: tuple[str, ...]


def _evidence(finding: Finding, storage: Location, training: TrainingClips, classes: int) -> _Evidence:
    """Go through the runs seed by seed: of a large study, not all outputs fit in memory."""
    clips = len(training.paths)
    margins, votes_of_seeds = [], []
    trained, held_out = np.zeros(clips, dtype=np.int64), np.zeros(clips, dtype=np.int64)
    runs, absent, problems = 0, 0, list[str]()
    for run_ids in _runs_by_seed(finding).values():
        stored = read_stored_outputs(storage, run_ids, clips)
        absent, problems = absent + stored.absent, [*problems, *stored.problems]
        if not stored.outputs:
            continue
        outputs = list(stored.outputs.values())
        runs += len(outputs)
        seen = [np.isfinite(run.margins) for run in outputs]
        margins.append(seed_scores([run_scores(run.margins, run.epochs > 0) for run in outputs]))
        suggested = (
            np.where(saw, run.suggested.astype(np.int64), UNSEEN) for saw, run in zip(seen, outputs, strict=True)
        )
        votes_of_seeds.append(votes(suggested, clips, classes))
        trained += sum(run.epochs > 0 for run in outputs)
        held_out += sum(saw & (run.epochs == 0) for saw, run in zip(seen, outputs, strict=True))
    them = "it" if absent == 1 else "them"
    lacking = [f"{counted(absent, 'run')} left no margins: an earlier version of gce-study trained {them}"]
    return _Evidence(
        np.stack(margins) if margins else np.full((1, clips), np.nan),
        np.stack(votes_of_seeds) if votes_of_seeds else np.zeros((1, clips, classes), dtype=np.int64),
        trained,
        held_out,
        runs,
        (*lacking[: min(absent, 1)], *problems),
    )


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


def _clips(
    training: TrainingClips, classes: Sequence[str], evidence: _Evidence, neighbours: Floats | None
) -> pd.DataFrame:
    given = np.array(training.labels, dtype=np.int64)
    of_sources = {"margins": evidence.margins}
    if neighbours is not None:
        of_sources["neighbours"] = normal_scores(neighbours)[None]
    scores = clip_scores(mean_known(np.broadcast_to(of, evidence.margins.shape) for of in of_sources.values()))
    suggested = suggestions(evidence.votes, given)
    names = np.array([*classes, ""], dtype=object)  # UNSEEN is the last place
    frame = pd.DataFrame(
        {
            "path": training.paths,
            "label": names[given],
            "suggested": names[suggested.suggested],
            "share": suggested.share,
            "agreement": suggested.agreement,
            "score": scores.score,
            "low": scores.low,
            "high": scores.high,
            "runs": evidence.trained + evidence.held_out,
            "seeds": np.isfinite(evidence.margins).sum(axis=0),
            "trained": evidence.trained,
            "held_out": evidence.held_out,
            "verified": training.verified,
            "true_label": pd.array(training.true_labels, dtype="string"),
            **{name: clip_scores(of).score for name, of in of_sources.items()},
        }
    )
    frame = frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    ranks = pd.Series(np.arange(1, len(frame) + 1), dtype="Int64")
    frame.insert(0, "rank", ranks.where(frame["score"].notna()))
    return frame


def _known_wrong(frame: pd.DataFrame) -> pd.Series[bool]:
    """Return whether each label is wrong; missing where the true label is unknown."""
    return frame["true_label"] != frame["label"]


def _classes(frame: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    of_class = {name: frame[frame["label"] == name] for name in classes}
    nan = float("nan")
    rows = [
        {
            "class": name,
            "clips": len(rows),
            "verified": int(rows["verified"].sum()),
            "noise_rate": nan,
            "low": nan,
            "high": nan,
            "true_rate": float(_known_wrong(rows).astype("Float64").mean())
            if rows["true_label"].notna().any()
            else nan,
        }
        for name, rows in of_class.items()
    ]
    return pd.DataFrame(rows)


def _measures(frame: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    columns = ["source", "clips", "wrong", "auroc", *(f"precision_at_{k}" for k in TOP)]
    known = frame[frame["true_label"].notna() & ~frame["verified"]]
    rows = []
    for source in (*sources, "all"):
        scored = known.dropna(subset="score" if source == "all" else source)
        score = scored["score" if source == "all" else source].to_numpy(dtype=np.float64)
        wrong = _known_wrong(scored).to_numpy(dtype=bool)
        if len(scored):
            precisions = [precision_at(score, wrong, k) for k in TOP]
            rows.append([source, len(scored), int(wrong.sum()), auroc(score, wrong), *precisions])
    return pd.DataFrame(rows, columns=columns)
