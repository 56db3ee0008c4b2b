"""A storage location's ledger: the records that studies share, the studies registered there, and who runs each.

Records and plans are written by ``trainables.records``; here lie the rules for finding them again: a damaged record is
put aside, a study has one owner at a time, and a name stands for one study.
"""

from __future__ import annotations

import logging
import re
import signal
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from study.arms import NAME_PATTERN
from study.reading import SpecError, differences
from study.wording import shown
from trainables import ownership
from trainables import records as kept
from trainables.records import read_plan, read_record, record_path, study_folder, write_plan
from trainables.storage import each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trainables.records import Record, StudyPlan
    from trainables.storage import Location

_log = logging.getLogger(__name__)

DAY_S = 86_400.0


class Ledger:
    """The records of a storage location. ``warnings`` says, one line each, what ``open`` had to put aside."""

    def __init__(self, storage: Location) -> None:
        """Name the storage location; nothing is read yet, and the folder need not exist."""
        self.storage = storage
        self.warnings: list[str] = []

    def recorded(self, run_ids: Iterable[str]) -> set[str]:
        """Return those of the runs that have a record; the records are not read."""
        return kept.recorded(self.storage) & set(run_ids)

    def open(self, run_ids: Iterable[str]) -> dict[str, Record]:
        """Return the records of those of the runs that have one, by ``run_id``. For the study's owner only.

        A file that is no record of its run is moved to ``records/damaged/`` and its run counts as not recorded. What a
        killed process left beside a record is removed.

        Raises:
            OSError: a record cannot be read or moved.

        """
        records: dict[str, Record] = {}
        asked = list(run_ids)
        for run_id, (record, reason) in zip(asked, each(self.storage, self._read, asked), strict=True):
            if reason:
                self.put_aside(run_id, "damaged", reason)
            elif record is not None:
                records[run_id] = record
        if records:  # killed between writing the record and dropping the checkpoint
            for path in (self.storage / "checkpoints").glob("*.pt"):
                if path.stem in records:
                    path.unlink(missing_ok=True)
            for path in (self.storage / "running").glob("*"):
                if path.name in records:
                    ownership.forget(path)  # who waits for it finds the record
        return records

    def _read(self, run_id: str) -> tuple[Record | None, str]:
        """Return a run's record, or None and what is wrong with it; the text is empty where there is none."""
        try:
            record = read_record(record_path(self.storage, run_id))
        except FileNotFoundError:
            return None, ""
        except ValidationError as error:
            return None, f"{error.error_count()} problems, the first: {error.errors()[0]['msg']}"
        return record, "" if record.run_id == run_id else f"it is the record of run {shown(record.run_id)}"

    def retry(self, records: dict[str, Record]) -> dict[str, Record]:
        """Put the records of failed runs aside, so that they are trained again; return the others."""
        for run_id, record in records.items():
            if record.status == "failed":
                self.put_aside(run_id, "failed", record.error or "")
        return {run_id: record for run_id, record in records.items() if record.status != "failed"}

    def sweep(self) -> None:
        """Remove temporary files that killed processes left more than a day ago; an object store has none."""
        if not isinstance(self.storage, Path):
            return
        for folder in ("records", "checkpoints", "datasets"):
            for path in (self.storage / folder).glob(".*"):
                with suppress(FileNotFoundError):  # it has just been renamed after all
                    if time.time() - path.stat().st_mtime > DAY_S:
                        path.unlink()

    def put_aside(self, run_id: str, why: str, reason: str) -> None:
        """Move a run's record to the folder ``records/WHY``, so that the run counts as not recorded."""
        path = record_path(self.storage, run_id)
        folder = path.parent / why
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        count = 1
        while target.exists():  # an earlier one of the same run is kept too
            count += 1
            target = folder / f"{run_id}.{count}.json"
        try:
            path.rename(str(target))
        except FileNotFoundError:  # another study put it aside first
            return
        self.warnings.append(f"{path}: {why} record ({reason}); moved to {target}; the run is trained again")


