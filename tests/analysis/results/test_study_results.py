"""Plans and records as tables: one row per planned run, means over complete runs only."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from analysis.findings.method_finding import method_finding
from analysis.results.runs_table import keys, scores
from analysis.results.study_results import load_results, number, study_results
from analysis.tables.accuracy import runs_left_out
from analysis.tables.summary import summary
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE, ForwardCorrection
from trainables.networks.catalogue import EmbeddingHead
from trainables.records import record_path

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder


def test_a_study_is_read_back_from_its_storage(full_study: Builder, tmp_path: Path) -> None:
    name = full_study.write(tmp_path)
    results = load_results(str(tmp_path), name)
    assert len(results.runs) == len(full_study.planned)
    assert set(results.records) == set(full_study.records)
    assert len(results.curves) == sum(len(record.epochs) for record in full_study.records.values())


def test_an_unknown_study_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_results(tmp_path, "nowhere")


def test_a_row_tells_the_run(study: Builder) -> None:
    loss = AdaptiveGCE(name="adaptive_gce", temperature=1000.0, reading="pooled")
    run_id = study.add("adaptive", loss, 5, varied={"temperature": 1000.0, "reading": "pooled"}, test=0.7)
    row = study.results().runs.iloc[0]
    assert row["run_id"] == run_id
    assert (row["series"], row["configuration"]) == ("adaptive reading=pooled", "adaptive reading=pooled T=1000")
    assert (row["parameter"], row["value"], row["temperature"]) == ("temperature", 1000.0, 1000.0)
    assert (row["loss"], row["subset"], row["seed"], row["status"]) == ("adaptive_gce", "all", 5, "complete")
    assert (row["test_accuracy"], row["epochs"], row["wall_s"], row["cpu_s"]) == (0.7, 4, 1800.0, 3600.0)


def test_a_row_names_the_network_with_its_parameters(study: Builder) -> None:
    study.add("cnn", CCE(name="cce"), 0)
    study.add("head", CCE(name="cce"), 0, network=EmbeddingHead(hidden=64))
    runs = study.results().runs
    assert list(runs["network"]) == ["cnn", "head"]
    assert runs["network.hidden"].iloc[1] == 64


def test_a_row_names_the_content_of_a_file_by_its_digest(study: Builder) -> None:
    matrix = "a,b\n0.9,0.1\n0.2,0.8\n"
    study.add("file", ForwardCorrection(name="forward_correction", matrix=matrix), 0)
    assert study.results().runs["matrix"].iloc[0] == f"file {sha256(matrix.encode()).hexdigest()[:8]}"


def test_an_arm_that_varies_nothing_is_labelled_by_its_name(study: Builder) -> None:
    study.add("baseline", CCE(name="cce"), 0)
    row = study.results().runs.iloc[0]
    assert (row["configuration"], row["parameter"]) == ("baseline", "")


def test_a_planned_run_without_a_record_is_waiting(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, status=None)
    row = study.results().runs.iloc[0]
    assert row["status"] == "waiting"
    assert row[["validation_accuracy", "test_accuracy"]].isna().all()


def test_only_complete_runs_enter_means(full_study: Builder) -> None:
    runs = full_study.results().runs
    row = summary(full_study.finding()).set_index("configuration").loc["adaptive T=100"]
    values = list(scores(runs, "validation")[keys(runs)[0]].values())
    assert (row["n"], row["stopped"], row["diverged"], row["failed"], row["missing"]) == (6, 1, 1, 1, 1)
    assert row["validation_mean"] == pytest.approx(sum(values) / 6)
    assert (row["method"], row["level"], row["validation_n"]) == ("t", 0.95, 6)


def test_what_is_left_out_is_listed_with_its_reason(full_study: Builder) -> None:
    left = runs_left_out(full_study.results().runs)
    assert dict(zip(left["status"], left["why"], strict=True)) == {
        "stopped": "cut early by the search",
        "diverged": "train_loss is nan in epoch 2",
        "failed": "RuntimeError: out of memory",
        "missing": "no record: the study ended without it",
    }


def test_one_seed_has_a_mean_and_no_interval(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, test=0.7)
    row = summary(study.finding()).iloc[0]
    assert row["test_mean"] == 0.7
    assert row[["test_half_width", "test_low", "test_high"]].isna().all()


def test_a_run_that_two_arms_name_counts_in_both(study: Builder) -> None:
    study.add("fixed", GCE(name="gce", q=0.7), 0)
    study.add("swept", GCE(name="gce", q=0.7), 0, varied={"q": 0.7})
    runs = study.results().runs
    assert runs["run_id"].nunique() == 1
    assert list(runs["configuration"]) == ["fixed", "swept q=0.7"]


def test_a_run_that_one_arm_names_twice_counts_once(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("cce", CCE(name="cce"), 0)
    assert len(study.results().runs) == 1


def test_two_configurations_under_one_name_are_refused(study: Builder) -> None:
    study.add("arm", GCE(name="gce", q=0.7), 0)
    study.add("arm", GCE(name="gce", q=0.8), 0)
    with pytest.raises(ValueError, match="two different runs as 'arm'"):
        study.results()


def test_a_plan_without_runs_gives_empty_tables(study: Builder) -> None:
    results = study_results(study.plan(), {})
    study.add("cce", CCE(name="cce"), 0)
    assert list(results.runs) == list(study.results().runs)
    assert len(results.runs) == len(results.curves) == len(summary(method_finding(results))) == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(1000.0, "1000"), (1e6, "1000000"), (1e16, "1e+16"), (0.7, "0.7"), (1000.001, "1000.001"), ("mean", "mean")],
)
def test_numbers_are_written_as_a_person_would(value: float | str, text: str) -> None:
    assert number(value) == text


def test_values_that_differ_a_little_have_different_labels(study: Builder) -> None:
    for temperature in (1000.0, 1000.001):
        loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
        study.add("adaptive", loss, 0, varied={"temperature": temperature})
    assert list(study.results().runs["configuration"]) == ["adaptive T=1000", "adaptive T=1000.001"]


@pytest.mark.parametrize("content", ["", "{", "{}", "\xff"])
def test_a_record_that_cannot_be_read_is_left_out_as_damaged(study: Builder, tmp_path: Path, content: str) -> None:
    for seed in range(2):
        run_id = study.add("cce", CCE(name="cce"), seed)
    name = study.write(tmp_path)
    path = record_path(tmp_path, run_id)
    path.write_text(content, encoding="latin-1")
    results = load_results(tmp_path, name)
    runs = results.runs
    assert list(runs["status"]) == ["complete", "damaged"]
    (why,) = runs_left_out(runs)["why"]
    assert why.startswith(f"{path}: ")
    assert summary(method_finding(results)).iloc[0][["n", "damaged", "missing"]].tolist() == [1, 1, 0]


def test_a_record_of_a_newer_version_is_unreadable_and_named(study: Builder, tmp_path: Path) -> None:
    study.baselines(1)
    name = study.write(tmp_path)
    path = record_path(tmp_path, study.planned[1].run.run_id)
    path.write(b'{"schema_version": 2}')
    runs = load_results(tmp_path, name).runs
    assert list(runs["status"]) == ["complete", "unreadable"]
    assert runs["error"][1].startswith(f"{path}: written by a newer version of gce-study")


def test_a_record_of_another_run_is_damaged(study: Builder, tmp_path: Path) -> None:
    first, second = (study.add("cce", CCE(name="cce"), seed) for seed in range(2))
    name = study.write(tmp_path)
    record_path(tmp_path, second).write_bytes(record_path(tmp_path, first).read_bytes())
    assert list(load_results(tmp_path, name).runs["status"]) == ["complete", "damaged"]


def test_training_settings_have_columns_where_runs_differ_in_them(study: Builder) -> None:
    study.learning_rates("cce", (1e-3, 1e-2), 1)
    study.add("long", CCE(name="cce"), 0, training=Training(learning_rate=0.1, epochs=200))
    runs = study.results().runs
    assert runs["learning_rate"].tolist() == [1e-3, 1e-2, 0.1]
    assert runs["parameter"].tolist() == ["learning_rate", "learning_rate", ""]
    assert runs["training.epochs"].tolist() == [160, 160, 200]
    assert runs["epochs"].tolist() == [4, 4, 4]
    assert "batch_size" not in runs
    assert runs["configuration"].tolist() == ["cce lr=0.001", "cce lr=0.01", "long"]


def test_a_setting_that_is_open_over_one_value_has_a_column(study: Builder) -> None:
    assert study.learning_rates("cce", (1e-3,), 1).results().runs["learning_rate"].tolist() == [1e-3]
