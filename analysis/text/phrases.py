"""Phrases that several texts share: numbers, lists, costs and differences in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.results.budget import HOUR_S, Spent, reached
from analysis.results.runs_table import Key, complete_runs, recorded_count, selected_on, status_counts
from analysis.results.study_state import plans_all
from analysis.statistics.intervals import MIN_SEEDS, p_text
from analysis.statistics.pairs.paired_tests import MARGIN, equivalence
from trainables.metrics import METRICS, split_name
from trainables.naming import counted, duration
from trainables.numerals import ends, hundredfold, percent, whole
from trainables.settings import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analysis.findings.choice_score import ChoiceScore
    from analysis.findings.method_finding import GridFinding
    from analysis.results.study_results import StudyResults
    from analysis.statistics.best_arm.guarantee import Goal
    from analysis.statistics.collapse import Rate
    from analysis.statistics.intervals import Interval
    from trainables.plans import StudyPlan
    from trainables.settings import Settle

UNCLEAR = "which of the two is better is unclear"
MIN_SHOWN_LUCK = 0.0005  # a fraction of accuracy; less is 0.0 points
HIGHEST = "chosen as the highest of several, so probably too high"  # of a score
MIN_WRITTEN = 0.01  # a smaller probability is written as < 0.01, and one above 0.99 as > 0.99


def chance(probability: float) -> str:
    """Write a probability rounded down, so that 0.949 does not pass for 0.95, nor 0.002 for none, nor 0.999 for sure.

    It is a share of draws, which can be 1 or 0 where the probability is not.
    """
    if probability < MIN_WRITTEN:
        return f"< {MIN_WRITTEN}"
    return f"> {1 - MIN_WRITTEN}" if probability > 1 - MIN_WRITTEN else f"{int(100 * probability + 1e-9) / 100:.2f}"


def less_luck(finding: GridFinding, compared: Iterable[Key]) -> str:
    """State that the luck of being an arm's best is subtracted from differences of configurations, where it shows."""
    plain, less = finding.scores(finding.results.tested_by), finding.compared_scores
    shown = any(plain[key][seed] - less[key][seed] >= MIN_SHOWN_LUCK for key in compared for seed in less[key])
    return ", corrected for choosing by the same runs" if shown else ""


def collapsed_in_words(rate: Rate, runs: str = "") -> str:
    """Write how many runs of a configuration collapsed and are set aside.

    Args:
        rate: of the configuration.
        runs: which runs, such as ``exploring``.

    """
    what = "collapsed and is set aside" if rate.k == 1 else "collapsed and are set aside"
    share = f"{hundredfold(rate.low, 0)} to {percent(rate.high, 0)} of its runs would, {percent(rate.level)} interval"
    complete = f"complete {runs} runs" if runs else "complete runs"
    return f"{rate.k} of its {rate.n} {complete} {what}, far below the others ({share})"


def goal_words(goal: Goal, method: Settle) -> str:
    """Return the probability at which exploring may stop, such as ``where 0.95 was requested``."""
    if method.guarantee == "posterior":
        return f"where {goal.probability:g} was requested"
    return f"where {goal.probability:.4f} was needed"


def calibration_words(goal: Goal, method: Settle) -> str:
    """Return what the level of ``guarantee: frequency`` ensures; empty for a posterior probability."""
    if method.guarantee == "posterior":
        return ""
    errors = f"{100 * (1 - method.confidence):.3g} %"
    return (
        f"a level of {goal.probability:.4f}, calibrated by simulation such that at most {errors} of studies settle on "
        "a wrong choice even if the second best is just outside the tolerance"
    )


def expected_regret(regret: float) -> str:
    """Write an expected regret in points, rounded up, so that 0.101 does not pass for 0.10."""
    return f"{math.ceil(100 * regret) / 100:.2f} points" if regret >= MIN_WRITTEN else f"< {MIN_WRITTEN} points"


TEST_HIDDEN = "The test accuracy is hidden until the study has ended."


def on_test_clips(tested: ChoiceScore, unit: str = "") -> str:
    """Write a test accuracy with its interval, and what is subtracted from it; empty without one.

    Args:
        tested: the test accuracy of a choice.
        unit: what the number of runs counts, such as ``fresh seed``; empty for runs.

    """
    if tested.accuracy is None:
        return ""
    luck = ""
    if tested.picked:
        luck = "; probably too high, as the same runs made the choice"
    elif tested.luck >= MIN_SHOWN_LUCK:
        subtracted = f"{hundredfold(tested.luck)} points were subtracted"
        mean = " from their mean" if tested.accuracy.values else ""
        luck = f"; {subtracted}{mean} because the same runs made the choice"
    plain = tested.picked and tested.accuracy.n >= MIN_SEEDS
    label = f"no interval, n = {tested.accuracy.n}" if plain else tested.accuracy.label(unit)
    return f"{tested.accuracy.percent()} % ({label}{luck})"


def scored_on_test(results: StudyResults, scored: str) -> str:
    """Return the start of a sentence on a score on test clips, which names its metric unless that is accuracy."""
    by = "" if results.metric == "accuracy" else f" by {METRICS[results.metric].words}"
    return f"On the test set it scores{by} {scored}"


