"""A storage location's ledger: the records that studies share, the studies registered there, and who runs each.

Records and plans are written by ``trainables.records``; here lie the rules for finding them again: a damaged record is
put aside, a study has one owner at a time, and a name stands for one study.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import logging
import os
import re
import socket
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from pydantic import ValidationError

from study.arms import NAME_PATTERN
from study.reading import SpecError, differences
from study.wording import shown
from trainables.records import read_plan, read_records, record_path, study_folder, write_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from trainables.records import Record, StudyPlan

_log = logging.getLogger(__name__)

DAY_S = 86_400.0


class Ledger:
    """The records of a storage location. ``warnings`` says, one line each, what ``open`` had to put aside."""

    def __init__(self, storage: Path) -> None:
        """Name the storage location; nothing is read yet, and the folder need not exist."""
        self.storage = storage
        self.warnings: list[str] = []

    def recorded(self, run_ids: Iterable[str]) -> set[str]:
        """Return those of the runs that have a record; the records are not read."""
        return {run_id for run_id in run_ids if record_path(self.storage, run_id).exists()}

    def open(self, run_ids: Iterable[str]) -> dict[str, Record]:
        """Return the records of those of the runs that have one, by ``run_id``. For the study's owner only.

        A file that is no record of its run is moved to ``records/damaged/`` and its run counts as not recorded. What a
        killed process left beside a record is removed.

        Raises:
            OSError: a record cannot be read or moved.

        """
        records: dict[str, Record] = {}
        for run_id in run_ids:
            try:
                found = read_records(self.storage, {run_id})
            except ValidationError as error:
                reason = f"{error.error_count()} problems, the first: {error.errors()[0]['msg']}"
                self.put_aside(run_id, "damaged", reason)
                continue
            if found and found[run_id].run_id != run_id:
                self.put_aside(run_id, "damaged", f"it is the record of run {shown(found[run_id].run_id)}")
                continue
            if found:  # killed between writing the record and dropping the checkpoint
                (self.storage / "checkpoints" / f"{run_id}.pt").unlink(missing_ok=True)
                (self.storage / "running" / run_id).unlink(missing_ok=True)  # who waits for it finds the record
            records |= found
        return records

    def retry(self, records: dict[str, Record]) -> dict[str, Record]:
        """Put the records of failed runs aside, so that they are trained again; return the others."""
        for run_id, record in records.items():
            if record.status == "failed":
                self.put_aside(run_id, "failed", record.error or "")
        return {run_id: record for run_id, record in records.items() if record.status != "failed"}

    def sweep(self) -> None:
        """Remove temporary files that killed processes left more than a day ago."""
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
            path.rename(target)
        except FileNotFoundError:  # another study put it aside first
            return
        self.warnings.append(f"{path}: {why} record ({reason}); moved to {target}; the run is trained again")


class OwnedError(Exception):
    """Another process runs the study."""


@contextmanager
def claim(storage: Path, name: str) -> Iterator[None]:
    """Own a study while the context lasts; the system frees it whenever this process ends, however it ends.

    Raises:
        OwnedError: another process, or another claim of this one, owns it; the message says who, where and since when.
        ValueError: the name is not one a study can have.
        OSError: the storage location cannot be written or does not lock.

    """
    if not re.fullmatch(NAME_PATTERN, name):
        msg = f"study name {shown(name)} is not allowed; allowed: text like {NAME_PATTERN}"
        raise ValueError(msg)
    path = study_folder(storage, name) / "owner.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Opened for appending: the content is another owner's until the lock is ours. Never deleted: a process that waits
    # on a deleted file would own nothing.
    with path.open("a+", encoding="utf-8") as file:
        if not _locked(file):
            raise OwnedError(_owned(name, path))
        file.truncate(0)
        file.write(json.dumps(_owner()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _locked(file: TextIO) -> bool:
    """Lock a file. Three attempts within 0.2 s: ``owner`` holds the lock for a moment when it looks."""
    for _ in range(3):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _owner() -> dict[str, str | int]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container the user may have no name
        user = str(os.getuid())
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "user": user, "started": started}


def _holder(path: Path) -> str:
    try:
        owner = json.loads(path.read_bytes())
    except (OSError, ValueError):  # it has just claimed and not written yet
        return "another process"
    return f"process {owner['pid']} of {owner['user']} on {owner['host']} since {owner['started']}"


def _owned(name: str, path: Path) -> str:
    return f"study {name} is being run by {_holder(path)}; wait for it, or stop that process"


def compare(storage: Path, name: str, spec: dict[str, Any], fingerprint: str | None = None) -> StudyPlan | None:
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


def register(storage: Path, plan: StudyPlan) -> None:
    """Keep a study's plan; the same name must mean the same study ever after.

    Changes that leave every result as it is (description, resources, budget, storage, where the data lies) replace the
    plan.

    Raises:
        SpecError: see ``compare``.

    """
    if compare(storage, plan.name, plan.spec, plan.dataset.fingerprint) != plan:
        write_plan(storage, plan)


def list_studies(storage: Path) -> list[StudyPlan]:
    """Return the plans of the studies of a storage location, by name; a plan that cannot be read is logged."""
    plans = []
    for path in sorted((storage / "studies").glob("*/plan.json")):
        try:
            plans.append(read_plan(storage, path.parent.name))
        except ValidationError:
            _log.warning("%s: damaged, left out", path)
    return plans


def owner(storage: Path, name: str) -> str | None:
    """Say who runs a study at this moment; None if nobody does."""
    path = study_folder(storage, name) / "owner.lock"
    try:
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _holder(path)
    return None
