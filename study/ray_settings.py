"""What Ray and its workers read from the environment; set before ray is imported."""

from __future__ import annotations

import os
import secrets

# glibc gives the memory of every batch back to the system and fetches it again with page faults, which costs a good
# part of a training step on CPU; so it is told to keep its pages.
ALLOCATOR = {"MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_MMAP_THRESHOLD_": "17179869184"}


def prepare_environment() -> None:
    """Set the environment of this process and of the Ray processes that it will start."""
    os.environ.update(ALLOCATOR)
    os.environ.update(
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=secrets.token_hex(32),  # of this study's own cluster, which ends with it
        # Despite its name, this holds for every system: off, the node's address is the loopback's and its servers
        # listen there alone. ray.init's own argument would be translated to the machine's outer address.
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",
        RAY_USAGE_STATS_ENABLED="0",
        RAY_AIR_NEW_OUTPUT="0",
        TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="1",  # the ledger holds what they would
        TUNE_DISABLE_SIGINT_HANDLER="1",  # ours ends the study
        TUNE_GLOBAL_CHECKPOINT_S="86400",  # Tune's own state is not used
        PYTHONWARNINGS="ignore",  # of the workers: Ray's own, about itself
    )
