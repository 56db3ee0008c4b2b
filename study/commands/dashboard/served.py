"""The dashboard of a study while it runs, as a process of its own that ends with the run's.

    python -P -m study.commands.dashboard.served SOCKET PARENT STORAGE

It has a low priority, so that no run becomes slower.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from study.ledger.claim import owner
from study.spec.differences import differences
from trainables.processes.watchdog import end_with_parent
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.dashboard.studies import Studies
    from trainables.storage.types import Location

BOARD = "http://127.0.0.1:6006"  # where TensorBoard usually is
NICENESS = 10


def studies_of(storage: Location, tensorboard: Callable[[], str]) -> Studies:
    """Return the studies of a storage location, for the dashboard; ``tensorboard`` returns TensorBoard's address.

    Raises:
        ModuleNotFoundError: the extra is not installed.

    """
    from analysis.dashboard.studies import PATIENCE_S, Studies  # noqa: PLC0415 -- the extra may not be installed
    from trainables.features.clip_sounds import ClipSounds  # noqa: PLC0415 -- scipy, which other commands need not

    # The dashboard polls every few seconds, so a slow read need not be repeated.
    return Studies(storage.hasty(), owner, tensorboard, ClipSounds(), differences, patience_s=PATIENCE_S)


def main(descriptor: str, parent: str, storage: str) -> None:
    """Serve a storage location, which need not exist yet, until this process or its parent is ended.

    Args:
        descriptor: number of the inherited socket that listens on loopback.
        parent: pid of the process that runs the study.
        storage: the storage location.

    """
    end_with_parent(int(parent))
    os.nice(NICENESS)
    from analysis.dashboard.links import TensorBoard  # noqa: PLC0415 -- imported at low priority
    from analysis.dashboard.server import serve_at  # noqa: PLC0415 -- as above

    board = TensorBoard(BOARD)
    board.watch()
    serve_at(socket.socket(fileno=int(descriptor)), studies_of(location(storage), board.url))


if __name__ == "__main__":
    main(*sys.argv[1:])
