"""The records of a storage location; a file is read again only if it has changed."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from analysis.results.study_results import Unread, read_or_explain
from trainables.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analysis.dashboard.reading.job import Job
    from trainables.storage.types import Location, Stamp


class Records:
    """Reads records. Safe to share between threads."""

    def __init__(self, storage: Location) -> None:
        """Set the storage location."""
        self._storage = storage
        self._read: dict[str, tuple[Stamp, Record | Unread | None]] = {}  # by run_id
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by study

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamp of every record, by run_id; the folder is listed once, and no file is opened.

        Raises:
            OSError: the storage location cannot be read.

        """
        by_name = (self._storage / "records").stamps()
        return {name.removesuffix(".json"): stamp for name, stamp in by_name.items() if name.endswith(".json")}

    def read(
        self, study: str, stamps: Mapping[str, Stamp], job: Job[Any]
    ) -> tuple[dict[str, Record], dict[str, Unread]]:
        """Return the records with these stamps, and why others cannot be read, by run_id.

        Args:
            study: whose records they are; those of one study are read by one thread at a time.
            stamps: by run_id.
            job: what the records are read for, which is told how many have been read.

        Raises:
            OSError: the storage location cannot be read.

        """
        with self._locks[study]:
            changed = [i for i, now in stamps.items() if i not in self._read or self._read[i][0] != now]
            results = self._storage.map(lambda run_id: read_or_explain(self._storage, run_id), changed)
            passing = job.counted("Reading the records", results, len(changed))
            for run_id, result in zip(changed, passing, strict=True):
                self._read[run_id] = (stamps[run_id], result)
        return _split((run_id, self._read[run_id][1]) for run_id in stamps)


def _split(outcomes: Iterable[tuple[str, Record | Unread | None]]) -> tuple[dict[str, Record], dict[str, Unread]]:
    """Return the records and what is unread; a record that has just been removed is neither."""
    records: dict[str, Record] = {}
    unread: dict[str, Unread] = {}
    for run_id, outcome in outcomes:
        if isinstance(outcome, Record):
            records[run_id] = outcome
        elif outcome is not None:
            unread[run_id] = outcome
    return records, unread
