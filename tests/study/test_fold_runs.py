"""A study in which each fold is the test set in turn, through the command line, on a real Ray cluster."""

import csv
import json
import subprocess

import numpy as np
import pytest
import soundfile

from analysis.study import load_study
from factories import GCE_STUDY, read_records
from trainables.outputs.clips import read_outputs
from trainables.storage.location import location

pytestmark = pytest.mark.slow

RATE, CLIPS, FOLDS = 8000, 24, 3


def fold(clip):
    return str(clip // 2 % FOLDS + 1)


def write_study(folder):
    """Write sounds of two classes in three folds, and a study with wrong labels in its training clips."""
    rng = np.random.default_rng(0)
    rows = []
    for clip in range(CLIPS):
        pitch = rng.uniform(0.9, 1.1) * (300, 2000)[clip % 2]
        wave = 0.5 * np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE) + 0.05 * rng.standard_normal(RATE)
        soundfile.write(folder / f"{clip}.wav", wave, RATE)
        rows.append([f"{clip}.wav", ("low", "high")[clip % 2], 1, fold(clip)])
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "label", "verified", "fold"], *rows])
    noise = {"symmetric": 0.3, "keep_verified": 0.0}
    study = {
        "name": "cv",
        "dataset": {"kind": "csv", "path": str(folder / "clips.csv"), "folds": "all", "noise": noise},
        "arms": [{"name": "cce", "loss": {"name": "cce"}}],
        "seeds": 1,
        "training": {"epochs": 6, "batch_size": 4},
        "features": {"sample_rate": RATE, "mels": 16, "patch_frames": 20, "patch_hop": 10},
        "resources": {"max_concurrent": 1},
        "storage": str(folder / "storage"),
    }
    (folder / "study.yaml").write_text(json.dumps(study))
    return folder / "study.yaml"


def test_each_fold_is_tested_with_its_true_labels_by_a_run_that_was_trained_on_the_others(tmp_path):
    path = write_study(tmp_path)
    done = subprocess.run([GCE_STUDY, "run", path], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    records = {record.run.fold: record for record in read_records(location(tmp_path / "storage")).values()}
    assert sorted(records) == ["1", "2", "3"]
    truth = np.arange(CLIPS) % 2 == 0  # the classes are sorted: high, low
    of_fold = np.array([fold(clip) for clip in range(CLIPS)])
    for name, record in records.items():
        tested = of_fold == name
        assert record.status == "complete"
        assert record.test.accuracy == np.mean(truth[tested] == np.array(record.test.predictions))
        outputs = read_outputs(location(tmp_path / "storage"), record.run_id)
        assert np.array_equal(np.isnan(outputs.margins), tested)
        assert outputs.probabilities.shape == (CLIPS // FOLDS, 2)

    study = load_study(tmp_path / "storage", "cv")
    assert list(study.runs["fold"]) == ["1", "2", "3"]
    tables = {table.title: table for table in study.report.result_tables}
    by_fold = tables["Test accuracy by fold"].rows[0][1 : FOLDS + 1]
    assert by_fold == tuple(f"{100 * records[name].test.accuracy:.1f}" for name in ("1", "2", "3"))
    assert "was trained with 1 seed (0) for each of the 3 folds." in study.methods
    assert study.report.finding.clips.truth == tuple(truth.astype(int))
