"""Machines of the cluster are lost while they train: their runs go on elsewhere, to the same records.

``GCE_STUDY_LOSSES`` says how many, one after another (four by default).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from factories import outcomes
from holding import Hold, write_held_loss

LOSSES = int(os.environ.get("GCE_STUDY_LOSSES", "4"))
STUDY = """
name: small
plugins: [held.py]
dataset: {{kind: synthetic, train_per_class: 6, test_per_class: 2}}
arms:
  - {{name: held, loss: {{name: mine.held}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: 1000}}}}
seeds: 2
training: {{epochs: {epochs}, stop_after: {epochs}, batch_size: 8}}
storage: {storage}
"""

# Two nodes with a core each, and a head that trains nothing. Each time that an epoch has been trained again, a node is
# lost at some moment in the second after it, and another comes. After each loss, the runs that are held may train ten
# more epochs, so that the study does not end before the last loss.
ON_A_CLUSTER = """
import os, random, sys, threading, time
from contextlib import suppress
from pathlib import Path
from study.cluster.ray_environment import prepare_environment
prepare_environment()
from ray.cluster_utils import Cluster
import study.cli, study.engine.trials.searcher
study.engine.trials.searcher.LOST_PROCESSES = 0  # one death that is charged to a run fails it

storage, file, holds = Path(sys.argv[1]), sys.argv[2], [Path(argument) for argument in sys.argv[3:]]
# Without handlers of signals, which a thread may not set.
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0}, shutdown_at_exit=False)
nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
os.environ["RAY_ADDRESS"] = cluster.address

def newest():
    times = []
    for path in storage.glob("checkpoints/*.pt"):
        with suppress(FileNotFoundError):
            times.append(path.stat().st_mtime_ns)
    return max(times) if len(times) >= 2 else 0  # both nodes have trained

def lose():
    moments, before = random.Random(1), 0
    for hold in holds:
        while newest() <= before:
            time.sleep(0.01)
        time.sleep(moments.random())
        print("LOST A NODE")
        cluster.remove_node(nodes.pop(moments.randrange(2)), allow_graceful=False)
        nodes.append(cluster.add_node(num_cpus=1))
        before = newest()
        hold.unlink()

thread = threading.Thread(target=lose, daemon=True)
thread.start()
try:
    code = study.cli.main(["run", file, "--allow-code"])
    thread.join(60)
finally:
    cluster.shutdown()
sys.exit(code)
"""


@pytest.mark.clusters
@pytest.mark.timeout(500 + 100 * LOSSES)
def test_runs_of_a_lost_node_go_on_elsewhere_to_the_same_records(tmp_path):
    folders = [tmp_path / name for name in ("undisturbed", "disturbed")]
    environments = [os.environ | {"STUDY_UNDER_TEST": str(f), "XDG_STATE_HOME": str(f / "state")} for f in folders]
    for folder in folders:
        folder.mkdir()
        write_held_loss(folder)
        (folder / "study.yaml").write_text(STUDY.format(storage=folder / "storage", epochs=15 + 10 * LOSSES))
    plain = [Path(sys.executable).parent / "gce-study", "run", folders[0] / "study.yaml", "--allow-code"]
    holds = [Hold(folders[1], 10 * loss + 13).path for loss in range(LOSSES)]
    command = [sys.executable, "-c", ON_A_CLUSTER, folders[1] / "storage", folders[1] / "study.yaml", *holds]
    with subprocess.Popen(
        plain, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environments[0]
    ) as undisturbed:
        answer = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=300 + 100 * LOSSES, env=environments[1]
        )
        assert undisturbed.wait(timeout=300) == 0
    assert answer.returncode == 0, answer.stderr
    assert outcomes(folders[1] / "storage") == outcomes(folders[0] / "storage")
    assert answer.stdout.count("LOST A NODE") == LOSSES, answer.stderr
    assert any("its process was lost" in log.read_text() for log in (folders[1] / "storage" / "logs").iterdir())
