"""A storage location's ledger: the records that studies share, the studies registered there, and who runs each.

``trainables`` writes records and plans; this package holds the rules for reading them: a damaged record is put aside, a
study has one owner at a time, and a name stands for one study.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from trainables import records as kept
from trainables.records import read_record, record_path
from trainables.storage.documents import DamagedError, OtherVersionError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from trainables.records import Record, SelectionMetric
    from trainables.storage.types import Location

WRITING_S = 86_400.0  # for which a temporary file may still be written


class Ledger:
    """The records of a storage location. ``warnings`` has a line for each record that was put aside."""

    def __init__(self, storage: Location) -> None:
        """Set the storage location; nothing is read yet, and the folder need not exist."""
        self.storage = storage
        self.warnings: list[str] = []

    def recorded(self, run_ids: Iterable[str]) -> set[str]:
        """Return those of the runs that have a record; the records are not read."""
        return kept.recorded(self.storage) & set(run_ids)

    def lacking(self, run_ids: Iterable[str], metric: SelectionMetric) -> set[str]:
        """Return those of the runs whose record lacks a metric to choose by, because an earlier version wrote it."""
        if metric in kept.ACCURACIES:  # every record has them
            return set()
        outcomes = self.storage.map(self._read, list(run_ids))
        return {outcome.run_id for outcome in outcomes if isinstance(outcome, kept.Record) and outcome.lacks(metric)}

    def open(self, run_ids: Iterable[str]) -> dict[str, Record]:
        """Return the records of those of the runs that have one, by ``run_id``. For the study's owner only.

        A file that is not its run's record is moved to ``records/damaged/``, and the run counts as not recorded. What a
        killed process left behind is removed.

        Raises:
            OtherVersionError: this version cannot read some of the records; all are named, and stay where they are.
            OSError: a record cannot be read or moved.

        """
        records: dict[str, Record] = {}
        wanted = list(run_ids)
        other: list[str] = []
        for run_id, outcome in zip(wanted, self.storage.map(self._read, wanted), strict=True):
            if isinstance(outcome, OtherVersionError):
                other += outcome.problems
            elif isinstance(outcome, str):
                self.put_aside(run_id, "damaged", outcome)
            elif outcome is not None:
                records[run_id] = outcome
        if other:
            raise OtherVersionError(other)
        if records:  # killed between writing the record and dropping the checkpoint
            self._drop_remains(records)
        return records

    def _drop_remains(self, recorded: Container[str]) -> None:
        """Remove the checkpoints and locks of recorded runs."""
        for path in (self.storage / "checkpoints").glob("*.pt"):
            if path.stem in recorded:
                path.unlink(missing_ok=True)
        for path in (self.storage / "running").glob("*"):
            if path.name in recorded:
                path.discard()  # a process that waits for it finds the record

    def _read(self, run_id: str) -> Record | str | OtherVersionError | None:
        """Return a run's record; None if it is absent, why it is damaged, or the error if another version wrote it."""
        try:
            return read_record(self.storage, run_id)
        except FileNotFoundError:
            return None
        except DamagedError as error:
            return error.reason
        except OtherVersionError as error:
            return error

    def retry(self, records: dict[str, Record]) -> dict[str, Record]:
        """Put the records of failed runs aside, so that they are trained again; return the others."""
        for run_id, record in records.items():
            if record.status == "failed":
                self.put_aside(run_id, "failed", record.error or "")
        return {run_id: record for run_id, record in records.items() if record.status != "failed"}

    def sweep(self) -> None:
        """Remove temporary files that killed processes left more than a day ago; an object store has none."""
        if self.storage.local_path is None:
            return
        for folder in ("records", "checkpoints", "datasets", "weights", "outputs"):
            for path in (self.storage.local_path / folder).glob(".*"):
                with suppress(FileNotFoundError):  # it has just been renamed after all
                    if time.time() - path.stat().st_mtime > WRITING_S:
                        path.unlink()

    def put_aside(self, run_id: str, why: str, reason: str) -> None:
        """Move a run's record to the folder ``records/WHY``, so that the run counts as not recorded."""
        path = record_path(self.storage, run_id)
        folder = path.parent / why
        target = folder / path.name
        count = 1
        while target.exists():  # an earlier one of the same run is kept too
            count += 1
            target = folder / f"{run_id}.{count}.json"
        try:
            path.move_to(target)
        except FileNotFoundError:  # another study put it aside first
            return
        self.warnings.append(f"{path}: {why} record ({reason}); moved to {target}; the run is trained again")
