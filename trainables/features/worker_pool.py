"""Processes that compute frames: one thread each, no import from the working folder, an end with their parent.

They also import nothing of the program that started them, which may be a user's script.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import TYPE_CHECKING, Any

from trainables.processes.limits import how_ended, oom_kills
from trainables.processes.watchdog import end_with_parent

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
        process = _Process(*args, **kwargs)
        self._processes.append(process)
        return process

    def fatal_exit_code(self) -> int:
        """Return the exit code of the process that broke the pool, which then ended the others with SIGTERM."""
        codes = [process.exitcode or 0 for process in self._processes]
        return next((code for code in codes if code not in {0, -signal.SIGTERM}), min(codes, default=0))


class _Process(SpawnProcess):
    """Does not import the main program, as Python would: a script without a ``__main__`` guard would run once more."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: ANN401, N802 -- the base class's name; its types are not public
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)  # noqa: SLF001 -- overridden here
        finally:
            sys.modules["__main__"] = main


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