def of_next_run(tested: ChoiceScore) -> str:
    """Write between which accuracies one more training would score; empty where that cannot be said."""
    interval = tested.next_run
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return f"{ends(100 * interval.low, 100 * interval.high)} % ({percent(interval.level)} prediction interval)"


MAX_NAMED = 4  # more configurations than this are counted, not named


def cost(results: StudyResults) -> str:
    """Return how many runs are recorded and how long they trained, over all attempts."""
    return f"Cost: {counted(len(results.records), 'run')}, {training_time(results)} of training."


def training_time(results: StudyResults) -> str:
    """Return how long all recorded runs trained, over all attempts: ``45 s``, ``12 minutes``, ``88.5 hours``."""
    seconds = sum(record.cost.wall_s for record in results.records.values())
    hours = seconds / HOUR_S
    if 60 * hours < 1:
        return duration(seconds)
    if hours < 1:
        return counted(round(60 * hours), "minute")
    if hours >= 100:  # noqa: PLR2004 -- from which tenths tell nothing
        return f"{hours:,.0f} hours"
    return "1 hour" if round(hours, 1) == 1 else f"{hours:.1f} hours"


def budget_ended(results: StudyResults) -> list[str]:
    """Return which limit ended a study before all its runs were trained; empty if none did."""
    limit = reached(results.plan.settings.budget, Spent.of(results.records.values()))
    missing = (results.runs["status"] == "missing").any()
    return [f"The study ended early, as {limit} is reached."] if limit and missing else []


def nothing_complete(results: StudyResults) -> str:
    """Return the verdict on a study without a complete run."""
    counts, yet = status_counts(results.runs["status"]), "" if results.ended else " yet"
    complete = f"complete{yet}{f' ({counts})' if counts else ''}"
    return f"No run of the {whole(len(results.runs))} is {complete}: there is nothing to choose from."


def so_far(results: StudyResults) -> str:
    """Return ``So far (3 of 25 runs): `` for a study that has not ended; empty once it has, or without a complete run.

    The total is written only if it is known beforehand.
    """
    if results.ended or complete_runs(results.runs).empty:
        return ""
    return f"So far ({recorded_of_planned(results)}): "


def recorded_of_planned(results: StudyResults) -> str:
    """Return ``3 of 25 runs``: how many are recorded, and the total if it is known beforehand.

    A grid plans its controls once its other runs are recorded; until then, the total is ``at least 25``.
    """
    runs = results.runs.drop_duplicates("run_id")  # arms may share a run
    done, plan = recorded_count(runs), results.plan
    if not isinstance(plan.settings.method, Grid):
        return counted(done, "run")
    known = plans_all(plan) or any(planned.stage == "control" for planned in plan.runs)
    return f"{whole(done)} of {'' if known else 'at least '}{counted(len(runs), 'run')}"


def chosen_by(plan: StudyPlan) -> str:
    """Name the metric that a study chooses by."""
    return selected_words(selected_on(plan))


def selected_words(measured: str) -> str:
    """Name a metric on validation clips: ``macro F1 on verified validation clips``."""
    clips, metric = split_name(measured)
    return f"{metric.words} on verified validation clips" if clips == "verified" else f"{clips} {metric.words}"


def listed(configurations: Sequence[Key], names: Mapping[Key, str]) -> str:
    """Name the first of some configurations, and count the others."""
    return shortlist([names[key] for key in configurations])


def shortlist(words: Sequence[str]) -> str:
    """Return the first of some words and the number of the others: ``a, b, c, d and 3 more``."""
    return joined([*words[:MAX_NAMED], f"{len(words) - MAX_NAMED} more"] if len(words) > MAX_NAMED else words)


def joined(words: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def alike(first: Mapping[int, float], second: Mapping[int, float]) -> str:
    """State that two configurations differ by less than the margin, if their common seeds show it; else return ""."""
    test = equivalence(first, second, MARGIN)
    if test is None or test.p is None or not test.shown:
        return ""
    return f"; they differ by less than {MARGIN:g} points (two one-sided t-tests, {p_text(test.p)})"


def clear(gap: Interval) -> bool:
    """Return whether a difference's interval lies wholly on one side of zero."""
    return gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high


def points(gap: Interval) -> str:
    """Write a difference of accuracies as ``1.2 ± 0.7 points above``."""
    return f"{size_in_points(gap)} {'below' if gap.mean < 0 else 'above'}"


def size_in_points(gap: Interval) -> str:
    """Write the size of a difference of accuracies as ``1.2 ± 0.7 points``."""
    return f"{_size(gap)} points"


def sizes_in_points(gaps: Sequence[Interval]) -> str:
    """Write the sizes of several differences as ``1.2 ± 0.7 and 3.0 ± 0.5 points``."""
    return f"{joined(list(map(_size, gaps)))} points"


def _size(gap: Interval) -> str:
    width = f" ± {hundredfold(gap.half_width)}" if gap.half_width is not None and gap.has_width else ""
    return f"{hundredfold(abs(gap.mean))}{width}"
