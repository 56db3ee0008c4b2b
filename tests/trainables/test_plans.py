"""A study's plan on disk, and its settings as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE
from trainables.plans import DataSummary, PlannedRun, StudyPlan, read_plan, study_folder, write_plan
from trainables.settings import Asha, Budget, Grid, OpenRange, Search, Settle

if TYPE_CHECKING:
    from pathlib import Path

DATA = DataSummary(name="sounds", kind="csv", fingerprint="0123", classes=["Rain"], clips={"test": 1})


def _plan(**spec: Any) -> StudyPlan:
    method = spec.get("method", {"name": "grid"})["name"]
    return StudyPlan(name="q", description="", method=method, spec={"name": "q", **spec}, dataset=DATA, runs=[])


def test_the_settings_are_those_of_the_study_file() -> None:
    search = {"name": "search", "asha": {"grace_period": 3}, "baselines": ["cce"]}
    resources = {"cpus_per_run": 1, "price_per_gpu_hour": {"A10G": 1.2}}
    settings = _plan(method=search, budget={"max_hours": 2.5}, select_on="verified", resources=resources).settings
    assert settings.method == Search(name="search", asha=Asha(grace_period=3), baselines=("cce",))
    assert settings.budget == Budget(max_hours=2.5)
    assert settings.select_on == "verified"
    assert settings.resources.price_per_gpu_hour == {"A10G": 1.2}


def test_a_key_that_an_older_plan_lacks_has_its_default() -> None:
    settings = _plan().settings
    assert (settings.method, settings.budget, settings.controls) == (Grid(), Budget(), ())
    assert _plan(method={"name": "settle"}).settings.method == Settle(name="settle")


def test_a_plan_with_its_settings_read_is_written_bit_for_bit_the_same(tmp_path: Path) -> None:
    write_plan(tmp_path, _plan(method={"name": "settle", "within": 1}, unknown=[1]))
    before = (study_folder(tmp_path, "q") / "plan.json").read_bytes()
    plan = read_plan(tmp_path, "q")
    assert plan.settings.method == Settle(name="settle", within=1.0)
    write_plan(tmp_path, plan)
    assert (study_folder(tmp_path, "q") / "plan.json").read_bytes() == before


def test_a_plan_of_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValidationError, match="method"):
        _plan(method={"name": "guess"})


def test_the_ranges_of_a_search_are_found_by_arm_and_parameter() -> None:
    loss = {"name": "gce", "q": {"min": 0, "max": 1, "scale": "log"}}
    fixed = {"name": "gce", "q": {"values": [0.1]}}
    settings = _plan(arms=[{"name": "a", "loss": loss, "subset": "all"}, {"name": "b", "loss": fixed}]).settings
    assert settings.ranges == {("a", "q"): OpenRange(min=0.0, max=1.0, scale="log")}


def test_varied_values_keep_their_types_on_disk() -> None:
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=0, dataset="0" * 20)
    varied = {"batch_size": 32, "learning_rate": 1.0, "optimizer": "sgd", "soft": True}
    read = PlannedRun.model_validate_json(PlannedRun(arm="a", varied=varied, run=run).model_dump_json()).varied
    assert read == varied
    assert [type(value) for value in read.values()] == [int, float, str, bool]


GRID, SETTLE = {"name": "grid"}, {"name": "settle", "baselines": ["cce"]}


@pytest.mark.parametrize(
    ("method", "keep", "kept"),
    [
        (GRID, "best", {("gce", "")}),
        (GRID, "all", {("gce", ""), ("gce", "control")}),
        (GRID, "none", set()),
        (SETTLE, "best", {("gce", "confirm")}),
        (SETTLE, "all", {("gce", "explore"), ("gce", "confirm"), ("cce", "confirm"), ("gce", "control")}),
        (SETTLE, "none", set()),
    ],
)
def test_the_weights_of_runs_that_may_be_the_choices_are_kept(
    method: dict[str, Any], keep: str, kept: set[Any]
) -> None:
    plan = _plan(method=method, keep=keep)
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=0, dataset="0123")
    stages = ["", "control"] if method is GRID else ["explore", "confirm", "control"]
    planned = [
        PlannedRun(arm=arm, varied={}, run=run, stage=stage)
        for arm, stage in [*(("gce", stage) for stage in stages), *([] if method is GRID else [("cce", "confirm")])]
    ]
    assert {(p.arm, p.stage) for p in planned if plan.may_keep_weights(p)} == kept
