"""A study's runs for TensorBoard: an event file for each, written as it goes and whole once it is recorded.

It only shows: nothing is read back. tensorboardX brings the format; its writer blocks when the disk is full, and would
leave an epoch twice where another process goes on with a run, so the files are written here.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from trainables.naming import configuration_name
from trainables.plans import study_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record
    from trainables.storage.types import Location

UNFINISHED = "unfinished"


class Events:
    """Keeps a folder with one event file for each run. A folder that cannot be written costs the events alone.

    In an object store, where nothing is appended, a run's file is written once: when the run is recorded.

    Attributes:
        folder: what ``tensorboard --logdir`` takes.
        problem: why the file of a recorded run could not be written; empty when all could.

    """

    def __init__(self, storage: Location, study: str) -> None:
        """Name the study; nothing is written, or imported, before its first run."""
        self.folder = study_folder(storage, study) / "tensorboard"
        self.problem = ""
        self._curves: dict[str, list[Epoch]] = {}  # of the runs in flight
        self._files: dict[str, Path] = {}  # those that hold just that curve
        self._there: set[tuple[str, str]] | None = None  # in an object store: folders and marks, looked up once

    def on_epoch(self, planned: PlannedRun, point: Epoch, earlier: Sequence[Epoch] = ()) -> None:
        """Take in an epoch; one that is known, as from a process that goes on with the run, changes nothing.

        Args:
            planned: the run.
            point: the epoch.
            earlier: the epochs before it, where the run has just gone on from a checkpoint.

        """
        if (local := self.folder.local_path) is None:
            return
        from study.engine.tensorboard_format import epoch, framed, head  # noqa: PLC0415 -- half a second, once a study

        run_id = planned.run.run_id
        curve = self._curves.get(run_id, [])
        if point in curve[point.epoch - 1 : point.epoch]:
            return
        known = list(earlier or curve[: point.epoch - 1])
        self._curves[run_id] = [*known, point]
        file = self._files.pop(run_id, None)
        now = time.time()
        try:
            if file and known == curve:
                with file.open("ab") as out:
                    out.write(framed([epoch(point, now)]))
            else:
                data = framed([*head(planned), *(epoch(each, now) for each in self._curves[run_id])])
                file = self._replace(local / _name(planned), UNFINISHED, data)
        except OSError:
            return  # what is missing is written with the next epoch, or from the record
        self._files[run_id] = file

    def on_record(self, planned: PlannedRun, record: Record) -> None:
        """Take in the record of a run, whoever trained it: its file is made anew from that, unless it was."""
        self._curves.pop(record.run_id, None)
        self._files.pop(record.run_id, None)
        # A run that failed may be trained once more: its next record ends at another time.
        mark = f"{record.status}-{re.sub('[^0-9]', '', record.provenance.ended)}"
        try:
            if self._has(planned, mark):
                return
            from study.engine.tensorboard_format import framed, whole  # noqa: PLC0415 -- as above

            data = framed(whole(planned, record))
            folder = self.folder / _name(planned)
            if folder.local_path:
                self._replace(folder.local_path, mark, data)
            else:
                for other in folder.glob("*tfevents*"):
                    other.unlink()
                (folder / f"events.out.tfevents.{time.time_ns()}.{mark}").write(data)
        except (OSError, ValueError, TypeError) as error:  # the latter two of a record with an odd provenance
            self.problem = str(error)

    def _has(self, planned: PlannedRun, mark: str) -> bool:
        """Say whether a record's file is there; in an object store, remember that it will be."""
        if self.folder.local_path:
            return any((self.folder / _name(planned)).glob(f"*tfevents*.{mark}"))
        if self._there is None:
            names = (name.partition("/") for name in self.folder.tree())
            self._there = {(folder, file.rpartition(".")[2]) for folder, _, file in names}
        seen = (_name(planned), mark) in self._there
        self._there.add((_name(planned), mark))
        return seen

    @staticmethod
    def _replace(folder: Path, mark: str, data: bytes) -> Path:
        """Write a run's file anew, under a later name than the one before: TensorBoard reads them in that order.

        The one before is emptied first and removed by the next: a TensorBoard that is just reading a file would never
        get over its disappearance.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"events.out.tfevents.{time.time_ns()}.{mark}"
        unseen = folder / "unseen"  # a name that TensorBoard does not look at
        unseen.write_bytes(data)
        unseen.rename(path)
        for other in folder.glob("*tfevents*"):
            if other != path and other.stat().st_size:
                os.truncate(other, 0)
            elif other != path:
                other.unlink()
        return path


def _name(planned: PlannedRun) -> str:
    return re.sub(r"[^\w .,=+-]", "_", f"{configuration_name(planned)}, seed {planned.run.seed}")
