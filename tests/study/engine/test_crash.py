"""Studies whose driver is killed at random moments: continued, they end as if nothing had happened.

``GCE_STUDY_KILLS`` says how many moments are tried; the moments follow from their number. What nobody kills runs in a
thread, beside what the tests kill.
"""

import os
import random
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import faulty_driver
from analysis.report.method_report import method_report
from analysis.results.study_results import load_results
from analysis.tables.accuracy import result_tables
from factories import GCE_STUDY, outcomes, read_records
from trainables.outputs.weights import read_weights, weight_sizes
from trainables.plans import read_plan
from watching import until

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("GCE_STUDY_KILLS", "1"))
DATA = "dataset: {kind: synthetic, train_per_class: 6, test_per_class: 2}"
GRID = f"""
name: killed
{DATA}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: {{values: [10, 100, 1000, 10000, 100000]}}}}}}
seeds: 2
training: {{epochs: 3, batch_size: 8}}
resources: {{max_concurrent: 2}}
"""
# One run at a time: with several, which scores a rung has seen when it decides depends on who was faster.
SEARCH = f"""
name: killed
{DATA}
arms:
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: {{min: 10, max: 1.0e+5, scale: log}}}}}}
  - {{name: gce, loss: {{name: gce, q: {{min: 0.05, max: 1}}}}}}
  - {{name: cce, loss: {{name: cce}}}}
method:
  name: search
  configurations: 8
  asha: {{grace_period: 1, reduction_factor: 2}}
  confirm_best: 2
  confirm_seeds: 3
  baselines: [cce]
training: {{epochs: 6, batch_size: 8}}
resources: {{max_concurrent: 1}}
"""
SETTLE = f"""
name: killed
{DATA}
arms:
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: {{values: [100, 1000, 10000]}}}}}}
  - {{name: cce, loss: {{name: cce}}}}
method: {{name: settle, within: 0.1, max_runs: 8, confirm_seeds: 2, baselines: [cce]}}
controls: [fixed_q]
training: {{epochs: 3, batch_size: 8}}
resources: {{max_concurrent: 1}}
"""


def start(folder, *fault):
    """Start the study of a folder; its processes, and those that they start, carry the folder in their environment."""
    return faulty_driver.start(folder / "study.yaml", *fault, env=os.environ | {"STUDY_UNDER_TEST": str(folder)})


