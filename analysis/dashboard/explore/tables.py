"""A cache of runs tables: those that readers explore, each kept while its study does not change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.dashboard.addresses import parse
from analysis.dashboard.explore.choices import Choices
from analysis.dashboard.explore.table import RunsTable

if TYPE_CHECKING:
    from analysis.dashboard.addresses import Address
    from analysis.dashboard.snapshot import Live, Snapshot
    from analysis.dashboard.studies import Studies

KEPT = 8  # tables; each of 10,000 runs takes some megabytes


@dataclass(frozen=True)
class Explored:
    """What a reader explores: an address, the study there, and the reader's choices."""

    address: Address
    snapshot: Snapshot
    table: RunsTable
    choices: Choices


class Tables:
    """Keeps the latest tables. Safe to share between threads."""

    def __init__(self, studies: Studies) -> None:
        """Set the studies."""
        self._studies = studies
        self._lock = threading.RLock()
        self._kept: OrderedDict[tuple[object, ...], tuple[Snapshot, Live, RunsTable]] = OrderedDict()

    def explored(self, path: str | None, query: str | None) -> Explored:
        """Return what an address explores.

        Raises:
            UnreadableStudyError: there is no such study, or it cannot be read.
            OSError: an object store cannot be reached.

        """
        address = parse(path, query)
        snapshot, live = self._studies.snapshot(address.study, **address.view), self._studies.live(address.study)
        key = (address.study, *address.view.values())
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] is not snapshot or kept[1].flights != live.flights:
                kept = snapshot, live, RunsTable.of(snapshot.results, live)
                self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return Explored(address, snapshot, kept[2], Choices.of(dict(address.choices)))


def revision(snapshot: Snapshot, live: Live) -> str:
    """Return a text that changes whenever a study's records or its runs in training do."""
    return f"{snapshot.number} {hash(live.flights):x}"
