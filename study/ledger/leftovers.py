"""Files that a storage location no longer needs: they are made again when needed, or nothing reads them any more.

Records, plans, reports and logs are not leftovers. A study that has not ended needs its checkpoints, its data set and
its frames, also while no process runs it. If a plan cannot be read, or a process runs a study whose plan is not written
yet, what that study needs is unknown: then checkpoints of runs without a record, data sets and frames are kept.

Only files with names that gce-study uses are leftovers: the folder may hold other files of its user.
"""

from __future__ import annotations

import re
import time
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.results.study_state import progress_path
from study.ledger.claim import has_ended, is_held, may_run, starting
from study.ledger.end_request import request_path
from study.ledger.kept_weights import candidates, kept_by_idle
from study.ledger.ledger import WRITING_S
from study.ledger.removal import (
    ASIDE,
    KILLED,
    Leftover,
    is_being_built,
    is_link,
    measured,
    on_disk,
    remove_folder,
    remove_local,
    remove_store,
    temporary,
    unlink,
)
from trainables.config import is_digest
from trainables.features.frame_store import STORES
from trainables.outputs.weights import SUFFIX
from trainables.plans import read_plan, study_names
from trainables.plugins.sources import FOLDER as PLUGINS
from trainables.plugins.sources import SHA256
from trainables.processes.limits import allow_open_files
from trainables.published import is_published, published_paths, store_name
from trainables.records import is_recorded, owner_path, recorded
from trainables.storage.documents import DamagedError, is_outage
from trainables.training.checkpoint import checkpoint_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainables.plans import StudyPlan
    from trainables.storage.types import Location

FOLDERS = (
    *("records", "checkpoints", "running", "logs", "studies", "datasets", "digests", STORES, "synthetic", PLUGINS),
    *("weights", "outputs"),
)
LOOK_S = 2.0  # between two checks for studies that start while leftovers are removed
OTHER_FILES = 128  # that a process has open at once, beside locks


