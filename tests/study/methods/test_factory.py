"""From a study file to its method: what is left open reaches the sampler, baselines and budget reach the method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analysis.findings.method_finding import method_finding
from analysis.results.study_results import study_results
from factories import curve, point, record
from study.methods.factory import JOURNAL, make_method, representatives, spaces
from study.methods.method import Signal
from study.methods.search_space import SampledChoices, SampledRange
from study.planning.runs import planned_runs
from study.spec.differences import dump
from study.spec.study import StudySpec
from trainables.config import Configuration, Training
from trainables.losses.catalogue import GCE
from trainables.plans import DataSummary, PlannedRun, StudyPlan, study_folder
from trainables.settings import Search

if TYPE_CHECKING:
    from pathlib import Path

ADAPTIVE = {"name": "adaptive", "loss": {"name": "adaptive_gce", "temperature": {"values": [100.0, 1000.0]}}}
CCE = {"name": "cce", "loss": {"name": "cce"}}


def study(storage: Path, *arms: dict[str, Any], **changes: Any) -> StudySpec:
    data = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": list(arms), "storage": str(storage)}
    return StudySpec.model_validate(data | changes)


def drained(spec: StudySpec, gain: float = 0.001) -> list[PlannedRun]:
    """Train one run after the other, each a little better than the one before."""
    made = make_method(spec, "d", [])
    method = made.method
    found: list[PlannedRun] = []
    while isinstance(answer := method.ask(), PlannedRun):
        found.append(answer)
        method.tell(record(answer, epochs=curve([0.5 + gain * len(found)]), verified_accuracy=0.5))
        if made.write_journal:
            made.write_journal()
    assert answer is Signal.DONE
    return found


def test_a_search_samples_what_the_arms_leave_open_and_builds_whole_configurations(tmp_path: Path) -> None:
    arms = (
        {
            "name": "gce",
            "loss": {"name": "gce", "q": {"min": 0.1, "max": 1.0, "scale": "log"}},
            "subset": {"values": ["all", "clean"]},
        },
        CCE,
    )
    method = {"name": "search", "baselines": ["cce"]}
    spec = study(tmp_path, *arms, method=method, select_on="verified", training={"epochs": 40})
    assert isinstance(spec.method, Search)
    (space,) = spaces(spec, spec.method)
    assert space.parameters == {"q": SampledRange(0.1, 1.0, log=True), "subset": SampledChoices(("all", "clean"))}
    built = space.build({"q": 0.25, "subset": "clean"})
    assert built == Configuration(loss=GCE(name="gce", q=0.25), subset="clean", training=Training(epochs=40))


def test_a_settle_study_confirms_the_choice_and_the_baselines_on_fresh_seeds(tmp_path: Path) -> None:
    runs = drained(study(tmp_path, ADAPTIVE, CCE, method={"name": "settle", "baselines": ["cce"], "confirm_seeds": 3}))
    assert {p.arm for p in runs if p.stage == "explore"} == {"adaptive"}
    confirmed = [p for p in runs if p.stage == "confirm"]
    assert [(p.arm, p.run.seed) for p in confirmed] == [
        (a, s) for s in range(10_000, 10_003) for a in ("adaptive", "cce")
    ]
    assert len({p.run.configuration for p in confirmed}) == 2


def test_what_a_confirmation_needs_is_kept_from_the_budget(tmp_path: Path) -> None:
    method = {"name": "settle", "within": 0.0001, "confirm_seeds": 3, "baselines": ["cce"]}
    runs = drained(study(tmp_path, ADAPTIVE, CCE, method=method, budget={"max_runs": 15}), gain=0)
    assert [p.stage for p in runs] == ["explore"] * 9 + ["confirm"] * 6


def test_a_search_keeps_its_trials_for_optunas_dashboard(tmp_path: Path) -> None:
    method = {"name": "search", "configurations": 4, "confirm_seeds": 2, "confirm_best": 1}
    arm = {"name": "gce", "loss": {"name": "gce", "q": {"min": 0.1, "max": 1.0}}}
    runs = drained(study(tmp_path, arm, method=method))
    assert [p.stage for p in runs] == ["explore"] * 4 + ["confirm"] * 2
    assert (study_folder(tmp_path, "s") / JOURNAL).read_text().count("gce.q") >= 4


def test_a_grid_asks_for_what_its_plan_names(tmp_path: Path) -> None:
    spec = study(tmp_path, CCE, seeds=2)
    planned = drained(study(tmp_path, ADAPTIVE, method={"name": "settle", "confirm_seeds": 2}))
    method = make_method(spec, "d", planned[:1]).method
    assert method.ask() == planned[0]
    assert method.ask() is Signal.WAIT


def scored_grid(storage: Path, scores: dict[float, tuple[float, float]], **changes: Any) -> set[float]:
    """Train a grid with controls of these validation and verified accuracies; return the T that have a control."""
    spec = study(storage, ADAPTIVE, CCE, seeds=4, controls=["fixed_q"], **changes)
    method = make_method(spec, "d", planned_runs(spec, "d")).method
    while isinstance(answer := method.ask(), PlannedRun):
        t = answer.varied.get("temperature")
        validation, verified = scores[float(t)] if answer.arm == "adaptive" and t else (0.5, 0.5)
        spread = 0.001 * answer.run.seed
        others = {  # the two configurations are ordered by them in turn
            "validation_macro_f1": verified + spread,
            "verified_macro_f1": validation + spread,
            "validation_balanced_accuracy": validation + spread,
        }
        epochs = [point(1, q_mean=0.6 if answer.arm == "adaptive" else None, **others)]
        scored = {"validation_clip_accuracy": validation + spread, "verified_accuracy": verified + spread}
        method.tell(record(answer, epochs=epochs, **scored))
    planned = method.planned()
    assert len([p for p in planned if p.stage == "control"]) == 4
    return {float(p.varied["temperature"]) for p in planned if p.stage == "control"}


@pytest.mark.parametrize(
    ("select_on", "temperature"),
    [
        ("validation", 100.0),
        ("verified", 1000.0),
        ({"metric": "macro_f1"}, 1000.0),
        ({"metric": "macro_f1", "labels": "verified"}, 100.0),
        ({"metric": "balanced_accuracy"}, 100.0),
    ],
)
def test_the_metric_that_a_grid_selects_on_decides_which_configuration_has_a_control(
    tmp_path: Path, select_on: str | dict[str, str], temperature: float
) -> None:
    scores = {100.0: (0.8, 0.6), 1000.0: (0.7, 0.9)}
    assert scored_grid(tmp_path, scores, select_on=select_on) == {temperature}


def test_the_control_in_a_grid_is_of_the_configuration_that_represents_the_arm_in_the_report(tmp_path: Path) -> None:
    spec = study(tmp_path, ADAPTIVE, CCE, seeds=4, controls=["fixed_q"])
    planned = planned_runs(spec, "d")
    records = {p.run.run_id: record(p, epochs=curve([0.5 + 0.01 * (i % 7)])) for i, p in enumerate(planned)}
    plan = StudyPlan(
        name="s",
        description="",
        method="grid",
        spec=dump(spec),
        dataset=DataSummary(name="", kind="", fingerprint="d", classes=["a", "b"], clips={}),
        runs=planned,
    )
    assert representatives(spec, planned, records) == set(method_finding(study_results(plan, records)).representatives)


@pytest.mark.parametrize(("collapse", "temperature"), [("set_aside", 1000.0), ("counts", 100.0)])
def test_a_collapsed_run_decides_which_configuration_of_a_grid_has_a_control_only_where_it_counts(
    tmp_path: Path, collapse: str, temperature: float
) -> None:
    spec = study(tmp_path, ADAPTIVE, CCE, seeds=6, controls=["fixed_q"], collapse=collapse)
    planned = planned_runs(spec, "d")
    means = {100.0: 0.75, 1000.0: 0.8}
    records = {}
    for p in planned:
        mean = means.get(float(p.varied.get("temperature", 0)), 0.5)
        collapsed = mean == means[1000.0] and p.run.seed == 0
        records[p.run.run_id] = record(p, epochs=curve([0.1 if collapsed else mean + 0.001 * p.run.seed]))
    chosen = {key.configuration for key in representatives(spec, planned, records) if key.arm == "adaptive"}
    assert chosen == {f"adaptive T={temperature:g}"}
