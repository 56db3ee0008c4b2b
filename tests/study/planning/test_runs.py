"""From a study to its runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.findings.paper import published
from factories import record, write_record
from plugin_files import FOCAL, plugin_sources
from study.planning.runs import (
    loads_left,
    of_other_code,
    planned_loads,
    planned_runs,
    runs_left,
    study_plan,
    superseded,
    without_metric,
)
from study.spec.candidates import candidates
from study.spec.reading import read_spec
from study.spec.rules.between_keys import Load, control_runs
from study.spec.study import StudySpec
from trainables.config import DEFAULT_NETWORK, SEMANTICS_VERSION
from trainables.losses.catalogue import AdaptiveGCE, LossMasking
from trainables.plans import DataSummary, PlannedRun, StudyPlan
from trainables.plugins.loading import load, use
from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.records import Stage

DATA = DataSummary(name="d", kind="synthetic", fingerprint="f", classes=["a"], clips={})
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
    base = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms}
    seeds = {} if "method" in changes else {"seeds": 2}
    return StudySpec.model_validate(base | seeds | changes)


def test_varied_holds_what_was_left_open_in_file_order() -> None:
    assert [(candidate.arm, candidate.varied) for candidate in candidates(study())] == [
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


def test_every_configuration_and_seed_is_trained_for_each_fold_and_one_fold_after_the_other() -> None:
    runs = planned_runs(study(), "f", ["1", "2", "10"])
    assert [(r.run.seed, r.run.fold) for r in runs[::5]] == [(s, f) for s in (0, 1) for f in ("1", "2", "10")]
    assert len({r.run.run_id for r in runs}) == len(runs) == 30


def test_a_plan_trains_the_runs_of_a_data_set_with_folds_for_each_of_them() -> None:
    folds = {"1": 4, "2": 3}
    plan = study_plan(study(), DATA.model_copy(update={"folds": folds}))
    assert Counter(p.run.fold for p in plan.runs) == {"1": 10, "2": 10}
    assert type(plan).model_validate_json(plan.model_dump_json()).dataset.folds == folds
    assert "folds" not in DATA.model_dump()


def test_controls_of_a_grid_are_counted_for_each_fold() -> None:
    spec = read_spec(SPECS / "table3.yaml")
    assert control_runs(spec, folds=5) == 5 * control_runs(spec)


def test_studies_that_name_a_run_give_it_one_run_id() -> None:
    other = study(name="other", arms=[{"name": "plain", "loss": {"name": "cce"}}], seeds=[1], storage="elsewhere")
    shared = {r.run.run_id for r in planned_runs(study(), "f")} & {r.run.run_id for r in planned_runs(other, "f")}
    assert len(shared) == 1
    assert not shared & {r.run.run_id for r in planned_runs(other, "another data set")}


@pytest.mark.parametrize(
    ("name", "count", "controls"), [("demo", 15, 0), ("figure3", 132, 12), ("table2", 180, 60), ("table3", 156, 48)]
)
def test_shipped_specs_name_as_many_runs_as_their_comment_says(name: str, count: int, controls: int) -> None:
    path = SPECS / f"{name}.yaml"
    comment = path.read_text(encoding="utf-8").split("name:")[0]
    spec = read_spec(path)
    runs = planned_runs(spec, "f")
    assert len({r.run.run_id for r in runs}) == len(runs) == count
    assert f"= {count} runs" in comment
    assert control_runs(spec) == controls
    assert not controls or f"{controls} controls" in comment


@pytest.mark.parametrize("table", [2, 3])
def test_a_shipped_table_trains_the_cells_of_the_papers_table(table: int) -> None:
    ((_, rows),) = ((title, rows) for title, rows in published.TABLES.items() if title.startswith(f"Table {table} "))
    reported = [
        published.configuration(cell.loss, subset)
        for subset in rows
        for cell in published.PUBLISHED
        if cell.subset == subset and cell.missing != published.NOT_REPORTED
    ]
    spec = read_spec(SPECS / f"table{table}.yaml")
    named = [candidate.configuration for candidate in candidates(spec)]
    assert set(named) == set(reported)
    assert list(dict.fromkeys(configuration.subset for configuration in named)) == list(rows)


def test_figure_3_compares_the_papers_losses_over_the_values_of_t() -> None:
    named = {candidate.configuration for candidate in candidates(read_spec(SPECS / "figure3.yaml"))}
    assert {published.configuration(loss, "all") for loss in published.LOSSES} <= named
    temperatures = {c.loss.temperature for c in named if isinstance(c.loss, AdaptiveGCE)}
    assert (min(temperatures), max(temperatures)) == (1e2, 1e6)


def test_the_plan_keeps_the_whole_study() -> None:
    plan = study_plan(study(), DATA)
    assert (plan.name, plan.method, len(plan.runs)) == ("s", "grid", 10)
    assert StudySpec.model_validate(plan.spec) == study()
    assert type(plan).model_validate_json(plan.model_dump_json()) == plan


def test_the_controls_that_a_grid_has_yet_to_plan_are_counted_on_their_subsets() -> None:
    spec = read_spec(SPECS / "table3.yaml")
    plan = study_plan(spec, DataSummary(name="d", kind="synthetic", fingerprint="f", classes=["a"], clips={}))
    recorded = {p.run.run_id for p in plan.runs if p.run.configuration.subset != "clean"}
    left = loads_left(spec, plan, recorded)
    subsets = ("clean", *published.TABLES["Table 3 of the paper: clean clips"][1:])
    assert left == {Load(subset, 160, DEFAULT_NETWORK): 12 for subset in subsets}
    assert left.total() == runs_left(spec, plan, recorded)
    adaptive = [p for p in plan.runs if p.arm == "adaptive"]
    plan.runs += [p.model_copy(update={"arm": "adaptive.fixed_q", "stage": "control"}) for p in adaptive]
    assert (
        loads_left(spec, plan, recorded)
        == planned_loads(spec, plan, recorded)
        == {Load("clean", 160, DEFAULT_NETWORK): 12}
    )


def plan_of_two_versions(stage: Stage) -> StudyPlan:
    """Return a plan with a run of each version of the training."""
    (newer, *_) = planned_runs(study(), "f")
    older = newer.run.model_copy(update={"semantics": SEMANTICS_VERSION - 1})
    runs = [PlannedRun(arm="cce", varied={}, run=run, stage=stage) for run in (newer.run, older)]
    return study_plan(study(), DATA).model_copy(update={"runs": runs})


@pytest.mark.parametrize("method", ["settle", "search"])
def test_a_study_that_explores_continues_without_the_runs_of_an_earlier_version(method: str) -> None:
    earlier = plan_of_two_versions("explore")
    continued = study_plan(study(method={"name": method}, select_on="verified"), DATA, earlier)
    assert [p.run.semantics for p in continued.runs] == [SEMANTICS_VERSION]


def test_controls_of_an_earlier_version_are_dropped_from_a_grid() -> None:
    runs = study_plan(study(), DATA, plan_of_two_versions("control")).runs
    assert {p.run.semantics for p in runs} == {SEMANTICS_VERSION}


def test_records_without_the_metric_to_choose_by_are_counted_in_words() -> None:
    spec = study(select_on={"metric": "macro_f1", "labels": "verified"})
    assert list(without_metric(spec, 0)) == []
    assert list(without_metric(spec, 2)) == [
        "2 records of an earlier version lack macro F1 and do not count: their runs are trained again"
    ]


def test_records_of_an_earlier_version_are_counted_in_words(tmp_path: Path) -> None:
    plan, storage = plan_of_two_versions(""), FolderLocation(tmp_path)
    newer, older = plan.runs
    assert superseded(None, storage) == superseded(plan, storage) == ""
    write_record(storage, record(newer))
    assert superseded(plan, storage) == ""
    write_record(storage, record(older))
    assert superseded(plan, storage) == (
        "1 record is of an earlier version of the training and does not count, because its validation accuracy is over "
        "patches instead of clips: the study is trained again"
    )


@pytest.fixture
def edited() -> Iterator[StudyPlan]:
    """Return the plan of a study with a plugin and a built-in loss; the plugin has been edited since."""
    arms = [{"name": name, "loss": {"name": loss}} for name, loss in (("mine", "mine.focal"), ("cce", "cce"))]
    use([load(plugin_sources(FOCAL))])
    planned = planned_runs(study(arms=arms, seeds=2), "f")
    exploring = [p.model_copy(update={"stage": "explore"}) for p in planned]
    use([load(plugin_sources(FOCAL, "# edited"))])
    yield study_plan(study(arms=arms), DATA).model_copy(update={"runs": exploring})
    use([])


def test_a_study_that_explores_continues_without_the_runs_of_other_code_of_a_plugin(edited: StudyPlan) -> None:
    settle = StudySpec.model_validate(edited.spec | {"method": {"name": "settle"}, "seeds": None})
    assert [p.arm for p in study_plan(settle, DATA, edited).runs] == ["cce", "cce"]


def test_a_study_that_explores_continues_with_the_runs_of_the_same_code(edited: StudyPlan) -> None:
    settle = StudySpec.model_validate(edited.spec | {"method": {"name": "settle"}, "seeds": None})
    use([load(plugin_sources(FOCAL))])
    read = StudyPlan.model_validate_json(edited.model_dump_json())
    assert study_plan(settle, DATA, read).runs == edited.runs


def test_records_of_other_code_are_counted_in_words(edited: StudyPlan, tmp_path: Path) -> None:
    storage = FolderLocation(tmp_path)
    assert of_other_code(None, storage) == of_other_code(edited, storage) == ""
    for planned in edited.runs:
        write_record(storage, record(planned))
    assert of_other_code(edited, storage) == (
        "2 records come from other code of mine.focal and do not count: their runs are trained again"
    )
