"""Validation labels as given, which may be wrong, against the verified ones: how each orders the configurations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from analysis.findings.arm_comparisons import RESAMPLING_SEED
from analysis.results.runs_table import complete_runs, runs_of, scores
from analysis.results.study_results import explored, reported
from analysis.statistics.clips import bootstrap_gaps
from analysis.statistics.deming import slope_interval
from analysis.statistics.intervals import LEVEL, MIN_SEEDS, paired_difference, shared_seeds
from analysis.statistics.pairs.power import POWER
from trainables.naming import counted
from trainables.settings import Settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from analysis.statistics.arrays import Floats
    from analysis.statistics.ranking import Scores
    from trainables.plans import StudyPlan

MAX_TESTED = 10  # rivals that are compared with the choice, those furthest ahead first; all count for the level

Right = dict[int, "Floats"]  # seed -> 1 for each verified validation clip that the run classifies correctly, else 0


@dataclass(frozen=True)
class Judged:
    """A configuration by both kinds of labels; accuracies are means over the same runs, as fractions."""

    key: Key
    given: float
    verified: float
    runs: int


@dataclass(frozen=True)
class Ahead:
    """A configuration that verified clips put ahead of the choice, beyond doubt.

    Attributes:
        key: the configuration.
        gap: how far it is ahead on verified clips, a fraction.
        low: the lower end of the gap's interval, above 0.
        high: its upper end.
        level: of the interval, such that all comparisons with the choice hold together with 95 % (Bonferroni).
        over: what the interval covers, such as ``266 clips and 12 seeds``.

    """

    key: Key
    gap: float
    low: float
    high: float
    level: float
    over: str


@dataclass(frozen=True)
class Resolution:
    """What differences the verified clips can show, however many seeds are trained. In points.

    Attributes:
        half_width: of a 95 % interval of a difference: the median over the choice's differences from the others.
        detectable: the difference that a test at 5 % finds with power 0.8.

    """

    half_width: float
    detectable: float


@dataclass(frozen=True)
class Exchange:
    """How many points of accuracy on correct labels a point on the given labels is worth, with a 95 % interval."""

    slope: float
    low: float
    high: float
    method: Literal["noise", "line"]  # by the rate of the injected noise, or a line through the configurations


@dataclass(frozen=True)
class LabelJudge:
    """The configurations of one subset by given and by verified validation labels.

    Attributes:
        subset: the training subset.
        rows: the configurations by descending accuracy on the given labels.
        chosen: the study's choice; without one on this subset, the first of the rows.
        verified_clips: how many of the validation clips are verified.
        ahead: the configuration that verified clips put ahead of the choice by most; None if none is, or unknown.
        resolution: None where the runs' results on single clips are not kept, or each seed holds out other clips.
        exchange: None if it cannot be estimated.
        lacking: runs that keep no results on single clips, because an earlier version trained them.
        per_seed: whether each seed, or each fold, holds out other clips.

    """

    subset: str
    rows: tuple[Judged, ...]
    chosen: Key
    verified_clips: int
    ahead: Ahead | None
    resolution: Resolution | None
    exchange: Exchange | None
    lacking: int
    per_seed: bool

    @property
    def by_verified(self) -> tuple[Judged, ...]:
        """The rows by descending accuracy on the verified clips."""
        return tuple(sorted(self.rows, key=lambda row: -row.verified))


def label_judges(results: StudyResults, chosen: Key | None, on_subsets: Mapping[str, Key]) -> tuple[LabelJudge, ...]:
    """Return, for each subset with two configurations or more, what both kinds of validation labels show.

    Judged are the runs that led to the choice. A subset without verified validation clips, or without others, is left
    out.

    Args:
        results: of the study.
        chosen: the study's choice; None if it has none.
        on_subsets: subset -> the choice on it; a subset without one is absent.

    """
    runs = (explored(results) if isinstance(results.plan.settings.method, Settle) else reported(results)).runs
    runs = runs[runs["stage"] != "control"]
    judges = (
        _judge(results, runs[runs["subset"] == subset], subset, (chosen, on_subsets.get(subset)))
        for subset in dict.fromkeys(runs["subset"])
    )
    return tuple(judge for judge in judges if judge is not None)


def _judge(
    results: StudyResults, runs: pd.DataFrame, subset: str, choices: tuple[Key | None, ...]
) -> LabelJudge | None:
    given, verified = scores(runs, "validation"), scores(runs, "verified")
    rows = [
        Judged(key, fmean(given[key].values()), fmean(verified[key].values()), len(given[key]))
        for key in given
        if verified.get(key, {}).keys() == given[key].keys()
    ]
    if len(rows) < 2 or given == verified:  # noqa: PLR2004 -- one has no order; equal if all clips are verified
        return None
    rows.sort(key=lambda row: -row.given)
    keys = [row.key for row in rows]
    chosen = next((key for key in choices if key in keys), keys[0])
    right = {key: _right(results, runs_of(runs, key)) for key in keys}
    # Where each fold is the test set in turn, the runs of a seed hold out other clips too.
    per_seed = results.plan.settings.split != "fixed" or bool(results.plan.dataset.folds)
    clips = _clips(results.plan, subset, right)
    return LabelJudge(
        subset,
        tuple(rows),
        chosen,
        clips.verified,
        _ahead_by_seeds(verified, chosen, keys) if per_seed else _ahead_by_clips(right, chosen),
        None if per_seed else _resolution(right, chosen),
        _injected(results, subset, clips.given) or _line(rows, clips),
        sum(row.runs - len(right[row.key]) for row in rows),
        per_seed,
    )


def _right(results: StudyResults, runs: pd.DataFrame) -> Right:
    """Return which verified validation clips each complete run of a configuration classifies correctly."""
    records = [results.records[run_id] for run_id in complete_runs(runs)["run_id"]]
    return {
        record.run.seed: (np.frombuffer(record.verified_right.encode(), dtype=np.uint8) == ord("1")).astype(np.float64)
        for record in records
        if record.verified_right
    }


@dataclass(frozen=True)
class _Clips:
    """Numbers of validation clips; ``given`` is 0 where it is not known."""

    given: int
    verified: int


def _clips(plan: StudyPlan, subset: str, right: Mapping[Key, Right]) -> _Clips:
    held = plan.dataset.validation.get(subset)
    if held is not None:
        return _Clips(held.clips, held.verified)
    kept = [len(clips) for by_seed in right.values() for clips in by_seed.values()]
    return _Clips(0, round(fmean(kept)) if kept else 0)


def _gaps(first: Right, second: Right) -> Floats | None:
    """Return first minus second on each clip, shape (seeds, clips); None without a shared seed or equal clips."""
    seeds = shared_seeds(first, second)
    if len({len(right[seed]) for right in (first, second) for seed in seeds}) != 1:
        return None
    return np.stack([first[seed] - second[seed] for seed in seeds])


def _ahead_by_clips(right: Mapping[Key, Right], chosen: Key) -> Ahead | None:
    """Compare with the choice by a paired bootstrap of clips and seeds; ``MIN_SEEDS`` shared seeds are needed."""
    found = {key: _gaps(right[key], right[chosen]) for key in right if key != chosen}
    gaps = {key: gap for key, gap in found.items() if gap is not None and len(gap) >= MIN_SEEDS and gap.mean() > 0}
    level = 1 - (1 - LEVEL) / max(1, len(found))
    for key in sorted(gaps, key=lambda key: -gaps[key].mean())[:MAX_TESTED]:
        interval = bootstrap_gaps(gaps[key], RESAMPLING_SEED, level=level)
        if interval.low > 0:
            over = f"{counted(interval.clips, 'clip')} and {counted(interval.seeds, 'seed')}"
            return Ahead(key, interval.mean, interval.low, interval.high, level, over)
    return None


def _ahead_by_seeds(verified: Scores, chosen: Key, keys: Sequence[Key]) -> Ahead | None:
    """Compare with the choice over seeds alone, each of which has clips of its own."""
    rivals = [key for key in keys if key != chosen]
    for key in sorted(rivals, key=lambda key: -fmean(verified[key].values())):
        gap = paired_difference(verified[key], verified[chosen], LEVEL, len(rivals))
        if gap is not None and gap.low is not None and gap.high is not None and gap.n >= MIN_SEEDS and gap.low > 0:
            return Ahead(key, gap.mean, gap.low, gap.high, gap.level, f"{gap.n} seeds, each with clips of its own")
    return None


def _resolution(right: Mapping[Key, Right], chosen: Key) -> Resolution | None:
    """Return what the draw of the clips leaves unknown of a difference, with the mean over seeds taken as known."""
    errors = []
    for key in right:
        gaps = None if key == chosen else _gaps(right[key], right[chosen])
        if gaps is not None and gaps.shape[1] > 1:
            of_clip = gaps.mean(axis=0)
            errors.append((float(of_clip.std(ddof=1)) / math.sqrt(len(of_clip)), len(of_clip) - 1))
    if not errors:
        return None
    error = 100 * median(error for error, _ in errors)
    quantile = float(special.stdtrit(errors[0][1], (1 + LEVEL) / 2))
    return Resolution(quantile * error, (quantile + float(special.ndtri(POWER))) * error)


def _injected(results: StudyResults, subset: str, given_clips: int) -> Exchange | None:
    """Return the exchange by the rate of injected noise, if all of it is symmetric and the subset is the whole set.

    A label that is wrong with probability e, and then any of the K - 1 others alike, turns an accuracy a into
    a (1 - e) + (1 - a) e / (K - 1): differences shrink by 1 - e K / (K - 1). The interval is that of e among the
    validation clips, of which there are ``given_clips``.
    """
    data = results.plan.dataset
    train = sum(count for part, count in data.clips.items() if part != "test")
    if data.wrong is None or subset != "all" or not only_symmetric(results.plan) or not given_clips or not train:
        return None
    rate, classes = data.wrong / train, len(data.classes)
    error = float(special.ndtri((1 + LEVEL) / 2)) * math.sqrt(rate * (1 - rate) / given_clips)
    shrinks = [1 - e * classes / (classes - 1) for e in (rate, max(0.0, rate - error), rate + error)]
    if shrinks[2] <= 0:
        return None
    slope, low, high = (1 / shrink for shrink in shrinks)
    return Exchange(slope, low, high, "noise")


def only_symmetric(plan: StudyPlan) -> bool:
    """Return whether the study's data carry injected noise that is wholly symmetric."""
    noise = plan.spec.get("dataset", {}).get("noise")
    if isinstance(noise, dict):
        return not noise.get("class_to_class") and not noise.get("out_of_vocabulary")
    return isinstance(noise, int | float)  # of the synthetic set


def _line(rows: Sequence[Judged], clips: _Clips) -> Exchange | None:
    """Return the slope of verified on given accuracies over the configurations; None if it is not clearly positive.

    Both accuracies have the error of their clips, the one on verified clips more, as they are fewer.
    """
    if not clips.given or not clips.verified:
        return None
    x, y = (np.array([getattr(row, name) for row in rows]) for name in ("given", "verified"))
    interval = slope_interval(x, y, clips.given / clips.verified)
    if interval is None or interval.low is None or interval.high is None or interval.low <= 0:
        return None
    return Exchange(interval.mean, interval.low, interval.high, "line")