class OwnedError(Exception):
    """Another process runs the study."""


@contextmanager
def claim(storage: Location, name: str) -> Iterator[Callable[[], None]]:
    """Own a study while the context lasts. However this process ends, the study is free then: see ``ownership``.

    Yields:
        What is to be called before anything of the study is written: it raises OwnedError once the study is lost.

    Raises:
        OwnedError: another process, or another claim of this one, owns it; the message says who, where and since when.
            Or this process was silent for so long that another took the study over.
        ValueError: the name is not one a study can have.
        OSError: the storage location cannot be written or does not lock.

    """
    if not re.fullmatch(NAME_PATTERN, name):
        msg = f"study name {shown(name)} is not allowed; allowed: text like {NAME_PATTERN}"
        raise ValueError(msg)
    path = study_folder(storage, name) / "owner.lock"
    held = ownership.take(path, wait=True, on_loss=_interrupt)
    if held is None:
        raise OwnedError(_owned(name, path))

    def still() -> None:
        if held.lost:
            raise OwnedError(_owned(name, path))

    try:
        yield still
    except (KeyboardInterrupt, Exception):  # Tune makes another exception of what is raised below it
        still()
        raise
    finally:
        held.release()


def _interrupt() -> None:
    """End the command at once: a SIGINT would be given time for the epochs that are under way (``study/stopping``)."""
    number = signal.SIGTERM if callable(signal.getsignal(signal.SIGTERM)) else signal.SIGINT
    signal.pthread_kill(threading.main_thread().ident or 0, number)


def _owned(name: str, path: Location) -> str:
    holder = ownership.holder(path) or "another process"
    return f"study {name} is being run by {holder}; wait for it, or stop that process"


def compare(storage: Location, name: str, spec: dict[str, Any], fingerprint: str | None = None) -> StudyPlan | None:
    """Compare a study file, and its data if given, with what the storage location keeps under its name; change nothing.

    Returns:
        The plan that is kept, or None.

    Raises:
        SpecError: the name is another study's here; each difference is a problem, the last line says what to do.

    """
    try:
        old = read_plan(storage, name)
    except FileNotFoundError:
        return None
    except ValidationError as error:
        path = study_folder(storage, name) / "plan.json"
        text = f"{path}: damaged ({error.errors()[0]['msg']}); move it away, and the study is registered anew"
        raise SpecError([text]) from None
    changed = differences(old.spec, spec)
    if fingerprint not in (None, old.dataset.fingerprint):
        changed.append(f"data set fingerprint: {old.dataset.fingerprint} -> {fingerprint}")
    if changed:
        hint = "give the study another name: runs already recorded are shared, not trained again"
        raise SpecError([f"study {name} is registered here and differs:", *changed, hint])
    return old


def register(storage: Location, plan: StudyPlan) -> None:
    """Keep a study's plan; the same name must mean the same study ever after.

    Changes that leave every result as it is (description, resources, budget, storage, where the data lies) replace the
    plan.

    Raises:
        SpecError: see ``compare``.

    """
    if compare(storage, plan.name, plan.spec, plan.dataset.fingerprint) != plan:
        write_plan(storage, plan)


def list_studies(storage: Location) -> list[StudyPlan]:
    """Return the plans of the studies of a storage location, by name; a plan that cannot be read is logged."""
    plans = []
    for name in sorted(path.parent.name for path in (storage / "studies").glob("*/plan.json")):
        try:
            plans.append(read_plan(storage, name))
        except ValidationError:
            _log.warning("%s: damaged, left out", study_folder(storage, name) / "plan.json")
    return plans


def owner(storage: Location, name: str) -> str | None:
    """Say who runs a study at this moment; None if nobody does."""
    return ownership.holder(study_folder(storage, name) / "owner.lock")
