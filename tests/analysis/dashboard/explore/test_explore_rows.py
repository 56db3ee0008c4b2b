"""The rows of the grid, and runs side by side."""

import pytest

from analysis.dashboard.explore.choices import Choices
from analysis.dashboard.explore.columns import Column, with_running
from analysis.dashboard.explore.compare import chosen_runs, side_by_side
from analysis.dashboard.explore.rows import cell, in_order, rows_of, shown_columns, status_counts
from analysis.dashboard.explore.table import RunsTable
from analysis.dashboard.snapshot import Flight, Live
from analysis.results.study_results import load_results
from trainables.losses.catalogue import CCE


@pytest.fixture(scope="module")
def table(full_storage):
    return RunsTable.of(load_results(full_storage, "best-t"), Live(""))


def test_filters_leave_the_runs_that_have_all_of_the_values(table):
    runs = table.filtered(Choices(arm="adaptive", status="complete"))
    assert len(runs) == 30
    assert set(zip(runs["arm"], runs["status"], strict=True)) == {("adaptive", "complete")}
    assert table.filtered(Choices(arm="none")).empty


def test_a_wrong_filter_lists_all_runs_and_states_the_problem(table):
    runs, problem = table.listed(Choices(where="lss == 3"))
    assert len(runs) == 46
    assert problem.startswith("character 1: there is no column lss")


def test_runs_are_sorted_with_empty_cells_last(table):
    up = in_order(table.runs, table, [("test_accuracy", False)])
    down = in_order(table.runs, table, [("test_accuracy", True)])
    values = up["test_accuracy"].tolist()[:42]
    assert values == sorted(values)
    assert down["test_accuracy"].tolist()[:42] == values[::-1]
    assert up["test_accuracy"][-4:].isna().all()


def test_runs_are_sorted_by_several_columns(table):
    order = in_order(table.runs, table, [("arm", True), ("seed", True)])
    assert order["arm"].tolist()[:6] == ["gce"] * 6
    assert order["seed"].tolist()[:6] == [5, 4, 3, 2, 1, 0]


def test_without_an_order_problems_come_first(table):
    order = in_order(table.runs, table, [("unknown", True)])
    assert order["status"].tolist()[:3] == ["diverged", "failed", "complete"]
    assert order["run_id"].tolist()[2] == table.runs["run_id"].iloc[0]


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (Column("test_log_loss", "Test log loss", "number", "Metrics"), "0.735"),
        (Column("price", "Price", "number", "Cost"), "0.735"),
        (Column("temperature", "T", "number", "Settings"), "0.7348502010251112"),
    ],
)
def test_what_was_measured_has_three_decimals_and_a_setting_all_of_its_digits(column, shown):
    assert cell(0.7348502010251112, column) == shown


def test_cells_are_texts_in_the_units_of_the_headings(table):
    columns = [table.columns[name] for name in ("configuration", "validation", "wall_s", "test_accuracy", "error")]
    failed = rows_of(table.runs[table.runs["status"] == "failed"], columns)[0]
    assert failed["validation"] == "80.0"
    assert failed["wall_s"] == "30.0"
    assert failed["test_accuracy"] == "-"
    assert (failed["status"], failed["error"]) == ("failed", "RuntimeError: out of memory")


def test_rows_differ_although_arms_share_a_run(study):
    study.add("one", CCE(name="cce"), 0)
    study.add("other", CCE(name="cce"), 0)
    table = RunsTable.of(study.results(), Live(""))
    rows = rows_of(table.runs, [])
    assert rows[0]["run_id"] == rows[1]["run_id"]
    assert rows[0]["row"] != rows[1]["row"]


def test_columns_are_the_chosen_ones_that_the_study_has(table):
    assert shown_columns(table, ("seed", "nothing", "loss")) == ["seed", "loss"]
    assert shown_columns(table, ())[:2] == ["configuration", "seed"]  # one subset, no stages
    assert {"status", "validation", "test_accuracy", "error"} < set(shown_columns(table, ("nothing",)))


def test_statuses_are_counted_problems_first(table):
    counts = {"failed": 1, "diverged": 1, "complete": 42, "stopped": 1, "missing": 1}
    assert list(status_counts(table.runs).items())[:3] == list(counts.items())[:3]
    assert status_counts(table.runs) == counts


def test_a_run_in_training_is_running(full_study):
    results = full_study.results()
    missing = results.runs[results.runs["status"] == "missing"]["run_id"].iloc[0]
    live = Live("process 7", (Flight(missing, "adaptive T=100", "all", "93", 7, 160, 0.5),))
    runs = with_running(results.runs, live).set_index("run_id")
    assert runs.loc[missing, ["status", "epochs", "validation"]].tolist() == ["running", 7, 0.5]
    assert "running" not in set(results.runs["status"])


def test_runs_side_by_side_differ_in_what_is_listed(table):
    one, two = table.runs["run_id"].iloc[[0, 30]]
    runs = chosen_runs(table, (two, "unknown", one))
    assert runs["run"].tolist() == ["cce, seed 0", "adaptive T=100, seed 0"]
    content = side_by_side(table, runs, [{"loss": "cce", "epochs": "160"}, {"loss": "adaptive_gce", "epochs": "160"}])
    rows = {row[0]: row[1:] for row in content.rows}
    assert rows["loss"] == ("cce", "adaptive_gce")
    assert "epochs" not in rows
    assert rows["Status"] == ("complete", "complete")
    assert "Validation accuracy (%)" in rows
    assert "1 setting" in content.note
