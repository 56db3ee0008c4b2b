"""Speed and accuracy of ``training.precision: bf16`` relative to fp32, on real sounds and paired by seed.

The recordings are those of ESC-50 in ``GCE_STUDY_SHARED`` (by default ``../shared``). Without them, or on a processor
that only emulates bf16, where accuracy would take an hour, only the speed is measured.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from measuring import Figure, alternating

from analysis.results.study_results import load_results
from analysis.statistics.intervals import paired_difference
from study.planning.machine import has_bf16
from trainables.config import Configuration, Precision, Run, Training
from trainables.datasets.config import Synthetic
from trainables.datasets.load import load, with_digests
from trainables.feature_settings import FEATURES
from trainables.features.frame_store_builder import build_store
from trainables.losses.catalogue import AdaptiveGCE
from trainables.storage.folder_location import FolderLocation
from trainables.training.run_data import RunDataSource
from trainables.training.run_training import RunTraining

CLASSES = ("Car_horn", "Clock_tick", "Crying_baby", "Dog_bark", "Engine", "Footsteps")
ROUNDS = 7
SEEDS = 10
EPOCHS = 8
EQUIVALENT = 0.5  # points of accuracy
STUDY = """
name: {precision}
dataset: {{kind: csv, path: {folder}/clips.csv, root: {sounds}}}
arms: [{{name: adaptive, loss: {{name: adaptive_gce, temperature: 1000}}}}]
seeds: {seeds}
training: {{epochs: {epochs}, stop_after: {epochs}, batch_size: 32, precision: {precision}}}
storage: {folder}/results
"""
Accuracies = dict[int, float]


def measure() -> list[Figure]:
    """Return the ratio of the speeds and the difference of the accuracies."""
    torch.set_num_threads(1)
    native = has_bf16()
    rounds = ROUNDS if native else 1
    with tempfile.TemporaryDirectory() as name:
        loader = _synthetic(FolderLocation(name))
        fp32, bf16 = (_training(loader, precision) for precision in ("fp32", "bf16"))
        times = alternating(rounds, {"fp32": fp32.train_epoch, "bf16": bf16.train_epoch})
    gain = times["fp32"].cpu / times["bf16"].cpu
    note = f"CPU seconds of an epoch with its validation, one thread, medians of {rounds}"
    note += "" if native else "; this processor has no instructions for it, and `check` and `run` warn"
    speed = Figure("an epoch in bf16, times faster than in fp32", gain, "x", 1.5, note=note)
    return [speed, *_accuracy()] if native else [speed]


def _synthetic(folder: FolderLocation) -> RunDataSource:
    config = Synthetic(kind="synthetic", train_per_class=40, test_per_class=1)
    manifest = with_digests(load(config, folder), folder)
    return RunDataSource(manifest, build_store(manifest, folder / "features"), FEATURES, torch.device("cpu"))


def _training(loader: RunDataSource, precision: Precision) -> RunTraining:
    protocol = Training(epochs=100, stop_after=100, precision=precision)
    configuration = Configuration(loss=AdaptiveGCE(name="adaptive_gce"), training=protocol)
    run = Run(configuration=configuration, seed=0, dataset=loader.manifest.fingerprint)
    return RunTraining(run, loader.run_data(run), loader.device)


def _accuracy() -> list[Figure]:
    shared = Path(os.environ.get("GCE_STUDY_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    sounds = shared / "data" / "esc-sounds"
    if not sounds.is_dir():
        print(f"accuracy in bf16: not measured, no recordings at {sounds}")
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = FolderLocation(name)
        _write_clips(sounds, folder / "clips.csv")
        fp32, bf16 = (_accuracies(folder, sounds, precision) for precision in ("fp32", "bf16"))
    difference = paired_difference(bf16, fp32)
    assert difference is not None  # noqa: S101 -- the seeds are the same
    within = max(abs(end or 0.0) for end in (difference.low, difference.high)) * 100
    note = f"bf16 - fp32 is {100 * difference.mean:+.2f} points, {difference.label()}; {len(CLASSES)} classes of ESC-50"
    name = "largest difference in test accuracy between bf16 and fp32 within its 95 % interval"
    return [Figure(name, within, "points", EQUIVALENT, "less", note + "; above the target, fp32 stays the default")]


def _write_clips(sounds: Path, clips: Path) -> None:
    with (sounds / "meta.csv").open(encoding="utf-8", newline="") as read, clips.open("w", encoding="utf-8") as written:
        rows = csv.writer(written)
        rows.writerow(("path", "label", "split", "verified"))
        for row in csv.DictReader(read):
            if row["label"] in CLASSES:
                rows.writerow((row["fname"], row["label"], row["split"], "1"))


def _accuracies(folder: FolderLocation, sounds: Path, precision: str) -> Accuracies:
    """Run a study and return the test accuracy of each seed."""
    file = folder / f"{precision}.yaml"
    file.write_text(STUDY.format(precision=precision, folder=folder, sounds=sounds, seeds=SEEDS, epochs=EPOCHS))
    subprocess.run([Path(sys.executable).parent / "gce-study", "run", file], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- our own command
    records = load_results(folder / "results", precision).records.values()
    return {record.run.seed: record.test.accuracy for record in records if record.test}
