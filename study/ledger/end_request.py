"""Requests to the process that runs a study: a small file in the study's folder, written by ``stop`` and ``cancel``.

The file is in the storage location, so it reaches a process on any machine. It names the process that is meant; one
that runs the study later ignores it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trainables.plans import study_folder
from trainables.storage.documents import DamagedError, Document, read_document, to_bytes
from trainables.storage.owners import describe, this_process

if TYPE_CHECKING:
    from trainables.storage.types import Location

End = Literal["stop", "cancel"]  # after the epochs in progress; at once
LOOK_S, LOOK_OBJECT_S = 1.0, 10.0  # between two looks; in an object store, where each look costs money


class EndRequest(Document):
    """A request to end a study.

    Attributes:
        end: how.
        owner: the process that is meant, as the holder of the study's lock is described.
        by: the process that asks.

    """

    end: End
    owner: str
    by: str


def look_interval_s(storage: Location) -> float:
    """Return the seconds between two looks at a study, by the process that runs it and by those that wait for it."""
    return LOOK_OBJECT_S if storage.local_path is None else LOOK_S


def request_path(storage: Location, name: str) -> Location:
    """Return the path of the request to the process that runs a study."""
    return study_folder(storage, name) / "end-request.json"


def request_end(storage: Location, name: str, end: End, owner: str) -> None:
    """Ask the process that runs a study to end it.

    Raises:
        OSError: the request cannot be written.

    """
    request = EndRequest(end=end, owner=owner, by=describe(this_process()))
    request_path(storage, name).write(to_bytes(request))


def requested_end(storage: Location, name: str, owner: str) -> EndRequest | None:
    """Return the request to a process; None without one, and if the file is malformed or meant for another process.

    Raises:
        OSError: the storage location cannot be read.

    """
    try:
        request = read_document(request_path(storage, name), EndRequest)
    except (FileNotFoundError, DamagedError):
        return None
    return request if request.owner == owner else None


def withdraw_request(storage: Location, name: str) -> None:
    """Remove the request, if there is one.

    Raises:
        OSError: it cannot be removed.

    """
    request_path(storage, name).unlink(missing_ok=True)
