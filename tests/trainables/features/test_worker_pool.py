import os
import signal
from concurrent.futures.process import BrokenProcessPool

import pytest

from trainables.features.worker_pool import worker_pool


def test_workers_have_one_thread_and_a_safe_path():
    with worker_pool(1) as pool:
        settings = pool.submit(os.getenv, "OMP_NUM_THREADS").result(), pool.submit(os.getenv, "PYTHONSAFEPATH").result()
    assert settings == ("1", "1")


def test_the_environment_is_as_before_afterwards(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with worker_pool(1):
        pass
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize(
    ("function", "argument", "how"),
    [
        (os._exit, 3, "ended with exit code 3"),
        (signal.raise_signal, signal.SIGKILL, "was killed by SIGKILL"),
        (signal.raise_signal, signal.SIGTERM, "was killed by SIGTERM"),
    ],
)
def test_a_pool_that_breaks_states_how_its_process_ended(function, argument, how):
    with pytest.raises(BrokenProcessPool, match=f"^a process that computed frames {how}$"), worker_pool(2) as pool:
        pool.submit(function, argument).result()
