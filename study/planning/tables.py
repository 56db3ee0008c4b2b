"""The tables that ``check`` prints: a study's arms, and the parameters that they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.tables.table import Table
from study.spec.open_models import Range, Values
from trainables.config import DEFAULT_NETWORK
from trainables.naming import label, number, symbol

if TYPE_CHECKING:
    from study.spec.study import StudySpec
    from trainables.config import Configuration
    from trainables.plans import PlannedRun, StudyPlan


def arms_table(plan: StudyPlan, recorded: set[str]) -> Table:
    """Return a study's configurations with their planned and recorded runs, and with their stage if stages differ."""
    runs_of: dict[tuple[str, Configuration, str], list[PlannedRun]] = {}
    for planned in plan.runs:
        runs_of.setdefault((planned.arm, planned.run.configuration, planned.stage), []).append(planned)
    staged = any(planned.stage for planned in plan.runs)
    named = any(planned.run.configuration.network != DEFAULT_NETWORK for planned in plan.runs)
    rows = tuple(
        (
            label(runs[0]),
            configuration.loss.name,
            *([configuration.network.name] if named else []),
            configuration.subset,
            *([stage or "compare"] if staged else []),
            str(len(runs)),
            str(sum(p.run.run_id in recorded for p in runs)),
        )
        for (_, configuration, stage), runs in runs_of.items()
    )
    optional = {"network": named, "to": staged}
    header = ("configuration", "loss", "network", "subset", "to", "runs", "recorded")
    return Table("", tuple(name for name in header if optional.get(name, True)), rows)


def open_table(spec: StudySpec) -> Table:
    """Return a study's arms and the parameters that they leave open."""
    named = any(arm.network.of is not type(DEFAULT_NETWORK) for arm in spec.open_arms)
    rows = tuple(
        (
            arm.name,
            str(arm.loss.parameters()["name"]),
            *([str(arm.network.parameters()["name"])] if named else []),
            " x ".join(f"{symbol(name)} in {_space(value)}" for name, value in arm.open.items()),
            "baseline" if arm.name in getattr(spec.method, "baselines", ()) else "",
        )
        for arm in spec.open_arms
    )
    return Table("", ("arm", "loss", *(["network"] if named else []), "left open", ""), rows)


def _space(value: Values | Range) -> str:
    if isinstance(value, Range):
        return f"[{number(value.min)}, {number(value.max)}] ({value.scale})"
    return "{" + ", ".join(number(choice) for choice in value.values) + "}"
