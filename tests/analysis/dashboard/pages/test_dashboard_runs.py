"""Addresses, and the page of one run by its data."""

import pytest

from analysis.dashboard.addresses import Address, parse
from analysis.dashboard.pages.run import confusion_of, provenance_of, settings_of
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
        Address(study="figure3", tab="runs", choices=(("arm", "a&b"), ("status", "failed"), ("columns", "seed,loss"))),
        Address(study="figure3", tab="clips", label="a&b", page=3),
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
    assert parse("/study/a", f"?tab=clips&page={page}").page == 1


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
