"""The tables of arms and open parameters that `check` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.console import show
from study.spec.open_models import Range, Values
from trainables.naming import label, number, symbol

if TYPE_CHECKING:
    from study.spec.study import StudySpec
    from trainables.config import Configuration
    from trainables.plans import PlannedRun, StudyPlan


def show_arms(plan: StudyPlan, recorded: set[str]) -> None:
    """Print a study's configurations with their planned and recorded runs, and with their stage if stages differ."""
    runs_of: dict[tuple[str, Configuration, str], list[PlannedRun]] = {}
    for planned in plan.runs:
        runs_of.setdefault((planned.arm, planned.run.configuration, planned.stage), []).append(planned)
    staged = any(planned.stage for planned in plan.runs)
    rows = [
        (
            label(runs[0]),
            configuration.loss.name,
            configuration.subset,
            *([stage or "compare"] if staged else []),
            str(len(runs)),
            str(sum(p.run.run_id in recorded for p in runs)),
        )
        for (_, configuration, stage), runs in runs_of.items()
    ]
    show("", ("configuration", "loss", "subset", *(["to"] if staged else []), "runs", "recorded"), rows)


def show_open(spec: StudySpec) -> None:
    """Print a study's arms and the parameters that they leave open."""
    rows = [
        (
            arm.name,
            str(arm.loss.parameters()["name"]),
            " x ".join(f"{symbol(name)} in {_space(value)}" for name, value in arm.open.items()),
            "baseline" if arm.name in getattr(spec.method, "baselines", ()) else "",
        )
        for arm in spec.open_arms
    ]
    show("", ("arm", "loss", "left open", ""), rows)


def _space(value: Values | Range) -> str:
    if isinstance(value, Range):
        return f"[{number(value.min)}, {number(value.max)}] ({value.scale})"
    return "{" + ", ".join(number(choice) for choice in value.values) + "}"
