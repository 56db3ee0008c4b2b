"""The environment variables of Ray and its workers, to be set before ray is imported."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import warnings
from contextlib import chdir, contextmanager
from typing import TYPE_CHECKING

from study.errors import EngineError
from study.spec.shipped import SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator

# By default, glibc returns the memory of every batch to the system and gets it back by page faults, which takes a good
# part of a training step on a CPU. These settings make it keep its pages.
ALLOCATOR = {"MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_MMAP_THRESHOLD_": "17179869184"}

# For every process that trains. Waiting threads sleep: if another study's run shares the cores, spinning makes both
# three times slower; a run of two threads that is alone pays 5 % for it.
WORKERS = ALLOCATOR | {
    "OMP_WAIT_POLICY": "PASSIVE",
    "PYTHONSAFEPATH": "1",  # Python does not put the working folder on its import path
    "PYTHONWARNINGS": "ignore",  # Ray warns about itself
}


def joins_cluster() -> bool:
    """Return whether there is a cluster to join: Ray sets ``RAY_ADDRESS`` for the drivers of jobs.

    An address of its jobs API (``http://...``) is for clients, and does not count.
    """
    address = os.environ.get("RAY_ADDRESS", "")
    return bool(address) and address != "local" and "://" not in address


def prepare_environment() -> None:
    """Set the environment of this process and of the Ray processes that it will start."""
    os.environ.update(WORKERS)
    if path := os.environ.get("PYTHONPATH"):  # its relative entries, since Ray's processes start in another folder
        os.environ["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, path.split(os.pathsep)))
    if not joins_cluster():
        os.environ.update(
            RAY_AUTH_MODE="token",
            RAY_AUTH_TOKEN=secrets.token_hex(32),  # of this study's own cluster, which ends with it
            # Despite its name, this applies to every system: 0 gives the node the loopback address, and its servers
            # listen only there. The address given to ray.init would be translated to the machine's outer address.
            RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",
            # A process is started when a run needs it. Ray would start one for every CPU, and wait for the first ones
            # before ray.init returns: for ever, if they cannot start.
            RAY_prestart_worker_first_driver="0",
            RAY_enable_worker_prestart="0",
        )
    os.environ.update(
        RAY_DISABLE_FAILURE_SIGNAL_HANDLER="1",  # it would end this process at SIGTERM with a C++ stack trace
        RAY_USAGE_STATS_ENABLED="0",
        RAY_AIR_NEW_OUTPUT="0",
        TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="1",  # the ledger replaces them
        TUNE_DISABLE_SIGINT_HANDLER="1",  # our own handler ends the study
        TUNE_GLOBAL_CHECKPOINT_S="86400",  # Tune's own state is not used
    )
    _reread()


@contextmanager
def importing_ray() -> Iterator[None]:
    """Import ray without its remarks that a notebook lacks ipywidgets."""
    logging.getLogger("ray.widgets.util").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _reread() -> None:
    """Let Ray, if this process has imported it, read its settings and its token again: it keeps what it read first."""
    if raylet := sys.modules.get("ray._raylet"):
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def environment_kept() -> Iterator[None]:
    """Give the environment variables their former values when the context ends: they are those of the user's process.

    A process that is connected to Ray already is refused: the variables would come too late for that cluster.

    Raises:
        EngineError: the process is connected to Ray.

    """
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        msg = "this process is connected to a Ray cluster, and a study starts its own; call ray.shutdown() first"
        raise EngineError(msg)
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _reread()


@contextmanager
def away_from_users_files() -> Iterator[None]:
    """Work in a folder without Python files, as a program of no folder, until the context ends.

    Ray starts its processes in the folder where ``ray.init`` is called, and puts that folder and that of the running
    program first on the import path of every worker. So a ``torch.py`` in the user's working folder, or beside the
    user's script, would be imported instead of PyTorch.
    """
    program, sys.argv[:1] = sys.argv[:1], [""]
    try:
        with chdir(SPECS):
            yield
    finally:
        sys.argv[:1] = program