class Leftovers:
    """The leftovers of a storage location, or those that belong to one of its studies.

    Attributes:
        unreadable: the studies whose plans cannot be read.
        starting: the studies that a process runs and that have no plan yet.
        problems: what could not be read or removed, as sentences.

    """

    def __init__(self, storage: Location, only: str | None, claims: ExitStack | None) -> None:
        """Read the plans, and the records of studies that no process runs.

        Args:
            storage: the storage location.
            only: the study whose leftovers are wanted; None for all.
            claims: receives the claims on the studies that have ended; None claims none.

        Raises:
            OSError: the storage location cannot be read.

        """
        self._storage, self._only = storage, only
        self._looked, self._has_news = -LOOK_S, False
        self.unreadable: list[str] = []
        self.problems: list[str] = []
        plans: dict[str, StudyPlan] = {}
        self._names = set(study_names(storage))
        for name in sorted(self._names):
            try:
                plans[name] = read_plan(storage, name)
            except (DamagedError, OSError) as error:
                if is_outage(storage, error):
                    raise
                self.unreadable.append(name)
        self.starting = starting(storage, self._names)
        self._ended: dict[str, StudyPlan] = {}
        most = allow_open_files(len(plans) + OTHER_FILES) - OTHER_FILES  # each claim keeps a file open
        for name, plan in plans.items():
            if len(self._ended) < most and has_ended(storage, plan, claims):
                self._ended[name] = plan
        self._needing = [plan for name, plan in plans.items() if name not in self._ended]
        self._runs_needed = {planned.run.run_id for plan in self._needing for planned in plan.runs}
        self._data_needed = {path for plan in self._needing for path in self._published(plan)}
        self._all_known = not (self.unreadable or self.starting)
        self._only_plan = None if only is None else plans.get(only)
        self._only_runs = {planned.run.run_id for planned in self._only_plan.runs} if self._only_plan else set()

    def _unless_started(self, action: Callable[[], bool]) -> bool:
        """Call a function that removes what no study needed when the plans were read.

        Returns:
            What it returns; False, without a call, if a study has been started since then that may need it.

        """
        if time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            names = {*study_names(self._storage)}
            self._has_news |= names != self._names or starting(self._storage, names) != self.starting
        return not self._has_news and action()

    def __iter__(self) -> Iterator[Leftover]:
        """Find the leftovers.

        Raises:
            OSError: the storage location cannot be read.

        """
        yield from self._of_runs()
        yield from self._weights()
        yield from self._requests()
        yield from self._frames()
        if self._only is None:
            yield from self._data_sets()
            yield from self._synthetic()
            yield from self._plugins()
            yield from self._temporary()
            yield from self._put_aside()

    def _of_runs(self) -> Iterator[Leftover]:
        """Find checkpoints and locks of runs that are recorded, or that no study needs."""
        checkpoints, running = self._storage / "checkpoints", self._storage / "running"
        if is_link(checkpoints) or is_link(running):
            return
        stamps = checkpoints.stamps()
        locks = {path.name: path for path in running.glob("*")}
        runs = {Path(name).stem for name in stamps if name.endswith(".pt")} | locks.keys()
        for run_id in sorted(filter(is_digest, runs)):
            if not self._is_free(run_id):
                continue
            if stamp := stamps.get(f"{run_id}.pt"):
                kind, size, changed = "checkpoints", stamp[1], stamp[0] / 1e9
            else:
                kind, (size, changed) = "locks of runs", measured(locks[run_id])
            remove, in_use = partial(self._remove_checkpoint, run_id), partial(is_held, running / run_id)
            yield Leftover(kind, size, changed, remove, in_use)

    def _is_free(self, run_id: str) -> bool:
        """Return whether a run is recorded, or all studies that name it have ended, or none names it."""
        if self._only is not None and run_id not in self._only_runs:
            return False
        try:
            recorded = is_recorded(self._storage, run_id)
        except OSError as error:  # such as a link in the record's place
            if is_outage(self._storage, error):
                raise
            self.problems.append(str(error))
            return False
        return recorded or (self._all_known and run_id not in self._runs_needed)

    def _remove_checkpoint(self, run_id: str) -> bool:
        """Remove a run's checkpoint and lock, as the run's owner, if the run is still one that no study needs."""
        held = owner_path(self._storage, run_id).acquire()
        if held is None:
            return False
        removed, remove = False, partial(unlink, checkpoint_path(self._storage, run_id))
        try:
            removed = remove() if is_recorded(self._storage, run_id) else self._unless_started(remove)
        finally:
            held.release(remove=removed)
        return removed

    def _weights(self) -> Iterator[Leftover]:
        """Find weights that no study keeps, and outputs of runs that no study needs and that have no record."""
        weights, outputs = self._files_of_runs("weights", SUFFIX), self._files_of_runs("outputs", ".npz")
        kept = set().union(*map(candidates, self._needing))
        with_weights = {run_id for run_id, _ in weights}
        for plan in self._ended.values():
            if (with_weights - kept).intersection(planned.run.run_id for planned in plan.runs):
                kept |= kept_by_idle(self._storage, plan)
        needed = recorded(self._storage) | self._runs_needed
        for kind, files, still in (("weights", weights, kept), ("outputs without a record", outputs, needed)):
            for run_id, path in files if self._all_known else ():
                if run_id not in still and (self._only is None or run_id in self._only_runs):
                    yield Leftover(kind, *measured(path), partial(self._unless_started, partial(unlink, path)))

    def _files_of_runs(self, folder: str, suffix: str) -> list[tuple[str, Location]]:
        """Return the files of runs in a folder, by name, each with its run_id; a run may have several."""
        files = ((path.name.partition(".")[0], path) for path in self._entries(folder, f"*{suffix}"))
        return sorted((file for file in files if is_digest(file[0])), key=lambda file: file[1].name)

    def _requests(self) -> Iterator[Leftover]:
        """Find requests to processes that have ended."""
        names = {path.parent.name for path in (self._storage / "studies").glob("*/end-request.json")}
        for name in sorted(names if self._only is None else names & {self._only}):
            path = request_path(self._storage, name)
            if name in self._ended or not may_run(self._storage, name):
                yield Leftover("requests to stop", *measured(path), partial(unlink, path))

    def _frames(self) -> Iterator[Leftover]:
        """Find stores that no study needs; one was last used when a study of its data was last run."""
        stores = self._storage / STORES
        needed = set(map(store_name, self._data_needed))
        if not self._all_known or None in needed:
            return
        used: dict[str | None, float] = {}
        for name, plan in self._ended.items():
            for store in map(store_name, self._published(plan)):
                used[store] = max(used.get(store, 0), measured(progress_path(self._storage, name))[1])
        names = {path.name for path in self._entries(STORES) if is_digest(path.name)} - needed
        if self._only is not None:
            names &= set(map(store_name, self._published(self._only_plan))) if self._only_plan else set()
        for name in sorted(names):
            size, changed = measured(stores / name)
            remove = partial(self._unless_started, partial(remove_store, stores / name))
            in_use = partial(is_being_built, stores / name)
            yield Leftover("stores of frames or embeddings", size, max(changed, used.get(name, 0)), remove, in_use)

    def _published(self, plan: StudyPlan) -> list[Location]:
        """Return the paths of a study's published data set: with frames, with embeddings, or each."""
        return published_paths(self._storage, plan.dataset, plan.settings.features)

    def _data_sets(self) -> Iterator[Leftover]:
        """Find published data sets that no plan names; that of an ended study holds the labels for its report."""
        named = self._data_needed | {path for plan in self._ended.values() for path in self._published(plan)}
        for path in self._entries("datasets", "*.json"):
            if self._all_known and is_published(path.name) and path not in named:
                remove = partial(self._unless_started, partial(unlink, path))
                yield Leftover("data sets that no study names", *measured(path), remove)

    def _synthetic(self) -> Iterator[Leftover]:
        """Find generated sounds, unless a study that needs sounds of this kind has not ended."""
        if self._all_known and all(plan.dataset.kind != "synthetic" for plan in self._needing):
            for path in self._entries("synthetic"):
                if is_digest(path.name):
                    remove = partial(self._unless_started, partial(remove_folder, path))
                    yield Leftover("synthetic data sets", *measured(path), remove)

    def _plugins(self) -> Iterator[Leftover]:
        """Find code of plugins that no plan names; a study with plugins that has not ended may plan more runs of it."""
        plans = [*self._needing, *self._ended.values()]
        named = {code.sha256 for plan in plans for planned in plan.runs for code in planned.run.code}
        if self._all_known and not any(plan.spec.get("plugins") for plan in self._needing):
            for path in self._entries(PLUGINS, "*.json"):
                if re.fullmatch(SHA256, path.stem) and path.stem not in named:
                    remove = partial(self._unless_started, partial(unlink, path))
                    yield Leftover("plugins that no study uses", *measured(path), remove)

    def _temporary(self) -> Iterator[Leftover]:
        """Find temporary files of processes that were killed while writing; an object store has none."""
        root = self._storage.local_path
        for path in temporary(root / folder for folder in FOLDERS) if root else ():
            with suppress(FileNotFoundError):
                size, changed = on_disk(path)
                if time.time() - changed > WRITING_S:
                    yield Leftover(KILLED, size, changed, partial(remove_local, path))

    def _entries(self, folder: str, pattern: str = "*") -> Iterator[Location]:
        """Find what a folder of the storage location holds, unless it is a link; hidden entries may be unfinished."""
        if not is_link(self._storage / folder):
            for path in (self._storage / folder).glob(pattern):
                if not path.name.startswith(".") and not is_link(path.parent) and not is_link(path):
                    yield path

    def _put_aside(self) -> Iterator[Leftover]:
        """Find records that were put aside because they were damaged, or to be trained again."""
        for path in self._entries("records", "*/*.json"):
            yield Leftover(ASIDE, *measured(path), partial(unlink, path))


@contextmanager
def leftovers(storage: Location, only: str | None = None, *, claim_studies: bool) -> Iterator[Leftovers]:
    """Find the leftovers of a storage location, or those of one of its studies.

    Args:
        storage: the storage location.
        only: the study; None for all.
        claim_studies: whether to own the ended studies within the context, so that none of them is run while its
            leftovers are removed. If not, nothing is written.

    Raises:
        OSError: the storage location cannot be read, or not be written.

    """
    with ExitStack() as claims:
        yield Leftovers(storage, only, claims if claim_studies else None)
