"""The Ray cluster of one study, on this machine."""

import subprocess
import sys

import pytest

CPUS = """
from study.cluster.ray_environment import prepare_environment
prepare_environment()
import ray
from study.cluster.local import own_cluster
with own_cluster():
    print(ray.cluster_resources()["CPU"])
"""


@pytest.mark.slow
def test_ray_gets_only_the_cpus_that_its_driver_may_use():
    command = ["/usr/bin/env", "taskset", "-c", "0", sys.executable, "-c", CPUS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout == "1.0\n"
