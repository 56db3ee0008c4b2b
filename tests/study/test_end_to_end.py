"""Whole studies through the command line, on a real Ray cluster of this machine."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from factories import GCE_STUDY, outcome, read_records
from study.models.selection import select
from trainables.naming import counted, file_size, label
from trainables.outputs.weights import read_weights, weight_sizes, weights_path
from trainables.plans import read_plan
from trainables.processes.limits import usable_cpus
from trainables.records import log_path
from trainables.storage.location import location

pytestmark = pytest.mark.slow

STUDY = """
name: {name}
dataset: {{kind: synthetic, train_per_class: 12, test_per_class: 3}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: {{values: [100, 10000]}}}}}}
seeds: 2
training: {{epochs: {epochs}, batch_size: 16}}
resources: {{max_concurrent: 2}}
storage: {storage}
"""


def write_study(folder, name="small", epochs=3, storage="storage", text=STUDY):
    path = folder / f"{name}.yaml"
    path.write_text(text.format(name=name, epochs=epochs, storage=folder / storage))
    return path


def gce_study(*arguments, timeout=300):
    return subprocess.run(
        [GCE_STUDY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False
    )


def outcomes(storage):
    return {run_id: outcome(record) for run_id, record in read_records(storage).items()}


def events(storage, name):
    """TensorBoard's runs of a study: their names, each with the steps and values of every scalar."""
    found = {}
    for folder in (storage / "studies" / name / "tensorboard").iterdir():
        read = EventAccumulator(str(folder)).Reload()
        found[folder.name] = {tag: {e.step: e.value for e in read.Scalars(tag)} for tag in read.Tags()["scalars"]}
        assert all(len(read.Scalars(tag)) == len(values) for tag, values in found[folder.name].items())
    return found


def as_events(storage):
    """What the event files of the records must hold."""
    found = {}
    for record in read_records(storage).values():
        loss = record.run.configuration.loss
        name = "cce" if loss.name == "cce" else f"adaptive T={loss.temperature:.0f}"
        of = {
            tag: {e.epoch: pytest.approx(value) for e in record.epochs if (value := getattr(e, field)) is not None}
            for tag, field in (
                ("loss/train", "train_loss"),
                ("loss/validation", "validation_loss"),
                ("accuracy/validation", "validation_accuracy"),
                ("accuracy/validation_clips", "validation_clip_accuracy"),
                ("accuracy/verified", "verified_accuracy"),
                ("macro_f1/validation_clips", "validation_macro_f1"),
                ("macro_f1/verified", "verified_macro_f1"),
                ("balanced_accuracy/validation_clips", "validation_balanced_accuracy"),
                ("balanced_accuracy/verified", "verified_balanced_accuracy"),
                ("learning_rate", "learning_rate"),
                ("q/mean", "q_mean"),
            )
        }
        of["accuracy/test"] = {len(record.epochs): pytest.approx(record.test.accuracy)}
        found[f"{name}, seed {record.run.seed}"] = {tag: values for tag, values in of.items() if values}
    return found


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


