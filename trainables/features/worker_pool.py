"""Processes that compute frames: one thread each, no import from the working folder, an end with their parent."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import TYPE_CHECKING, Any

from trainables.limits import how_ended, oom_kills
from trainables.watchdog import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

# Python, numpy and torch read these when they start.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Run a pool of processes, which ends with the context; what has not begun by then is cancelled.

    Args:
        workers: the number of processes.

    Raises:
        BrokenProcessPool: a process was lost; the message states how it ended.

    """
    killed, context = oom_kills(), _Context()
    try:
        with _environment():
            pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(os.getpid(),))
            try:
                yield pool
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
    except BrokenProcessPool:
        msg = f"a process that computed frames {how_ended(context.fatal_exit_code(), killed)}"
        raise BrokenProcessPool(msg) from None


class _Context(SpawnContext):
    """Keeps the processes that it started, because of their exit codes."""

    def __init__(self) -> None:
        super().__init__()
        self._processes: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: ANN401, N802 -- as in the base class, where it is a class
        process = SpawnProcess(*args, **kwargs)
        self._processes.append(process)
        return process

    def fatal_exit_code(self) -> int:
        """Return the exit code of the process that broke the pool, which then ended the others with SIGTERM."""
        codes = [process.exitcode or 0 for process in self._processes]
        return next((code for code in codes if code not in {0, -signal.SIGTERM}), min(codes, default=0))


@contextmanager
def _environment() -> Iterator[None]:
    """Set the variables for processes that start in this context."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_worker(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    end_with_parent(parent)  # one that is killed does not end its workers: they would stay, and might still write
