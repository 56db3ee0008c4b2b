"""The check command: what it states before a study is run."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analysis.results.runs_table import key_of
from factories import point, record, write_record
from study.cli import main
from study.methods.controls import controls
from study.planning import workload
from study.planning.data import make_plan, read_data
from study.planning.frames import store_data
from study.spec.reading import read_spec
from trainables.naming import file_size
from trainables.plans import write_plan
from trainables.storage.location import location

pytestmark = pytest.mark.usefixtures("short_sounds")


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    """Measure no network: the tests of ``study.planning.speed`` do."""
    monkeypatch.setattr(workload, "seconds_per_patch", lambda *_, **__: (1e-3, 5e-4))


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """A study on a small data set, read from a file in the present folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.yaml").write_text(
        "name: first\ndataset: {kind: synthetic, train_per_class: 8, test_per_class: 1}\nstorage: runs\n"
        "arms:\n  - {name: cce, loss: {name: cce}}\nseeds: 3\ntraining: {epochs: 1, batch_size: 8}\n"
    )
    return read_spec(tmp_path / "first.yaml")


def test_check_states_on_which_validation_clips_a_study_chooses(spec, capsys):
    held = make_plan(spec, read_data(spec)).dataset.validation["all"]
    assert main(["check", "first.yaml"]) == 0
    assert (
        f"subset all: validation clips: {held.clips} ({held.verified} verified), the same for every seed; one "
        f"validation clip is worth {100 / held.clips:.2g} points of a run's accuracy\n"
    ) in capsys.readouterr().out


def test_check_states_what_the_features_mean_and_what_they_need(spec, capsys):
    assert main(["check", "first.yaml"]) == 0
    printed = capsys.readouterr().out
    store_data(spec)
    (frames,) = Path("runs").glob("features/*/frames.f32")
    assert (
        "features: log-mel spectrograms of 96 bands at 44.1 kHz (a window of 40 ms every 20 ms) in patches of 2 s "
        f"every 1 s, each of shape (1, 100, 96)\nframes of 54 sounds: {file_size(frames.stat().st_size)} on disk and "
        "in memory, which runs share; 1 patch a clip\n"
    ) in printed