def write(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(f"{text}storage: {folder / 'storage'}\n")


def tables(storage):
    """What the study found, as it is shown."""
    report = method_report(load_results(storage, "killed"))
    return [(table.title, table.rows) for table in (*report.exploring_tables, *result_tables(report.finding))]


def weights(storage):
    """Return the weights that are kept, by run and name."""
    kept = {run_id: read_weights(storage, run_id).model for run_id in weight_sizes(storage)}
    assert kept
    return {run_id: {name: t.tolist() for name, t in tensors.items()} for run_id, tensors in kept.items()}


def in_tensorboard(storage):
    """The epochs that TensorBoard shows of each run."""
    folders = (storage / "studies" / "killed" / "tensorboard").iterdir()
    read = (EventAccumulator(str(folder)).Reload() for folder in folders)
    return sorted([event.step for event in run.Scalars("loss/train")] for run in read)


def recorded_epochs(storage):
    return sorted([point.epoch for point in record.epochs] for record in read_records(storage).values())


def outlived(folder):
    """What a study started and left running.

    Ray's two agents are left out: they need a minute to see that their node is gone, and touch nothing meanwhile.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if f"STUDY_UNDER_TEST={folder}".encode() in (entry / "environ").read_bytes() and "Agent" not in command:
                    found.append(command[:80])
    return [command for command in found if command]


class Undisturbed:
    """A study that nobody killed."""

    def __init__(self, folder, text):
        write(folder, text)
        self.storage = folder / "storage"
        _, errors = (process := start(folder)).communicate(timeout=300)
        assert process.returncode == 0, errors
        self.planned = [p.run.run_id for p in read_plan(self.storage, "killed").runs]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What starts the studies that nobody kills, one after the other: a future for each."""
    texts = {"grid": GRID, "search": SEARCH, "settle": SETTLE}
    with ThreadPoolExecutor(1) as pool:
        yield {name: pool.submit(Undisturbed, tmp_path_factory.mktemp(name), text) for name, text in texts.items()}


def killed_and_continued(folder, text, runs, moment):
    """Kill the driver of a study of so many runs at a moment that follows from a number, and run it again.

    Returns:
        Its storage.

    """
    write(folder, text)
    storage = folder / "storage"
    draw = random.Random(moment)  # noqa: S311 -- no secret
    recorded, seconds = draw.randrange(runs), draw.random() / 2  # about as long as a run takes
    process = start(folder, "kill", recorded, seconds)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, errors
    until(lambda: outlived(folder) == [], "the end of the Ray of the killed driver", seconds=120)
    before = {path: path.stat().st_mtime_ns for path in (storage / "records").glob("*.json")}
    in_flight = {path.stem for path in (storage / "checkpoints").glob("*.pt")} - {path.stem for path in before}
    again = start(folder)
    _, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    assert {path: path.stat().st_mtime_ns for path in before} == before, "a recorded run was trained again"
    records = read_records(storage)
    # One that stood at a rung may be stopped there without another attempt.
    went_on = [records[run_id] for run_id in in_flight if records[run_id].status != "stopped"]
    assert all(record.provenance.attempt_count == 2 for record in went_on), "a run in flight began again"
    return storage


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 48 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = [shutil.which("mount"), "-t", "tmpfs", "-o", "size=48m", "none", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run([shutil.which("umount"), "--lazy", folder], check=True)


def test_a_full_disk_ends_the_study_with_one_message_and_with_room_it_goes_on_to_the_same_records(
    undisturbed, small_disk
):
    write(small_disk, GRID.replace("seeds: 2", "seeds: 1"))
    process = start(small_disk, "fill", small_disk / "ballast")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    said = [line for line in errors.splitlines() if "No space left" in line]
    assert len(said) == 1, errors
    assert said[0].startswith("gce-study: the storage location cannot be used: [Errno 28] No space left on device")
    assert f"continue with: gce-study run {small_disk / 'study.yaml'}" in errors
    assert "Traceback" not in errors
    (small_disk / "ballast").unlink()
    again = start(small_disk)
    _, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    continued, whole = outcomes(small_disk / "storage"), outcomes(undisturbed["grid"].result().storage)
    assert len(continued) == 6
    assert continued == {run_id: whole[run_id] for run_id in continued}


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_grid_of_12_runs_ends_with_the_same_records_and_weights(undisturbed, tmp_path, kill):
    storage = killed_and_continued(tmp_path / "again", GRID, 12, kill)
    grid = undisturbed["grid"].result()
    assert len(grid.planned) == 12
    assert outcomes(storage) == outcomes(grid.storage)
    assert weights(storage) == weights(grid.storage)
    assert in_tensorboard(storage) == recorded_epochs(storage)
    assert tables(storage) == tables(grid.storage)


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_search_of_17_runs_stops_the_same_runs_at_the_same_epochs(undisturbed, tmp_path, kill):
    """The rungs and the sampler's history are refilled from the ledger, the plan and the checkpoint in flight."""
    storage = killed_and_continued(tmp_path / "again", SEARCH, 17, 100 + kill)
    search = undisturbed["search"].result()
    assert len(search.planned) == 17
    assert [p.run.run_id for p in read_plan(storage, "killed").runs] == search.planned
    stopped = {run_id: len(r.epochs) for run_id, r in read_records(search.storage).items() if r.status == "stopped"}
    assert stopped
    assert {i: len(r.epochs) for i, r in read_records(storage).items() if r.status == "stopped"} == stopped
    assert outcomes(storage) == outcomes(search.storage)
    assert weights(storage) == weights(search.storage)
    assert in_tensorboard(storage) == recorded_epochs(storage)
    assert tables(storage) == tables(search.storage)


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_settle_study_asks_for_the_same_runs_and_comes_to_the_same_choice(undisturbed, tmp_path, kill):
    storage = killed_and_continued(tmp_path / "again", SETTLE, 14, 300 + kill)
    settle = undisturbed["settle"].result()
    plan = read_plan(settle.storage, "killed")
    assert [p.stage for p in plan.runs] == ["explore"] * 8 + ["confirm"] * 4 + ["control"] * 2
    assert read_plan(storage, "killed").runs == plan.runs
    assert outcomes(storage) == outcomes(settle.storage)
    assert weights(storage) == weights(settle.storage)
    assert tables(storage) == tables(settle.storage)
    listed = subprocess.run([GCE_STUDY, "list", "--storage", storage], capture_output=True, text=True, check=True)
    assert "complete" in listed.stdout
