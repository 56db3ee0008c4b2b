"""The list of runs and the page of one, by their data; and the addresses that ask for them."""

import pytest

from analysis.dashboard.addresses import Address, parse
from analysis.dashboard.pages.run import confusion_of, provenance_of, settings_of
from analysis.dashboard.pages.runs import listing, with_running
from analysis.dashboard.snapshot import Flight, Live
from analysis.results.clip_labels import ClipLabels
from trainables.feature_settings import Features
from trainables.losses.catalogue import CCE
from trainables.records import Test


@pytest.mark.parametrize(
    "address",
    [
        Address(),
        Address(study="figure3"),
        Address(study="a b/c?<i>"),
        Address(study="figure3", run="0123"),
        Address(study="figure3", tab="runs", arm="a&b", subset="l_noisy+clean", status="failed", stage="explore"),
        Address(study="figure3", tab="runs", sort="seed", descending=True, page=3),
        Address(study="figure3", show_test=True),
        Address(study="figure3", run="0123", show_test=True),
        Address(study="figure3", tab="runs", metric="macro_f1"),
        Address(study="figure3", run="0123", show_test=True, metric="top3"),
    ],
)
def test_an_address_is_read_as_it_was_written(address):
    path, _, query = str(address).partition("?")
    assert parse(path, f"?{query}" if query else "") == address


@pytest.mark.parametrize("metric", ["log_loss", "f1", ""])
def test_a_metric_that_no_report_is_of_is_accuracy(metric):
    assert parse("/study/a", f"?metric={metric}").metric == "accuracy"


def test_another_page_and_the_files_of_a_study_are_of_the_same_metric():
    address = Address(study="a", metric="macro_f1")
    assert address.beside(tab="runs").metric == "macro_f1"
    assert address.csv("runs") == "/files/a/runs.csv?metric=macro_f1"


@pytest.mark.parametrize("path", ["/studies", "/study", "/study/a/b", "/study/a/runs/b", "/study/a/run/b/c"])
def test_other_addresses_are_no_pages(path):
    assert not parse(path, "").known


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "99999999999999999999", "²"])
def test_a_page_number_that_is_none_is_the_first(page):
    assert parse("/study/a", f"?tab=runs&page={page}").page == 1


def test_filters_leave_the_runs_that_have_all_of_the_values(full_study):
    runs = full_study.results().runs
    found = listing(runs, Address(arm="adaptive", status="complete"))
    assert found.count == 30
    assert {(row["arm"], row["status"]) for row in found.rows} == {("adaptive", "complete")}
    # Each choice says what choosing it would leave, with the other filters as they are.
    assert found.choices["arm"] == {"adaptive": 30, "cce": 6, "gce": 6}
    assert found.choices["status"] == {"complete": 30, "stopped": 1, "diverged": 1, "failed": 1, "missing": 1}
    assert found.choices["subset"] == {"all": 30}
    assert found.choices["stage"] == {}
    assert listing(runs, Address(arm="none")).count == 0


def test_runs_are_sorted_with_empty_cells_last(full_study):
    runs = full_study.results().runs
    up = listing(runs, Address(sort="test_accuracy")).rows
    down = listing(runs, Address(sort="test_accuracy", descending=True)).rows
    values = [row["test_accuracy"] for row in up[:42]]
    assert values == sorted(values)
    assert [row["test_accuracy"] for row in down[:42]] == values[::-1]
    assert {row["status"] for row in up[42:]} == {row["status"] for row in down[42:]}
    other = listing(runs, Address(sort="__class__")).rows
    assert [row["run_id"] for row in other] == list(runs["run_id"])


def test_runs_come_in_pages_and_the_last_is_the_last(study):
    runs = study.temperatures([2, 3], 60).results().runs
    found = [listing(runs, Address(page=page)) for page in (1, 2, 3, 9)]
    assert [(each.page, each.pages, len(each.rows)) for each in found] == [
        (1, 3, 50),
        (2, 3, 50),
        (3, 3, 20),
        (3, 3, 20),
    ]
    ids = [row["run_id"] for each in found[:3] for row in each.rows]
    assert ids == list(runs["run_id"])


def test_a_run_that_is_being_trained_is_listed_as_running(full_study):
    results = full_study.results()
    missing = results.runs[results.runs["status"] == "missing"]["run_id"].iloc[0]
    live = Live("process 7", (Flight(missing, "adaptive T=100", "all", "93", 7, 160, 0.5),))
    row = next(row for row in listing(with_running(results.runs, live), Address(status="running")).rows)
    assert (row["run_id"], row["epochs"], row["validation"]) == (missing, 7, 0.5)
    assert "running" not in set(results.runs["status"])


def test_a_runs_settings_and_provenance_are_all_there(study):
    study.features = Features(mels=64)
    run_id = study.add("gce", CCE(name="cce"), 3)
    settings = dict(settings_of(study.planned[0]).rows)
    assert settings.items() >= {"arm": "gce", "loss": "cce", "seed": "3", "subset": "all", "epochs": "160"}.items()
    assert "64 bands at 44.1 kHz" in settings["features"]
    made = dict(provenance_of(study.records[run_id]).rows)
    assert made.items() >= {"git.commit": "abc1234", "threads": "1", "wall time": "30.0 min"}.items()


def test_confusion_counts_clips_by_label_and_prediction(study):
    run_id = study.add("cce", CCE(name="cce"), 0)
    plan, labels = study.plan(), ClipLabels((0, 0, 1, 1), {"test": (2, 2)}, None)
    record = study.records[run_id].model_copy(update={"test": Test(accuracy=0.75, predictions=[0, 0, 0, 1])})
    assert confusion_of(labels, plan, record).rows == (("Rain", "2", "", "100"), ("Wind", "1", "1", "50"))
    never = record.model_copy(update={"test": Test(accuracy=0.5, predictions=[0, 0, 0, 0])})
    assert "Never predicted: Wind" in confusion_of(labels, plan, never).note


def test_there_is_no_confusion_without_labels_that_fit_the_record(study):
    run_id = study.add("cce", CCE(name="cce"), 0)
    record = study.records[run_id].model_copy(update={"test": Test(accuracy=0.5, predictions=[0, 0, 0, 1])})
    assert confusion_of(None, study.plan(), record) is None
    assert confusion_of(ClipLabels((0, 0), {"test": (2, 0)}, None), study.plan(), record) is None
    assert confusion_of(ClipLabels((0, 0, 1, 1), {"test": (2, 2)}, None), study.plan(), record) is None  # 0.75, not 0.5
