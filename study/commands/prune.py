"""The command that frees what studies no longer need, here and in a storage location."""

from __future__ import annotations

import argparse
import math
import os
import re
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from study.cluster.ray_folder import ray_folders, remove_ray_folder
from study.commands.options import DEFAULT_STORAGE, add_storage_of_study, study_place
from study.console import say, show
from study.errors import UnknownStudyError
from study.ledger.ledger import WRITING_S
from study.ledger.leftovers import leftovers
from study.ledger.registry import find_plan
from study.ledger.removal import ASIDE, KILLED, Leftover, on_disk, remove_local
from study.spec.messages import shown
from trainables.config import is_digest
from trainables.features.frame_store import STORES
from trainables.features.frame_store_cache import copies, is_copy, is_open, last_opened, remove_copy
from trainables.naming import counted, file_size
from trainables.storage.documents import is_outage
from trainables.storage.files import cache
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from study.ledger.leftovers import Leftovers
    from trainables.storage.types import Location

DAY_S = 86_400.0
UNITS = {"h": 3600.0, "d": 86_400.0, "w": 604_800.0}  # seconds


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_storage_of_study(command)
    text = "name or file of a study: free only what belongs to it, and nothing outside the storage location"
    command.add_argument("--study", metavar="STUDY", help=text)
    text = "free only what has not been changed or used for this long: 12h, 30d, 8w (default: any age)"
    command.add_argument("--older-than", type=_age, default=0.0, metavar="AGE", help=text)
    command.add_argument(
        "--put-aside",
        action="store_true",
        help="also remove records put aside because they were damaged or their runs were to be trained again",
    )
    command.add_argument("--dry-run", action="store_true", help="print what would be freed, and change nothing")
    command.set_defaults(handler=prune)


def _age(text: str) -> float:
    """Return an age in seconds."""
    match = re.fullmatch(rf"([0-9]{{1,6}})([{''.join(UNITS)}])", text)
    if match is None:
        msg = f"{shown(text)}; allowed: a whole number with {', '.join(UNITS)} for hours, days, weeks, such as 30d"
        raise argparse.ArgumentTypeError(msg)
    return int(match[1]) * UNITS[match[2]]


def prune(options: argparse.Namespace) -> int:
    """Remove what no study needs and no process uses, and print how much that was.

    Returns:
        0; 1 if something could not be read or removed: it is named, and the rest is removed all the same.

    Raises:
        UnknownStudyError: there is no such storage location, or no such study.

    """
    if options.study is None:
        storage, only = options.storage or location(DEFAULT_STORAGE), None
        if options.storage is not None and not (storage / "studies").is_dir():
            msg = f"{storage}: no {'study was run here' if storage.is_dir() else 'such storage location'}"
            raise UnknownStudyError(msg)
    else:
        storage, only = study_place(options.study, options.storage)
        find_plan(storage, only)
    # Without an age, whatever the clock states: it may have been set back since a file was written.
    before = time.time() - options.older_than if options.older_than else math.inf
    with leftovers(storage, only, claim_studies=not options.dry_run) as there:
        outside = () if only else chain(_ray_folders(), _cached(by_time_alone=options.older_than > 0))
        wanted = (item for item in chain(there, outside) if item.changed <= before)
        chosen = [item for item in wanted if options.put_aside or item.kind != ASIDE]
        freed = _remove(storage, there.problems, chosen, dry_run=options.dry_run)
        _print(storage, there, freed, dry_run=options.dry_run)
    return 1 if there.problems else 0


def _remove(storage: Location, problems: list[str], items: list[Leftover], *, dry_run: bool) -> dict[str, Counter[str]]:
    """Remove leftovers.

    Args:
        storage: the storage location.
        problems: receives the reasons why something could not be removed.
        items: the leftovers.
        dry_run: whether to remove nothing.

    Returns:
        Their number and size by kind, and the number of those that a process uses.

    """
    freed: dict[str, Counter[str]] = {}
    for item in items:
        count = freed.setdefault(item.kind, Counter())
        try:
            removed = not item.in_use() if dry_run else item.remove()
        except OSError as error:
            if is_outage(storage, error):
                raise
            problems.append(str(error))
        else:
            count.update(number=1, size=item.size) if removed else count.update(in_use=1)
    return freed


def _print(storage: Location, there: Leftovers, freed: dict[str, Counter[str]], *, dry_run: bool) -> None:
    rows = [(kind, str(count["number"]), file_size(count["size"])) for kind, count in freed.items() if count["number"]]
    if rows:
        show("", ("would be freed" if dry_run else "freed", "number", "size"), rows)
    total = file_size(sum(count["size"] for count in freed.values()))
    say(f"{storage}: {total} {'would be freed; nothing was changed' if dry_run else 'freed'}")
    if in_use := sum(count["in_use"] for count in freed.values()):
        say(f"kept: {counted(in_use, 'item')} that processes are using")
    for problem in there.problems:
        say(f"kept: {problem}")
    unknown = "kept: weights, checkpoints without a record, data sets and frames"
    for name in there.unreadable:
        say(f"{unknown}, because the plan of {name} cannot be read")
    for name in there.starting:
        say(f"{unknown}, because {name} has just been started")


def _ray_folders() -> Iterator[Leftover]:
    """Find the folders of Ray clusters of this user whose studies have ended."""
    for folder in ray_folders():
        if folder.owner is None:
            with suppress(FileNotFoundError):
                kind, remove = "Ray's folders of ended studies", partial(remove_ray_folder, folder)
                yield Leftover(kind, *on_disk(folder.path), remove)


def _cached(*, by_time_alone: bool) -> Iterator[Leftover]:
    """Find what this machine's cache holds: copies of frame stores and data sets, and synthetic data sets.

    Args:
        by_time_alone: whether to include what has no lock that shows whether a process reads it.

    """
    for copy in copies(cache() / STORES):
        # A storage location may lie in the cache's folder; its own stores are not copies.
        if is_digest(copy.name) and is_copy(copy):
            remove, in_use = partial(remove_copy, copy), partial(is_open, copy)
            with suppress(FileNotFoundError):  # another process has just removed it, or a part of it
                yield Leftover(
                    "cached stores of frames or embeddings", on_disk(copy)[0], last_opened(copy), remove, in_use
                )
    for path in chain(cache().glob(f"{STORES}/.*.part"), cache().glob("synthetic/.making-*")):
        with suppress(FileNotFoundError):
            size, changed = on_disk(path)
            if time.time() - changed > WRITING_S:
                yield Leftover(KILLED, size, changed, partial(remove_local, path))
    if not by_time_alone:
        return
    synthetic = [path for path in cache().glob("synthetic/*") if is_digest(path.name)]
    fetched = [path for path in cache().glob("clips/*") if not is_digest(path.stem)]
    lists = [path for path in cache().glob("clips/*.json") if is_digest(path.stem)]
    for kind, paths in (
        ("cached data sets", lists + fetched if lists else []),
        ("cached synthetic data sets", synthetic),
    ):
        for path in paths:
            with suppress(FileNotFoundError):
                size, changed = on_disk(path)
                yield Leftover(kind, size, max(_last_read(path), changed), partial(remove_local, path))


def _last_read(folder: Path) -> float:
    """Return when a file of a folder may have been read last; 0 without files.

    A folder counts as read whenever it is listed. Linux records at least once a day that a file is read.
    """
    return max((os.lstat(file).st_atime + DAY_S for file in folder.rglob("*") if file.is_file()), default=0.0)
