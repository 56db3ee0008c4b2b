"""A caution where a training setting was tuned for some arms and not for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.text.phrases import joined
from trainables.config import Training
from trainables.naming import ordered, symbol

if TYPE_CHECKING:
    from trainables.plans import StudyPlan


def untuned_arms(plan: StudyPlan) -> list[str]:
    """Return a caution for each group of arms that lack the tuning of training settings that other arms had.

    A setting is tuned in an arm that samples it from a range, or of which several values are planned. Controls do not
    count: they take the settings of the arms that they control for.
    """
    values: dict[str, dict[str, set[float | str]]] = {}
    for planned in plan.runs:
        if planned.stage != "control":
            of_arm = values.setdefault(planned.arm, {})
            for name in planned.varied.keys() & Training.model_fields.keys():
                of_arm.setdefault(name, set()).add(planned.varied[name])
    ranges = plan.settings.ranges
    tuned = {
        arm: {name for name, tried in settings.items() if len(tried) > 1 or (arm, name) in ranges}
        for arm, settings in values.items()
    }
    of_some = list(ordered(dict.fromkeys((name for names in tuned.values() for name in names), 0.0)))
    lacking: dict[tuple[str, ...], list[str]] = {}
    for arm, names in tuned.items():
        if missing := tuple(name for name in of_some if name not in names):
            lacking.setdefault(missing, []).append(arm)
    return [_caution(missing, arms, tuned) for missing, arms in lacking.items()]


def _caution(settings: tuple[str, ...], arms: list[str], tuned: dict[str, set[str]]) -> str:
    others = [arm for arm, names in tuned.items() if names & set(settings)]
    what = f"{joined([symbol(name) for name in settings])} {'was' if len(settings) == 1 else 'were'}"
    missed = f"{what} tuned for {joined(others)}, but not for {joined(arms)}"
    return f"{missed}: part of a difference between them may come from that."