def test_check_states_the_weights_of_each_network_and_the_smallest_patch(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("study.planning.workload.seconds_per_patch", lambda *_: (1e-3, 1e-3))
    (tmp_path / "two.yaml").write_text(
        "name: two\ndataset: {kind: synthetic, train_per_class: 8, test_per_class: 1}\nstorage: runs\nseeds: 1\n"
        "features: {patch_frames: 50, mels: 64}\ntraining: {epochs: 1, batch_size: 8}\n"
        "arms:\n  - {name: a, loss: {name: cce}}\n  - {name: b, loss: {name: cce}, network: {name: vgg}}\n"
    )
    assert main(["check", "two.yaml"]) == 0
    printed = capsys.readouterr().out
    assert "network cnn: 235,802 weights; patches of at least 16 frames x 4 mel bands\n" in printed
    assert "network vgg: 216,838 weights; patches of at least 4 frames x 4 mel bands\n" in printed
    assert re.search(r"a +cce +cnn +all", printed)
    assert re.search(r"b +cce +vgg +all", printed)


def test_check_states_which_records_are_of_an_earlier_version_and_does_not_count_them(spec, capsys):
    storage, plan = location(spec.storage), make_plan(spec, read_data(spec))
    older = [p.model_copy(update={"run": p.run.model_copy(update={"semantics": 1})}) for p in plan.runs]
    write_plan(storage, plan.model_copy(update={"runs": older}))
    for planned in older[:2]:
        write_record(storage, record(planned))
    assert main(["check", "first.yaml"]) == 0
    lines = capsys.readouterr().out
    assert "first: 3 runs named (3 seeds), 0 recorded, 3 left" in lines
    assert "2 records are of an earlier version of the training and do not count" in lines


def test_check_counts_the_controls_of_a_grid_before_and_after_they_are_planned(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(
        "name: c\ndataset: {kind: synthetic, train_per_class: 8, test_per_class: 1}\nstorage: runs\nseeds: 3\n"
        "arms:\n  - {name: a, loss: {name: adaptive_gce, temperature: {values: [100, 1000]}}}\ncontrols: [fixed_q]\n"
        "training: {epochs: 1, batch_size: 8}\n"
    )
    spec = read_spec(tmp_path / "c.yaml")
    storage, plan = location(spec.storage), make_plan(spec, read_data(spec))
    write_plan(storage, plan)
    assert main(["check", "c.yaml"]) == 0
    assert "c: 6 runs named (3 seeds) and at most 3 controls, 0 recorded, at most 9 left" in capsys.readouterr().out
    for planned in plan.runs:
        write_record(storage, record(planned, epochs=[point(1, q_mean=0.7)]))
    records = {p.run.run_id: record(p, epochs=[point(1, q_mean=0.7)]) for p in plan.runs}
    made = controls(plan.runs, records, {key_of(plan.runs[0])})
    write_plan(storage, plan.model_copy(update={"runs": [*plan.runs, *made]}))
    write_record(storage, record(made[0]))
    assert main(["check", "c.yaml"]) == 0
    assert "c: 6 runs named (3 seeds) and 3 controls, 7 recorded, 2 left" in capsys.readouterr().out


SAME = (
    "1 of 3 test clips holds the sound of a training clip, which makes test accuracies too high: b/4.flac as b/0.wav."
)


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """Return a function that writes a study on four clips of each of two classes and, of one, a copy as flac."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in (f"{label}/{i}" for label in "ab" for i in range(4)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / f"{name}.wav", rng.uniform(-0.5, 0.5, 9_000), 44_100, subtype="PCM_16")
    soundfile.write(tmp_path / "b/4.flac", soundfile.read(tmp_path / "b/0.wav", dtype="int16")[0], 44_100)
    tests = ("a/0.wav", "b/1.wav", "b/4.flac")
    paths = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*"))
    rows = [f"{path},{path[0]},{'test' if path in tests else 'train'},1" for path in paths]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label,split,verified", *rows]) + "\n")

    def write(**keys):
        dataset = {"kind": "csv", "path": "clips.csv", **keys}
        training = {"epochs": 1, "batch_size": 2}
        arms = [{"name": "cce", "loss": {"name": "cce"}}]
        value = {"name": "s", "dataset": dataset, "storage": "runs", "arms": arms, "seeds": 1, "training": training}
        (tmp_path / "s.yaml").write_text(json.dumps(value))
        return read_spec(tmp_path / "s.yaml")

    return write


def test_check_names_silent_clips_and_leaves_them_out_on_request(sounds, tmp_path, capsys):
    sounds()
    soundfile.write(tmp_path / "b/2.wav", np.zeros(9_000), 44_100)
    silence = "b/2.wav (silent: every sample is 0)"
    assert main(["check", "s.yaml"]) == 0
    out = capsys.readouterr().out
    assert f"1 of 9 clips holds no sound; dataset.silent: leave_out leaves such clips out: {silence}.\n" in out
    sounds(silent="leave_out")
    assert main(["check", "s.yaml"]) == 0
    out = capsys.readouterr().out
    assert "left out: b/2.wav: silent: every sample is 0\n" in out
    assert "no sound" not in out


def test_check_names_a_test_clip_that_is_a_training_clip_in_another_format_once_frames_exist(sounds, capsys):
    spec = sounds()
    assert main(["check", "s.yaml"]) == 0
    assert SAME not in capsys.readouterr().out
    manifest = store_data(spec).manifest
    assert make_plan(spec, manifest).dataset.doubtful[0].examples == [("b/4.flac", "b/0.wav")]
    assert main(["check", "s.yaml"]) == 0
    assert f"{SAME}\n" in capsys.readouterr().out


def test_frames_are_kept_for_silent_clips_and_the_plan_leaves_them_out(sounds, tmp_path):
    spec = sounds(silent="leave_out")
    soundfile.write(tmp_path / "b/2.wav", np.zeros(9_000), 44_100)
    summary = make_plan(spec, store_data(spec).manifest).dataset
    assert summary.skipped == [("b/2.wav", "silent: every sample is 0")]
    assert summary.clips["train verified"] == 5
