"""Whole studies through the command line, on a real Ray cluster of this machine."""

import csv
import json
import subprocess
import sys

import pytest
import torch

import faulty_driver
from event_files import as_events, events
from factories import outcomes, read_records
from small_studies import STUDY, gce_study, write_study
from study.models.selection import select
from trainables.naming import file_size, label
from trainables.outputs.weights import read_weights, weight_sizes, weights_path
from trainables.plans import read_plan
from trainables.records import log_path
from trainables.storage.location import location

pytestmark = pytest.mark.slow


# ``gce-study run``, whose driver notes when it is asked for runs and when their processes start.
WATCHED = """
import sys
from study.cluster.ray_environment import prepare_environment
prepare_environment()
from study import cli
from study.engine import tune as engine
heard = []
def note(of, name, word):
    method = getattr(of, name)
    def noting(self, *arguments, **named):
        answer = method(self, *arguments, **named)
        heard.append(word if name == "on_trial_start" or isinstance(answer, dict) else "wait")
        return answer
    setattr(of, name, noting)
note(engine.MethodSearcher, "suggest", "ask")
note(engine.StartWatch, "on_trial_start", "start")
assert cli.main(["run", sys.argv[1]]) == 0
print([word for word in heard if word != "wait"][:2], "torch" in sys.modules)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study that was run to its end without interruption."""
    folder = tmp_path_factory.mktemp("finished")
    path = write_study(folder, text=STUDY.replace("resources: {{max_concurrent: 2}}\n", ""))
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, path], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder, path, done


