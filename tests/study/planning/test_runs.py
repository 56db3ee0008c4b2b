"""From a study to its runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from study.planning.runs import planned_runs, study_plan
from study.spec.candidates import candidates
from study.spec.reading import read_spec
from study.spec.study import StudySpec
from trainables.config import LossMasking
from trainables.plans import DataSummary

SPECS = Path(__file__).parents[3] / "study" / "specs"


def study(**changes: object) -> StudySpec:
    arms = [
        {
            "name": "masked",
            "loss": {"name": "loss_masking", "rule": {"values": ["outlier", "max"]}},
            "subset": {"values": ["clean", "all"]},
        },
        {"name": "cce", "loss": {"name": "cce"}},
    ]
    base = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, "seeds": 2}
    return StudySpec.model_validate(base | changes)


def test_varied_holds_what_was_left_open_in_file_order() -> None:
    assert [(arm, varied) for arm, varied, _ in candidates(study())] == [
        ("masked", {"rule": "outlier", "subset": "clean"}),
        ("masked", {"rule": "outlier", "subset": "all"}),
        ("masked", {"rule": "max", "subset": "clean"}),
        ("masked", {"rule": "max", "subset": "all"}),
        ("cce", {}),
    ]


def test_a_configuration_has_every_parameter_and_the_studys_training() -> None:
    first = candidates(study(training={"epochs": 3}))[0][2]
    assert first.loss == LossMasking(name="loss_masking", rule="outlier", threshold=None)
    assert (first.subset, first.training.epochs) == ("clean", 3)


def test_seeds_are_outermost() -> None:
    runs = planned_runs(study(), "f")
    assert [r.run.seed for r in runs] == [0] * 5 + [1] * 5
    assert [r.arm for r in runs[:5]] == [r.arm for r in runs[5:]]


def test_a_number_of_seeds_is_the_list_from_zero() -> None:
    assert planned_runs(study(seeds=3), "f") == planned_runs(study(seeds=[0, 1, 2]), "f")


def test_studies_that_name_a_run_give_it_one_run_id() -> None:
    other = study(name="other", arms=[{"name": "plain", "loss": {"name": "cce"}}], seeds=[1], storage="elsewhere")
    shared = {r.run.run_id for r in planned_runs(study(), "f")} & {r.run.run_id for r in planned_runs(other, "f")}
    assert len(shared) == 1
    assert not shared & {r.run.run_id for r in planned_runs(other, "another data set")}


@pytest.mark.parametrize(("name", "count"), [("demo", 15), ("figure3", 132), ("table2", 156), ("table3", 144)])
def test_shipped_specs_name_as_many_runs_as_their_comment_says(name: str, count: int) -> None:
    path = SPECS / f"{name}.yaml"
    comment = path.read_text(encoding="utf-8").split("name:")[0]
    runs = planned_runs(read_spec(path), "f")
    assert len({r.run.run_id for r in runs}) == len(runs) == count
    assert f"= {count} runs" in comment


def test_the_plan_keeps_the_whole_study() -> None:
    summary = DataSummary(name="d", kind="synthetic", fingerprint="f", classes=["a"], clips={})
    plan = study_plan(study(), summary)
    assert (plan.name, plan.method, len(plan.runs)) == ("s", "grid", 10)
    assert StudySpec.model_validate(plan.spec) == study()
    assert type(plan).model_validate_json(plan.model_dump_json()) == plan
