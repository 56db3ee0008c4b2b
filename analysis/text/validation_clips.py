"""What a study's validation accuracies are over, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import on_verified
from analysis.results.runs_table import selected_on
from analysis.results.validation_clips import ValidationClips, validation_clips
from trainables.config import SEMANTICS_VERSION
from trainables.metrics import METRICS, split_name
from trainables.naming import counted, counted_points
from trainables.numerals import percent
from trainables.settings import Settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.findings.finding import Finding
    from trainables.plans import StudyPlan

FAR_BELOW = 0.1  # a fraction of accuracy


def earlier_version(plan: StudyPlan) -> str:
    """State that a study's records are of an earlier version of the training; return "" for the present one."""
    if plan.semantics == SEMANTICS_VERSION:
        return ""
    chooses = ", by which the study chooses," if selected_on(plan) == "validation" else ""
    return (
        f"These runs were trained by an earlier version of gce-study: their validation accuracy{chooses} is over "
        "patches instead of clips, so it cannot be compared with that of newer runs."
    )


def clips_in_full(clips: ValidationClips) -> str:
    """Describe a subset's validation clips: number, how many are verified, what one is worth, and their split."""
    about = "about " if clips.per_seed else ""
    split = f"others for each {'seed and fold' if clips.per_fold else 'seed'}"
    if not clips.per_seed:
        split = "for each fold the same for every seed" if clips.per_fold else "the same for every seed"
    worth = "" if clips.step is None else f"; one {_judge(clips)} is worth {_points(clips.step)} of a run's accuracy"
    return f"{clips.clips:,} ({about}{clips.verified:,} verified), {split}{worth}"


def far_below_test(finding: Finding) -> str:
    """Explain a validation accuracy of the choice that is far below its test accuracy; return "" for any other."""
    best, plan = finding.best, finding.plan
    if best is None or best.validation is None or best.tested.accuracy is None or on_verified(best.selected_on):
        return ""
    gap = best.tested.accuracy.mean - best.validation.mean
    if gap <= FAR_BELOW or split_name(best.selected_on)[1] is not METRICS[finding.results.metric]:
        return ""
    known = plan.dataset.clips.get("train unverified", 0) > 0
    why = "many validation labels are not verified, and a wrong one counts a right answer as wrong"
    text = f"Validation accuracy of the choice is {100 * gap:.0f} points below test accuracy"
    return f"{text}: {why}." if known else f"{text}, which wrong validation labels may explain."


def chosen_on(plan: StudyPlan) -> str:
    """State by which metric a study chose and which clips it is over, for the methods of a paper."""
    metric = split_name(selected_on(plan))[1].words
    score = f"{metric} on the validation clips, each scored as a test clip is, with the labels given"
    if on_verified(selected_on(plan)):
        score = f"{metric} on the verified validation clips, each scored as a test clip is"
    elif earlier_version(plan):
        score = f"{metric} on the validation patches, with the labels of their clips as given"
    return f"Configurations were chosen by {score}, never by test accuracy."


def held_out(plan: StudyPlan) -> str:
    """State which training clips a study held out for validation, for the methods of a paper."""
    training = plan.runs[0].run.configuration.training
    per_seed = training.split != "fixed"
    folds = bool(plan.dataset.folds)
    split = f"other clips for each seed{' and fold' if folds else ''}, the same for every configuration"
    if not per_seed:
        split = "for each fold the same for every run" if folds else "the same for every run"
    about = "about " if per_seed else ""
    counts = [
        f"{clips.clips:,}{f' on {subset}' if len(plan.dataset.validation) > 1 else ''}, {about}{clips.verified:,} of "
        "them verified"
        for subset, clips in validation_clips(plan).items()
    ]
    numbers = f": {'; '.join(counts)}" if counts else ""
    return (
        f"For validation, {percent(training.validation)} of the training clips of each class were held out, {split} "
        f"(split seed {training.split_seed}){numbers}."
    )


def covered(plan: StudyPlan) -> str:
    """State what intervals over a study's seeds cover."""
    if plan.settings.split != "fixed":
        return "The intervals cover other seeds and the validation clips that each holds out, not other test clips."
    return "The intervals cover other seeds, not other data."


def coarse_clips(plan: StudyPlan) -> Iterator[str]:
    """Yield a caution for each subset of which one clip is worth more than the ``within`` of a settle study.

    Empty where each seed holds out other clips.
    """
    method = plan.settings.method
    if not isinstance(method, Settle):
        return
    for clips in validation_clips(plan).values():
        if clips.step is not None and clips.step > method.within and not clips.per_seed:
            yield (
                f"The tolerance of {counted_points(method.within)} is less than one {_judge(clips)} of subset "
                f"{clips.subset} is worth ({_points(clips.step)}; {counted(clips.judges, 'clip')}): differences that "
                "small depend on single clips, which more seeds do not average out; training.split: per_seed does."
            )


def shared_clips(plan: StudyPlan, subset: str) -> str:
    """Return ``on these 266 verified validation clips`` where all runs share them, to end a statement about a choice.

    The text is empty where each seed or fold holds out other clips, and where the plan does not state them.
    """
    clips = validation_clips(plan).get(subset)
    if clips is None or clips.per_seed or clips.per_fold or not clips.judges:
        return ""
    return f"on this one {_judge(clips)}" if clips.judges == 1 else f"on these {counted(clips.judges, _judge(clips))}"


def _judge(clips: ValidationClips) -> str:
    return "verified validation clip" if on_verified(clips.select_on) else "validation clip"


def _points(value: float) -> str:
    return counted_points(float(f"{value:.2g}"))
