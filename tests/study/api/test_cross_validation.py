"""Out-of-sample probabilities of a study's training clips, on a real Ray cluster of this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from factories import GCE_STUDY, outcome, read_records
from small_studies import small_study
from trainables.plans import read_plan
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

FEW_BANDS = {"hop": 1764, "mels": 16, "patch_frames": 50, "patch_hop": 25}
pytestmark = pytest.mark.slow

# Prints what is trained, and saves the probabilities.
SCRIPT = """
import sys
import numpy as np
from study.api.cross_validation import train_out_of_sample
from study.consent import Consent
from study.interrupts import interruptible
from trainables.storage.location import location

with interruptible():
    predicted = train_out_of_sample(location(sys.argv[1]), "small", 3, Consent(), "again")
np.save(sys.argv[2], predicted.probabilities)
print(*predicted.lacking)
"""
# Goes before it: waits at the first record, or all runs might be recorded before the interrupt arrives.
HELD = """
import time
from study.engine.state import StudyState

registered = StudyState.record

def record(*arguments, **options):
    registered(*arguments, **options)
    print("recorded", flush=True)
    time.sleep(600)

StudyState.record = record
"""


@pytest.mark.timeout(1200)
def test_they_are_continued_where_they_were_interrupted_and_never_enter_the_study(tmp_path: Path) -> None:
    there, file = location(tmp_path / "storage"), tmp_path / "p.npy"
    training = {"epochs": 20, "stop_after": 1000, "batch_size": 8}
    keys = {"seeds": 1, "resources": {"max_concurrent": 1}}
    study = small_study(tmp_path, "small", training=training, features=FEW_BANDS, **keys)
    subprocess.run([GCE_STUDY, "run", study], check=True, capture_output=True, timeout=300)
    before, results = read_records(there), (tmp_path / "storage/studies/small/report/runs.csv").read_bytes()
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "storage"), str(file)]
    held = [sys.executable, "-c", HELD + SCRIPT, *command[3:]]
    with subprocess.Popen(held, start_new_session=True, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"recorded\n"
        running.send_signal(signal.SIGINT)
    first = read_records(there)
    assert len(before) < len(first) < len(before) + 3
    assert not file.exists()

    subprocess.run(command, check=True, timeout=300)
    plan, records = read_plan(there, "small-folds-3"), read_records(there)
    assert {planned.run.run_id for planned in plan.runs} | before.keys() == records.keys()
    assert all(outcome(records[run_id]) == outcome(record) for run_id, record in first.items())
    probabilities = np.load(str(file))
    assert probabilities.shape == (36, 6)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert {planned.run.run_id for planned in read_plan(there, "small").runs} == before.keys()

    (tmp_path / "storage/synthetic").rename(tmp_path / "moved")  # nothing is left to train, and no sound is read
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    assert done.stdout == "\n"
    np.testing.assert_array_equal(np.load(str(file)), probabilities)
    subprocess.run([GCE_STUDY, "report", "small", "--storage", str(tmp_path / "storage")], check=True, timeout=300)
    assert (tmp_path / "storage/studies/small/report/runs.csv").read_bytes() == results