def start_and_wait(path, storage, *arguments, deadline=240):
    """Start a study; return its process once a run has a checkpoint."""
    process = subprocess.Popen(
        [GCE_STUDY, "run", path, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if list((storage / "checkpoints").glob("*.pt")):
            return process
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    process.kill()
    pytest.fail("the study did not get that far")


def started_by(marker):
    """Processes whose environment carries a marker: what a study started, and what they started."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker.encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


def listening(pids):
    """Local addresses, in the kernel's hexadecimal, on which processes listen."""
    inodes = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes]


LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """A study with a dashboard that is observed from outside while it trains, then ended by SIGTERM."""
    folder = tmp_path_factory.mktemp("observed")
    path, storage = write_study(folder, epochs=50), folder / "storage"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDY_UNDER_TEST", marker := f"observed-{os.getpid()}")
        process = start_and_wait(path, storage, "--dashboard", "--port", "0")
    try:
        addresses = listening(started_by(marker))
        second = gce_study("run", path)
        status = gce_study("status", "small", "--storage", storage)
    finally:
        process.terminate()
        printed, errors = process.communicate(timeout=60)
        left = [command for command in started_by(marker).values() if "dashboard.served" in command]
    ending = {"process": process, "printed": printed, "errors": errors, "left": left}
    return SimpleNamespace(path=path, addresses=addresses, second=second, status=status, **ending)


def test_nothing_listens_beyond_loopback(observed):
    assert len(observed.addresses) > 3
    assert set(observed.addresses) <= LOOPBACK


def test_a_second_run_is_refused_and_told_who_holds_the_study(observed):
    assert observed.second.returncode == 2
    assert f"study small is being run by process {observed.process.pid} of " in observed.second.stderr
    assert f"run by process {observed.process.pid}" in observed.status.stdout
    assert "running: " in observed.status.stdout


def test_sigterm_ends_the_study_and_its_dashboard_in_order_and_says_how_to_go_on(observed):
    assert observed.process.returncode == 143
    assert observed.errors.count(f"continue with: gce-study run {observed.path}") == 1
    assert "Traceback" not in observed.errors
    assert "dashboard: http://127.0.0.1:" in observed.printed
    assert observed.left == []


def test_two_studies_that_share_runs_train_each_once_and_both_end(tmp_path):
    one = write_study(tmp_path, name="one", epochs=6)
    two = write_study(tmp_path, name="two", epochs=6)
    gce_study("check", one)  # makes the sounds
    processes = [
        subprocess.Popen([GCE_STUDY, "run", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for path in (one, two)
    ]
    ends = [process.communicate(timeout=280) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    records = read_records(tmp_path / "storage")
    assert len(records) == 6
    assert {r.provenance.attempt_count for r in records.values()} == {1}
    assert list((tmp_path / "storage" / "running").iterdir()) == []
    for name in ("one", "two"):
        assert "6 of 6 runs recorded" in gce_study("status", name, "--storage", tmp_path / "storage").stdout


def test_a_run_whose_process_is_killed_goes_on_in_another(finished, tmp_path, monkeypatch):
    folder, _, _ = finished
    monkeypatch.setenv("STUDY_UNDER_TEST", marker := f"worker-{os.getpid()}")
    path, storage = write_study(tmp_path), tmp_path / "storage"
    process = start_and_wait(path, storage)
    workers = [pid for pid, command in started_by(marker).items() if "Trainable" in command]
    assert workers
    os.kill(workers[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert outcomes(storage) == outcomes(folder / "storage")
    assert events(storage, "small") == as_events(folder / "storage")
    logs = [path.read_text() for path in (storage / "logs").iterdir()]
    lost = [log for log in logs if "its process was lost: " in log]
    assert len(lost) == 1
    assert lost[0].count("started by process ") == 2
    assert [log.count("started by process ") for log in logs if log is not lost[0]] == [1] * 5


def test_storage_that_cannot_be_written_ends_the_study_with_one_message_and_it_goes_on_later(tmp_path):
    path, storage = write_study(tmp_path, epochs=1, text=STUDY.replace("[100, 10000]", "[100]")), tmp_path / "storage"
    storage.mkdir()
    (storage / "checkpoints").write_text("in the way")
    answer = gce_study("run", path)
    assert answer.returncode == 1
    assert "the storage location cannot be used: " in answer.stderr
    assert f"continue with: gce-study run {path}" in answer.stderr
    assert "Traceback" not in answer.stderr
    (storage / "checkpoints").unlink()
    assert gce_study("run", path).returncode == 0
    assert len(read_records(storage)) == 4


def test_cpus_and_gpus_that_are_not_there_are_refused_in_words_and_check_says_where_they_may_be(tmp_path):
    path = write_study(tmp_path)
    path.write_text(path.read_text().replace("{max_concurrent: 2}", "{cpus_per_run: 1000, gpus_per_run: 100}"))
    cpus = f"resources.cpus_per_run: 1000 asked for; usable here: {counted(usable_cpus(), 'CPU')}"
    gpus = f"resources.gpus_per_run: 100 asked for; usable here: {counted(torch.cuda.device_count(), 'GPU')}"
    answer = gce_study("run", path)
    assert (answer.returncode, answer.stderr) == (1, f"gce-study: {cpus}; {gpus}\n")
    answer = gce_study("check", path)
    assert answer.returncode == 0
    for line in (cpus, gpus):
        assert f"{line}; gce-study submit is for a cluster that has them\n" in answer.stdout


def test_check_refuses_what_run_would_refuse(finished):
    folder, path, _ = finished
    other = folder / "other.yaml"
    other.write_text(path.read_text().replace("epochs: 3", "epochs: 4"))
    assert "training.epochs: 3 -> 4" in gce_study("check", other).stderr


def test_a_storage_location_that_is_not_there_is_named(tmp_path):
    answer = gce_study("list", "--storage", tmp_path / "none")
    assert answer.returncode == 2
    assert f"{tmp_path / 'none'}: no such storage location" in answer.stderr


def test_the_schema_is_json():
    answer = gce_study("schema")
    assert json.loads(answer.stdout)["title"] == "StudySpec"


def test_a_bad_study_file_is_refused_with_file_line_and_key(tmp_path):
    path = write_study(tmp_path)
    path.write_text(path.read_text().replace("seeds: 2", "seeds: none\nsedes: 3"))
    answer = gce_study("run", path)
    assert answer.returncode == 2
    assert f"{path}:7: seeds" in answer.stderr
    assert f"{path}:8: sedes" in answer.stderr
    assert not (tmp_path / "storage").exists()
