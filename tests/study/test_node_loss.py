"""A machine of the cluster is lost while it trains: its runs go on elsewhere, to the same records."""

import subprocess
import sys
from pathlib import Path

from trainables.records import read_records

STUDY = """
name: small
dataset: {{kind: synthetic, train_per_class: 6, test_per_class: 2}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: 1000}}}}
seeds: 2
training: {{epochs: 25, stop_after: 25, batch_size: 8}}
storage: {storage}
"""

# Two nodes with a core each, and a head that trains nothing. As soon as a checkpoint is there a node is lost, and
# another comes.
ON_A_CLUSTER = """
import os, sys, threading, time
from pathlib import Path
from study.ray_settings import prepare_environment
prepare_environment()
from ray.cluster_utils import Cluster
import study.cli, study.engine
study.engine.LOST_PROCESSES = 0  # one death that is charged to a run fails it

storage, file = Path(sys.argv[1]), sys.argv[2]
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
os.environ["RAY_ADDRESS"] = cluster.address

def lose():
    while not list(storage.glob("checkpoints/*.pt")):
        time.sleep(0.01)
    print("LOST A NODE")
    cluster.remove_node(nodes.pop(0), allow_graceful=False)
    nodes.append(cluster.add_node(num_cpus=1))

thread = threading.Thread(target=lose, daemon=True)
thread.start()
code = study.cli.main(["run", file])
thread.join(60)
cluster.shutdown()
sys.exit(code)
"""


def outcomes(folder):
    return {run_id: record.outcome() for run_id, record in read_records(folder / "storage").items()}


def test_runs_of_a_lost_node_go_on_elsewhere_to_the_same_records(tmp_path):
    folders = [tmp_path / name for name in ("undisturbed", "disturbed")]
    for folder in folders:
        folder.mkdir()
        (folder / "study.yaml").write_text(STUDY.format(storage=folder / "storage"))
    plain = [Path(sys.executable).parent / "gce-study", "run", folders[0] / "study.yaml"]
    subprocess.run(plain, check=True, capture_output=True, timeout=300)
    command = [sys.executable, "-c", ON_A_CLUSTER, folders[1] / "storage", folders[1] / "study.yaml"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, answer.stderr
    assert outcomes(folders[1]) == outcomes(folders[0])
    assert "LOST A NODE" in answer.stdout
    assert any("its process was lost" in log.read_text() for log in (folders[1] / "storage" / "logs").iterdir())
