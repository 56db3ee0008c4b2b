"""What given and verified validation labels show of a study, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.statistics.intervals import LEVEL
from analysis.statistics.pairs.power import POWER
from trainables import numerals
from trainables.naming import counted, counted_points
from trainables.settings import Settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.findings.label_judge import LabelJudge
    from analysis.results.runs_table import Key
    from trainables.plans import StudyPlan

ONE_POINT = 1.0  # what is converted where a study states no tolerance


def label_cautions(judges: tuple[LabelJudge, ...], plan: StudyPlan, names: Mapping[Key, str]) -> Iterator[str]:
    """Yield a caution for each subset of which verified clips put the choice behind another configuration."""
    if plan.settings.select_on != "validation":  # verified clips decide already, or another metric does
        return
    for judge in judges:
        if judge.ahead is None:
            continue
        ahead = judge.ahead
        ends = numerals.ends(100 * ahead.low, 100 * ahead.high)
        yield (
            f"Verified validation clips contradict the choice of {names[judge.chosen]}: on them {names[ahead.key]} is "
            f"{100 * ahead.gap:.1f} points better ({ends}, paired over {ahead.over}, {100 * LEVEL:g} % for all "
            "comparisons with the choice together). The choice follows the labels given; select_on: verified would "
            "follow these."
        )


def label_paragraphs(judge: LabelJudge, plan: StudyPlan) -> tuple[str, ...]:
    """Return what the verified clips of a subset can show, and what a point on the given labels is worth."""
    return (_resolution(judge), _exchange(judge, plan))


def _resolution(judge: LabelJudge) -> str:
    clips = counted(judge.verified_clips, "verified validation clip") if judge.verified_clips else "verified clips"
    if judge.resolution is not None:
        found = judge.resolution
        return (
            f"However many seeds are trained, these {clips} show a difference only to within ± {found.half_width:.1f} "
            f"points ({100 * LEVEL:g} %); one of {found.detectable:.1f} points is found with power {POWER:g}."
        )
    if judge.per_seed:
        return f"Each seed has its own verified clips, about {judge.verified_clips:,}: more seeds also mean more clips."
    if judge.lacking:
        return (
            f"{counted(judge.lacking, 'run')} of an earlier version of gce-study keep no results on single validation "
            f"clips, so what differences the {clips} can show is not known."
        )
    return f"What differences the {clips} can show is not known: the choice shares no seed with another configuration."


def _exchange(judge: LabelJudge, plan: StudyPlan) -> str:
    method = plan.settings.method
    points = method.within if isinstance(method, Settle) else ONE_POINT
    given, verb = counted_points(points), "is" if points == 1 else "are"
    if judge.exchange is None:
        return (
            f"How much {given} on the given labels {verb} worth on correct ones cannot be estimated: the noise is not "
            "known to be symmetric, and the configurations differ too little, or the verified clips are too few, to "
            "show it."
        )
    found = judge.exchange
    by = {
        "noise": "by the rate of the injected symmetric noise",
        "line": f"by a line through {counted(len(judge.rows), 'configuration')} with errors on both axes",
    }[found.method]
    ends = f"{points * found.low:.2g} to {points * found.high:.2g}"
    return (
        f"{given.capitalize()} on the given labels {verb} about {counted_points(round(points * found.slope, 2))} on "
        f"correct ones ({ends}, {100 * LEVEL:g} %; {by})."
    )