def test_every_run_is_recorded_as_complete(finished):
    folder, _, _ = finished
    records = read_records(folder / "storage")
    assert len(records) == 6
    assert {r.status for r in records.values()} == {"complete"}
    for record in records.values():
        assert len(record.epochs) == 3
        assert len(record.test.predictions) == 18
        assert record.cost.images == 3 * (record.cost.images // 3)
        assert record.cost.images_per_s > 0
        assert record.provenance.root["threads"] == 1
        assert record.provenance.root["device"] == "cpu"


def test_the_kept_network_predicts_the_test_clips_as_its_record_states(finished):
    folder, path, _ = finished
    chosen = select(location(folder / "storage"), "small")
    (root,) = (folder / "storage" / "synthetic").iterdir()
    with (root / "clips.csv").open() as file:
        clips = [clip["path"] for clip in csv.DictReader(file) if clip["split"] == "test"]
    predicted = gce_study("predict", path, *(root / clip for clip in clips), "--top", "1", "--csv")
    assert predicted.returncode == 0, predicted.stderr
    classes = [row["label"] for row in csv.DictReader(predicted.stdout.splitlines())]
    (record,) = chosen.records
    kept = record.test.predictions
    assert classes == [chosen.results.plan.dataset.classes[number] for number in kept]


def test_processes_start_together_and_the_driver_needs_no_torch(finished):
    """Ray Tune would else ask for a run, start a process for it, and only then ask for another."""
    _, _, done = finished
    assert done.stdout.splitlines()[-1] == "['ask', 'ask'] False"


def test_only_adaptive_runs_have_a_q(finished):
    folder, _, _ = finished
    for record in read_records(folder / "storage").values():
        adaptive = record.run.configuration.loss.name == "adaptive_gce"
        assert all((p.q_mean is not None) == adaptive for p in record.epochs)


def test_tensorboard_has_every_run_by_its_configuration_and_seed_with_the_records_numbers(finished):
    folder, _, _ = finished
    assert events(folder / "storage", "small") == as_events(folder / "storage")


def test_every_run_has_a_log_from_its_first_epoch_to_its_end(finished):
    folder, _, _ = finished
    for run_id, record in read_records(folder / "storage").items():
        taken, first, end = log_path(folder / "storage", run_id).read_text().splitlines()
        assert taken.endswith(f" on {record.provenance.root['host']}, cpu")
        assert "started by process " in taken
        assert first.endswith("starts at epoch 1")
        assert end.endswith("complete after 3 epochs")


def test_run_prints_the_verdict_and_the_reports_path(finished):
    folder, _, done = finished
    page = folder / "storage" / "studies" / "small" / "report" / "report.html"
    assert str(page) in done.stdout
    assert {p.name for p in page.parent.iterdir()} >= {"report.html", "report.md", "runs.csv", "summary.csv"}
    assert "validation" in done.stdout


def test_progress_is_shown_in_lines_with_an_eta_where_there_is_no_terminal(finished):
    _, _, done = finished
    assert "log-mel frames: 90 of 90 clips; ETA 0 s" in done.stderr
    assert "6 done · 0 running · 0 waiting; ETA 0 s" in done.stderr


def test_no_checkpoint_is_left(finished):
    folder, _, _ = finished
    assert list((folder / "storage" / "checkpoints").iterdir()) == []
    assert list((folder / "storage" / "running").iterdir()) == []


def test_the_weights_of_the_choice_alone_are_kept_and_stated(finished):
    folder, _, done = finished
    best = json.loads(gce_study("best", "small", "--storage", folder / "storage", "--json").stdout)["configuration"]
    chosen = {p.run.run_id for p in read_plan(folder / "storage", "small").runs if label(p) == best}
    sizes = weight_sizes(location(folder / "storage"))
    assert sizes.keys() == chosen
    place = f"{file_size(sum(sizes.values()))} in {folder / 'storage'}/weights"
    assert f"weights: 2 of 2 runs of the choice, {place}\n" in done.stdout


def test_weights_that_are_missing_are_trained_again_bit_for_bit(finished):
    folder, path, _ = finished
    storage = location(folder / "storage")
    before, kept = outcomes(storage), {i: read_weights(storage, i).model for i in weight_sizes(storage)}
    for run_id in kept:
        weights_path(storage, run_id).unlink()
    again = gce_study("run", path, "--retrain-choice")
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("retrained record (its weights were not kept)") == 2
    assert outcomes(storage) == before
    for run_id, tensors in kept.items():
        model = read_weights(storage, run_id).model
        assert all(torch.equal(model[name], tensor) for name, tensor in tensors.items())


def test_running_again_trains_nothing(finished):
    folder, path, _ = finished
    before = {p: p.stat().st_mtime_ns for p in (folder / "storage" / "records").iterdir()}
    again = gce_study("run", path)
    assert again.returncode == 0
    assert {p: p.stat().st_mtime_ns for p in (folder / "storage" / "records").iterdir()} == before


def test_events_that_cannot_be_written_are_said_at_the_end_and_the_study_is_whole(finished):
    folder, path, _ = finished
    written = folder / "storage" / "studies" / "small" / "tensorboard"
    written.rename(folder / "kept")
    written.write_text("in the way")
    again = gce_study("run", path)
    written.unlink()
    (folder / "kept").rename(written)
    assert again.returncode == 0
    assert "not all events for TensorBoard could be written: " in again.stderr
    assert "report.html" in again.stdout


def test_check_counts_runs_named_recorded_and_left(finished):
    _, path, _ = finished
    checked = gce_study("check", path)
    assert checked.returncode == 0
    assert "6 runs named (2 seeds), 6 recorded, 0 left" in checked.stdout


def test_check_estimates_the_time_and_trains_nothing(tmp_path):
    path = write_study(tmp_path)
    checked = gce_study("check", path)
    assert "6 runs named (2 seeds), 0 recorded, 6 left" in checked.stdout
    assert "if no run stops early" in checked.stdout
    assert not (tmp_path / "storage" / "records").exists()


def test_status_and_list_say_where_a_study_stands(finished):
    folder, _, _ = finished
    status = gce_study("status", "small", "--storage", folder / "storage")
    assert "6 of 6 runs recorded; not running" in status.stdout
    listed = gce_study("list", "--storage", folder / "storage")
    assert "small" in listed.stdout
    assert "complete" in listed.stdout


def test_an_unknown_study_names_those_that_are_there(finished):
    folder, _, _ = finished
    for command in ("status", "report"):
        answer = gce_study(command, "smal", "--storage", folder / "storage")
        assert answer.returncode == 2
        there = "shared, small" if (folder / "storage" / "studies" / "shared").exists() else "small"
        assert (
            answer.stderr == f"gce-study: {folder / 'storage'}: no study named 'smal' (did you mean small?); "
            f"its studies: {there}; --storage names another place\n"
        )


def test_the_same_name_with_a_different_file_is_refused_with_the_difference(finished):
    folder, path, _ = finished
    other = folder / "other.yaml"
    other.write_text(path.read_text().replace("seeds: 2", "seeds: 3"))
    answer = gce_study("run", other)
    assert answer.returncode == 2
    assert "seeds: 2 -> 3" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_second_study_takes_the_runs_that_the_first_recorded(finished):
    folder, path, _ = finished
    other = folder / "shared.yaml"
    other.write_text(path.read_text().replace("name: small", "name: shared").replace("seeds: 2", "seeds: [1]"))
    before = set((folder / "storage" / "records").iterdir())
    assert gce_study("run", other).returncode == 0
    assert set((folder / "storage" / "records").iterdir()) == before
    assert len(read_plan(folder / "storage", "shared").runs) == 3
    shared = {name: of for name, of in as_events(folder / "storage").items() if name.endswith("seed 1")}
    assert events(folder / "storage", "shared") == shared


def test_a_run_whose_process_is_killed_goes_on_in_another(finished, tmp_path):
    folder, _, _ = finished
    path, storage = write_study(tmp_path), tmp_path / "storage"
    process = faulty_driver.start(path, "kill-run", storage)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert outcomes(storage) == outcomes(folder / "storage")
    assert events(storage, "small") == as_events(folder / "storage")
    logs = [path.read_text() for path in (storage / "logs").iterdir()]
    lost = [log for log in logs if "its process was lost: " in log]
    assert len(lost) == 1
    assert lost[0].count("started by process ") == 2
    assert [log.count("started by process ") for log in logs if log is not lost[0]] == [1] * 5


def test_check_refuses_what_run_would_refuse(finished):
    folder, path, _ = finished
    other = folder / "other.yaml"
    other.write_text(path.read_text().replace("epochs: 3", "epochs: 4"))
    assert "training.epochs: 3 -> 4" in gce_study("check", other).stderr


def test_the_schema_is_json():
    answer = gce_study("schema")
    assert json.loads(answer.stdout)["title"] == "StudySpec"
