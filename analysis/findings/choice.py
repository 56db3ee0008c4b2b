"""What a study chooses: the configuration with all its parameters, how sure that is, and what it scores."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.findings.exploration import confirmed_choice, settled, tried
from analysis.results.runs_table import complete_runs, key_of, scores, selected_on, subsets
from analysis.results.study_results import explored, reported
from analysis.statistics.intervals import LEVEL, t_interval
from analysis.statistics.ranking import ValidationTable, choose
from trainables.naming import number

if TYPE_CHECKING:
    import pandas as pd

    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from analysis.statistics.intervals import Interval


@dataclass(frozen=True)
class Best:
    """The choice of a study. Accuracies are fractions in [0, 1].

    Attributes:
        study: the study's name.
        method: how runs were chosen: grid, settle or search.
        arm: the chosen configuration's arm.
        configuration: its label, as in the report.
        subset: the training subset.
        loss: name and every parameter of its loss, those left at their defaults included.
        selected_on: what it is chosen by: ``validation``, or ``verified`` (verified validation clips only).
        validation: that accuracy; None where no complete run has one.
        picked: whether ``validation`` is the highest of several means: that is too high, and an interval around it
            would cover too seldom, so it has none.
        test: accuracy on the test clips, which the choice never saw; None where there is none.
        confirmed: whether these are fresh seeds; None in a grid, which has none.
        probability: of being within ``within`` points of the best; None unless the study settles.
        within: points of accuracy that make no difference; None unless the study settles.
        settled: whether the confidence that was asked for is reached; None unless the study settles.
        not_told_apart: configurations from which the choice is not told apart; None where that is not compared.
        not_ranked: configurations with too few seeds in common with the others.

    """

    study: str
    method: str
    arm: str
    configuration: str
    subset: str
    loss: dict[str, Any]
    selected_on: str
    validation: Interval | None
    test: Interval | None
    picked: bool = False
    confirmed: bool | None = None
    probability: float | None = None
    within: float | None = None
    settled: bool | None = None
    not_told_apart: tuple[str, ...] | None = None
    not_ranked: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the choice as JSON-able data; an interval is mean, low, high, half_width, n, level and method."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("validation", "test"):
            interval = found[name]
            found[name] = None if interval is None else dict(vars(interval))
        return found | {
            "not_told_apart": None if self.not_told_apart is None else list(self.not_told_apart),
            "not_ranked": list(self.not_ranked),
        }

    def arms_yaml(self) -> str:
        """Return ``arms:`` of a study file with this configuration alone, in YAML 1.2."""
        loss = ", ".join(f"{name}: {_scalar(value)}" for name, value in self.loss.items())
        return f"arms:\n  - {{name: {_scalar(self.arm)}, loss: {{{loss}}}, subset: {_scalar(self.subset)}}}\n"


def _scalar(value: str | float) -> str:
    """Write a value in YAML 1.2's flow style; a text that could be read as something else is quoted."""
    if not isinstance(value, str):
        return number(value)
    plain = re.fullmatch(r"[a-z][a-z0-9_+.-]*", value) and value not in {"true", "false", "null", "yes", "no"}
    return value if plain else json.dumps(value)


def best(results: StudyResults) -> Best | None:
    """Return what a study chooses, by the rules of its verdict; None when there is nothing to choose from."""
    ways = {"settle": _settled, "search": _searched}
    return ways.get(results.plan.method, _of_grid)(results)


def _of_grid(results: StudyResults) -> Best | None:
    runs = results.runs
    subset = main_subset(runs)
    choice = None if subset is None else choose(ValidationTable.from_runs(runs, subset))
    if choice is None:
        return None
    return _best(
        results,
        choice.key,
        **_picked(choice.validation, of=1 + len(choice.comparisons)),
        not_told_apart=tuple(key.configuration for key in choice.not_told_apart),
        not_ranked=tuple(key.configuration for key in choice.ranking.too_few),
    )


def _settled(results: StudyResults) -> Best | None:
    found = settled(results)
    if found.standing is None:
        return None
    how = {"probability": found.standing.confidence, "within": found.within, "settled": found.sure}
    return _confirmed(results, found.standing.chosen, **how)


def _searched(results: StudyResults) -> Best | None:
    choice = confirmed_choice(results)
    if choice is not None:
        named = tuple(f"{key.configuration} on {key.subset}" for key in choice.not_told_apart)
        validation = _picked(choice.validation, of=1 + len(choice.comparisons))
        few = tuple(f"{key.configuration} on {key.subset}" for key in choice.ranking.too_few)
        return _best(results, choice.key, confirmed=True, **validation, not_told_apart=named, not_ranked=few)
    first = next((key for key, score in tried(results).items() if score is not None), None)
    return None if first is None else _confirmed(results, first)


def _confirmed(results: StudyResults, key: Key, **how: Any) -> Best:  # noqa: ANN401 -- fields of Best
    """Take the validation accuracy from fresh seeds; without them from the runs that led to the choice."""
    fresh = scores(reported(results).runs, "selection").get(key)
    if fresh:
        return _best(results, key, validation=t_interval(fresh.values(), LEVEL), confirmed=True, **how)
    led = scores(explored(results).runs, "selection").get(key)
    validation = _picked(t_interval(led.values(), LEVEL), of=2) if led else {"validation": None}
    return _best(results, key, confirmed=False, **validation, **how)


def _best(results: StudyResults, key: Key, **how: Any) -> Best:  # noqa: ANN401 -- fields of Best
    plan = results.plan
    configuration = next(p.run.configuration for p in plan.runs if key_of(p) == key)
    tested = scores(reported(results).runs, "test").get(key)
    return Best(
        study=plan.name,
        method=plan.method,
        **key._asdict(),
        loss=configuration.loss.model_dump(exclude_none=True),
        selected_on=selected_on(plan),
        test=t_interval(tested.values(), LEVEL) if tested else None,
        **how,
    )


def _picked(interval: Interval, of: int) -> dict[str, Any]:
    """Return the validation accuracy of the highest of some means: without its interval where there are several."""
    if of == 1:
        return {"validation": interval, "picked": False}
    bare = replace(interval, half_width=None, low=None, high=None)
    return {"validation": bare, "picked": True}


def main_subset(runs: pd.DataFrame) -> str | None:
    """Return the subset that the verdict is about: ``all``, else the first with complete runs; None without any."""
    found = subsets(complete_runs(runs))
    return "all" if "all" in found else next(iter(found), None)


def chosen(results: StudyResults) -> Key | None:
    """Return the configuration that the verdict names, by validation alone; None when it names none."""
    if results.plan.method == "settle":
        standing = settled(results).standing
        return None if standing is None else standing.chosen
    runs = reported(results).runs
    if results.plan.method == "search":
        baselines = results.plan.spec["method"]["baselines"]
        runs = runs[(runs["stage"] == "confirm") & ~runs["arm"].isin(baselines)]
        choice = choose(ValidationTable.from_runs(runs, None))
        return None if choice is None else choice.key
    subset = main_subset(runs)
    choice = None if subset is None else choose(ValidationTable.from_runs(runs, subset))
    return None if choice is None else choice.key
