"""A study's runs for TensorBoard: one event file each, extended after every epoch and rewritten from the record.

Nothing is read back from the files. tensorboardX provides the format; its writer blocks when the disk is full and would
write an epoch twice when another process resumes a run, so the files are written here.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from study.engine.state import Observer
from trainables.naming import configuration_name, seed_in_words
from trainables.plans import study_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record
    from trainables.storage.types import Location

UNFINISHED = "unfinished"


class TensorBoard(Observer):
    """Keeps a folder with one event file per run. If the folder cannot be written, the study loses nothing else.

    In an object store, which cannot append, a run's file is written once: when the run is recorded.

    Attributes:
        folder: the value for ``tensorboard --logdir``.

    """

    def __init__(self, storage: Location, study: str, settings: Sequence[str] = ()) -> None:
        """Set the folder; nothing is written, or imported, before the first run.

        Args:
            storage: the storage location.
            study: the study's name.
            settings: the training settings that the study varies.

        """
        self._settings = settings
        self.folder = study_folder(storage, study) / "tensorboard"
        self._curves: dict[str, list[Epoch]] = {}  # of the runs in flight
        self._files: dict[str, Path] = {}  # files that hold exactly that curve
        self._present: set[tuple[str, str]] | None = None  # in an object store: folders and marks, listed once

    def epoch_ended(self, planned: PlannedRun, point: Epoch, earlier: Sequence[Epoch] = ()) -> None:
        """Write an epoch; one that is already written, as by a process that resumed the run, changes nothing."""
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
                data = framed(
                    [*head(planned, self._settings), *(epoch(known_point, now) for known_point in self._curves[run_id])]
                )
                file = self._replace(local / _name(planned), UNFINISHED, data)
        except OSError:
            return  # the next epoch, or the record, writes what is missing
        self._files[run_id] = file

    def run_recorded(self, planned: PlannedRun, record: Record, *, known: bool = False) -> None:  # noqa: ARG002 -- the observer's signature
        """Rewrite a run's file from its record, unless that has been done; it may have been trained elsewhere."""
        self._curves.pop(record.run_id, None)
        self._files.pop(record.run_id, None)
        # A failed run may be trained again, and its next record then has another end.
        mark = f"{record.status}-{re.sub('[^0-9]', '', record.provenance.ended)}"
        try:
            if self._has(planned, mark):
                return
            from study.engine.tensorboard_format import framed, whole  # noqa: PLC0415 -- as above

            data = framed(whole(planned, record, self._settings))
            folder = self.folder / _name(planned)
            if folder.local_path:
                self._replace(folder.local_path, mark, data)
            else:
                for other in folder.glob("*tfevents*"):
                    other.unlink()
                (folder / f"events.out.tfevents.{time.time_ns()}.{mark}").write(data)
        except (OSError, ValueError) as error:  # ValueError: the time in the record is not ISO 8601
            self.problem = f"not all events for TensorBoard could be written: {error}; running again writes them"

    def _has(self, planned: PlannedRun, mark: str) -> bool:
        """Return whether a record's file is present; in an object store, remember that it will be."""
        if self.folder.local_path:
            return any((self.folder / _name(planned)).glob(f"*tfevents*.{mark}"))
        if self._present is None:
            names = (name.partition("/") for name in self.folder.tree())
            self._present = {(folder, file.rpartition(".")[2]) for folder, _, file in names}
        seen = (_name(planned), mark) in self._present
        self._present.add((_name(planned), mark))
        return seen

    @staticmethod
    def _replace(folder: Path, mark: str, data: bytes) -> Path:
        """Rewrite a run's file under a later name, because TensorBoard reads files in the order of their names.

        The one before is emptied now and removed by the next rewrite: a TensorBoard that is reading a file does not
        recover if the file disappears.
        """
        folder.mkdir(parents=True, exist_ok=True)
        named = (re.match(r"events\.out\.tfevents\.(\d+)\.", file.name) for file in folder.iterdir())
        number = max([time.time_ns(), *(1 + int(name[1]) for name in named if name)])  # a clock may be set back
        path = folder / f"events.out.tfevents.{number}.{mark}"
        unseen = folder / "unseen"  # a name that TensorBoard ignores
        unseen.write_bytes(data)
        unseen.rename(path)
        for other in folder.glob("*tfevents*"):
            if other != path and other.stat().st_size:
                other.write_bytes(b"")
            elif other != path:
                other.unlink()
        return path


def _name(planned: PlannedRun) -> str:
    return re.sub(r"[^\w .,=+-]", "_", f"{configuration_name(planned)}, {seed_in_words(planned.run)}")
