"""The label audit: the training clips of a study, ranked by how likely their label is wrong.

Computed once from the study's records and what the runs left beside them; the report, the dashboard, ``Study.audit``
and ``gce-study audit`` all show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.findings.arm_comparisons import RESAMPLING_SEED
from analysis.findings.label_evidence import gather_evidence
from analysis.results.clip_labels import read_training_clips
from analysis.statistics.label_audit.measures import auroc, precision_at
from analysis.statistics.label_audit.noise_rates import MIN_VERIFIED, NoiseRates, rates_by_verified
from analysis.statistics.label_audit.out_of_sample import self_confidence
from analysis.statistics.label_audit.scores import clip_scores, mean_known, normal_scores
from analysis.statistics.label_audit.suggestions import suggestions
from analysis.statistics.label_audit.transitions import transitions
from trainables.outputs.neighbours import read_neighbours
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.findings.finding import Finding
    from analysis.findings.label_evidence import Evidence
    from analysis.results.clip_labels import TrainingClips
    from analysis.statistics.arrays import Floats
    from analysis.statistics.label_audit.transitions import Transitions
    from trainables.storage.types import Location

TOP = (50, 100, 200)  # numbers of clips at which the precision is measured
BY_VERIFIED, BY_PREDICTIONS = "verified clips", "predictions"  # LabelAudit.rates_by


@dataclass(frozen=True, eq=False)
class LabelAudit:
    """The training clips of a study by how likely their label is wrong.

    Attributes:
        study: the study's name.
        runs: how many runs the scores come from.
        clips: one row for each training clip, the most suspicious first; clips that no run saw come last and have no
            rank. Columns: ``rank`` (from 1; missing without a score), ``path``, ``label`` (as given), ``suggested``
            (the class that most runs suggest, which can be the given one; empty if no run measured it), ``share`` (of
            the runs, how many suggest it), ``agreement`` (of the seeds, in how many it has the most votes), ``score``
            (0 to 1, the most suspicious 1), ``low`` and ``high`` (its interval over seeds; NaN without a second seed
            that differs), ``runs`` and ``seeds`` (how many measured it), ``trained`` and ``held_out`` (of those runs,
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
        lacking: what is missing for a better audit, in sentences.
        rates_by: what estimates ``noise_rate``: ``predictions`` for clips by runs that were not trained on them
            (``transitions``), ``verified clips`` (``rates_by_verified``), or empty.

    """

    study: str
    runs: int
    clips: pd.DataFrame
    sources: tuple[str, ...]
    classes: pd.DataFrame
    transition: pd.DataFrame | None
    measures: pd.DataFrame
    lacking: tuple[str, ...]
    rates_by: str = ""


def label_audit(finding: Finding, storage: Location) -> LabelAudit | None:
    """Audit the training labels of a study.

    All complete runs count, exploring ones too, except those that have collapsed.

    Args:
        finding: what the study found.
        storage: its storage location.

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
    given = np.array(training.labels, dtype=np.int64)
    evidence = gather_evidence(finding, storage, given)
    lacking = list(evidence.lacking)
    scores = {"margins": evidence.margins}
    if (neighbours := _neighbours(finding, storage, lacking)) is not None and len(neighbours) == len(training.paths):
        scores["neighbours"] = normal_scores(neighbours)[None]
    crossed = evidence.out_of_sample
    if crossed is not None:
        scores["out_of_sample"] = normal_scores(self_confidence(crossed.probabilities, given))[None]
    moved = None
    if crossed is not None and crossed.confusion.any():
        moved = transitions(crossed.predicted, crossed.confusion, RESAMPLING_SEED)
    frame = _clips(training, classes, evidence, scores)
    rates, rates_by = _noise_rates(frame, classes, moved, lacking)
    return LabelAudit(
        finding.plan.name,
        evidence.runs,
        frame,
        tuple(scores),
        _classes(frame, classes, rates),
        None if moved is None else pd.DataFrame(moved.given_of_true, index=classes, columns=classes),
        _measures(frame, [*scores]),
        tuple(lacking),
        rates_by,
    )


def _neighbours(finding: Finding, storage: Location, lacking: list[str]) -> Floats | None:
    """Return the disagreement of each clip's neighbours; None without embeddings, or where nobody computed it."""
    embeddings = finding.plan.dataset.embeddings
    if embeddings is None:
        return None
    try:
        return read_neighbours(storage, finding.plan.dataset.fingerprint, embeddings.digest).astype(np.float64)
    except FileNotFoundError:
        lacking.append(
            "the nearest neighbours on the embeddings are not compared yet: run gce-study audit on a machine that has "
            "the embeddings"
        )
    except DamagedError as error:
        lacking.append(str(error))
    return None


def _noise_rates(
    frame: pd.DataFrame, classes: Sequence[str], moved: Transitions | None, lacking: list[str]
) -> tuple[NoiseRates, str]:
    """Return the estimated share of wrong labels of each class, and which estimate it is."""
    if moved is not None:
        return NoiseRates(1 - moved.true_of_given.diagonal(), moved.low, moved.high), BY_PREDICTIONS
    number = {name: k for k, name in enumerate(classes)}
    labels = np.array([number[label] for label in frame["label"]], dtype=np.int64)
    score, verified = frame["score"].to_numpy(dtype=np.float64), frame["verified"].to_numpy(dtype=bool)
    if rates := rates_by_verified(score, labels, verified, len(classes)):
        return rates, BY_VERIFIED
    unknown = np.full(len(classes), np.nan)
    if np.isfinite(score).any():
        lacking.append(
            f"the share of wrong labels is not estimated: that needs {MIN_VERIFIED} verified clips beside others, or "
            "gce-study audit --folds"
        )
    return NoiseRates(unknown, unknown, unknown), ""


def _clips(
    training: TrainingClips, classes: Sequence[str], evidence: Evidence, of_sources: Mapping[str, Floats]
) -> pd.DataFrame:
    """Return ``LabelAudit.clips`` from the normal scores of each source: of each seed, or the same for all seeds."""
    given = np.array(training.labels, dtype=np.int64)
    seen = np.isfinite(evidence.margins)
    together = mean_known(np.broadcast_to(scores, seen.shape) for scores in of_sources.values())
    scores = clip_scores(np.where(seen, together, np.nan))
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
            "seeds": seen.sum(axis=0),
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


def _classes(frame: pd.DataFrame, classes: Sequence[str], rates: NoiseRates) -> pd.DataFrame:
    nan = float("nan")
    rows = [
        {
            "class": name,
            "clips": len(rows),
            "verified": int(rows["verified"].sum()),
            "noise_rate": rate,
            "low": low,
            "high": high,
            "true_rate": float(_known_wrong(rows).astype("Float64").mean())
            if rows["true_label"].notna().any()
            else nan,
        }
        for name, rate, low, high in zip(classes, rates.rate, rates.low, rates.high, strict=True)
        for rows in [frame[frame["label"] == name]]
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
