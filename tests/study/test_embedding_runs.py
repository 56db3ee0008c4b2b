"""Studies on embeddings through the command line, on a real Ray cluster of this machine."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from embedding_files import as_file, csv_study
from factories import GCE_STUDY, read_records
from trainables.plans import read_plan

pytestmark = pytest.mark.slow

ADAPTIVE = {"name": "adaptive_gce", "distances": "embedding", "relative_temperature": 0.1}
ARMS = [
    {"name": "head", "loss": {"name": "cce"}, "network": {"name": "head", "hidden": 32}},
    {"name": "adaptive", "loss": ADAPTIVE},
    {"name": "plain", "loss": {"name": "cce"}},
]


def embeddings(folder, data, seed=0):
    """Write embeddings that tell the two classes apart; return their path."""
    rng = np.random.default_rng(seed)
    of_clips = {c.path: rng.normal(size=(9, 3)) + 4.0 * "ab".index(c.label) for c in data.clips}
    return str(as_file(folder / "e.npz", of_clips))


def gce_study(command, folder):
    done = subprocess.run(
        [GCE_STUDY, command, str(folder / "study.yaml")], capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_runs_on_embeddings_on_frames_and_on_both_train_in_one_study(tmp_path):
    folder = Path(tmp_path)
    data = csv_study(folder, arms=ARMS)
    training = {"epochs": 5, "batch_size": 4, "learning_rate": 0.01}
    keys = {"features": {"embeddings": embeddings(folder, data)}, "arms": ARMS, "training": training}
    keys |= {"resources": {"max_concurrent": 1}}
    csv_study(folder, **keys)
    assert gce_study("run", folder)[0] == 0
    records = read_records(tmp_path / "storage")
    digest = read_plan(tmp_path / "storage", "small").dataset.embeddings.digest
    runs = {p.arm: records[p.run.run_id] for p in read_plan(tmp_path / "storage", "small").runs}
    assert {record.status for record in runs.values()} == {"complete"}
    assert {arm: record.run.embeddings for arm, record in runs.items()} == {
        "head": digest,
        "adaptive": digest,
        "plain": None,
    }
    assert runs["head"].test.accuracy == 1.0
    assert runs["adaptive"].epochs[-1].q_mean < 0.5

    # Other embeddings under another name: the runs that use them are trained again, the other one is not.
    embeddings(folder, data, seed=1)
    csv_study(folder, **keys, name="again")
    code, printed, _ = gce_study("check", folder)
    assert code == 0
    assert "3 runs named (1 seed), 1 recorded, 2 left" in printed
