"""The log of the process that runs a study: what it prints, and how runs end, over all starts of the study."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from study.console import heard_by
from trainables.plans import study_folder
from trainables.runs.log import RunLog
from trainables.storage.owners import describe, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.storage.types import Location


def driver_log_path(storage: Location, name: str) -> Location:
    """Return the path of a study's log in a storage location."""
    return study_folder(storage, name) / "driver.log"


@contextmanager
def logged(storage: Location, name: str, command: str) -> Iterator[None]:
    """Keep the log of a study that this process owns: a bounded file like that of a run (``trainables.runs.log``).

    It gets the start of the command, what is printed within the context, and the error that ends it.
    """
    log = RunLog(driver_log_path(storage, name))
    log.write(f"started: {command}; gce-study {version('gce-study')}, {describe(this_process())}")
    try:
        with heard_by(log.write):
            yield
    except BaseException as error:
        log.write(f"ended: {str(error) or type(error).__name__}")
        raise
    log.write("ended")
