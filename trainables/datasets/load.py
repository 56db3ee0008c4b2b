"""From the ``dataset`` key of a study to a checked manifest: reads, injects noise, checks the files, digests them."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trainables.datasets import csv_manifest, folders, fsdnoisy18k, synthetic
from trainables.datasets.config import CSV, DataSet, Folder, FSDnoisy18k
from trainables.datasets.headers import AudioError, probe
from trainables.datasets.manifest import POOL, Clip, DataSetError, Manifest, Split
from trainables.datasets.noise import inject
from trainables.records import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.datasets.config import Noise

SPLITS: tuple[Split, ...] = ("train", "test")
FEW = 20  # up to so many missing files are listed one by one even if all are missing


class Known(NamedTuple):
    """What was found of a file when it had this size (bytes) and time of change (ns); ``problem`` is "" if none."""

    size: int
    mtime_ns: int
    digest: str
    problem: str


def load(dataset: DataSet, cache: Path) -> Manifest:
    """Read a data set's list of clips and inject its noise; the audio may be absent.

    Args:
        dataset: the ``dataset`` key of a study; ``~`` in its paths is the user's home.
        cache: folder in which synthetic data sets are made on first use; the other kinds do not touch it.

    Returns:
        The manifest, without digests.

    Raises:
        DataSetError: with every problem of the list at once, and then those of the files as well.

    """
    manifest, problems, noise = _parse(dataset, cache)
    problems = problems + (structure(manifest) if manifest.clips else [])
    if problems:
        present = {p: w for p, w in _quick_checks(manifest).items() if w}
        raise DataSetError(problems + (_lines(manifest, present) if manifest.clips else []))
    return manifest if noise is None else inject(manifest, noise)


def with_digests(manifest: Manifest, cache: Path, skip_bad_clips: int = 0) -> Manifest:
    """Check every file's header and add a digest of its content (BLAKE2b, 16 bytes, in hexadecimal).

    Args:
        manifest: the data set.
        cache: folder in which ``digests.json`` keeps what was found, so that an unchanged file is not read again.
        skip_bad_clips: how many clips with a bad file may be left out; they are listed in ``Manifest.skipped``.

    Raises:
        DataSetError: with every problem at once. What is wrong with the list itself (one class only, a class without
            training clips, a clip listed twice) is never skipped.

    """
    bad = _quick_checks(manifest)
    known = _examine([manifest.file(c) for c in manifest.clips if not bad[c.path]], cache)
    digests = []
    for clip in manifest.clips:
        found = known.get(_key(manifest.file(clip))) if not bad[clip.path] else None
        bad[clip.path] = bad[clip.path] or (found.problem if found else "")
        digests.append(found.digest if found else "")
    problems = structure(manifest) + _duplicates(manifest)
    wrong = {path: problem for path, problem in bad.items() if problem}
    if problems:
        raise DataSetError(problems + _lines(manifest, wrong))
    return leave_out(replace(manifest, digests=tuple(digests)), wrong, skip_bad_clips)


def leave_out(manifest: Manifest, bad: Mapping[str, str], allowed: int) -> Manifest:
    """Leave out the clips with a bad file, if they and those already left out are at most ``allowed``.

    Args:
        manifest: the data set.
        bad: path of a clip -> what is wrong with its file.
        allowed: the value of ``--skip-bad-clips``.

    Raises:
        DataSetError: with every problem, when there are more; or when a class is left without training clips.

    """
    if not bad:
        return manifest
    if len(bad) + len(manifest.skipped) > allowed:
        lines = _lines(manifest, bad)
        if allowed:
            lines.append(f"{len(bad) + len(manifest.skipped)} bad clips; --skip-bad-clips allows {allowed}")
        raise DataSetError(lines)
    kept = manifest.without(dict(bad))
    problems = structure(kept)
    if problems:
        raise DataSetError([f"after leaving out {len(kept.skipped)} bad clips: {p}" for p in problems])
    return kept


def structure(manifest: Manifest) -> list[str]:
    """List what makes a data set unusable whatever its audio: a split or class without clips, one class only."""
    train = {c.label for c in manifest.of("train")}
    problems = [f"{manifest.name}: no {split} clips" for split in SPLITS if not manifest.of(split)]
    if len(manifest.classes) == 1:
        problems.append(f"{manifest.name}: one class only ('{manifest.classes[0]}'); at least 2 are needed")
    first = {c.label: c for c in reversed(manifest.of("test"))}
    for label in sorted(first.keys() - train) if train else ():
        where = f"{first[label].row}: " if first[label].row else ""
        problems.append(f"{where}{first[label].path}: unknown label '{label}': no training clip has it")
    return problems


def _parse(dataset: DataSet, cache: Path) -> tuple[Manifest, list[str], Noise | None]:
    if isinstance(dataset, FSDnoisy18k):
        return *fsdnoisy18k.parse(Path(dataset.root).expanduser()), None
    if isinstance(dataset, CSV):
        root = None if dataset.root is None else Path(dataset.root).expanduser()
        return *csv_manifest.parse(Path(dataset.path).expanduser(), root), dataset.noise
    if isinstance(dataset, Folder):
        found = folders.parse(
            Path(dataset.root).expanduser(), verified=dataset.verified, test=dataset.test, test_seed=dataset.test_seed
        )
        return *found, dataset.noise
    return synthetic.generate(dataset, cache), [], None


def _quick_checks(manifest: Manifest) -> dict[str, str]:
    """Look at every file without opening it: path -> problem, "" if none."""
    bases = {False: manifest.root.resolve(), True: (manifest.pool or manifest.root).resolve()}
    check = partial(_quick_check, manifest, bases)
    with ThreadPoolExecutor(_threads()) as pool:
        return dict(zip((c.path for c in manifest.clips), pool.map(check, manifest.clips), strict=True))


def _quick_check(manifest: Manifest, bases: dict[bool, Path], clip: Clip) -> str:
    path = manifest.file(clip)
    base = bases[manifest.pool is not None and clip.path.startswith(POOL)]
    try:
        resolved = path.resolve(strict=True)
        if not resolved.is_relative_to(base):
            return f"leaves the root: it leads to {resolved}"
        if not resolved.is_file():
            return "not a file"
        return "" if resolved.stat().st_size else "zero bytes"
    except FileNotFoundError:
        return "no such file"
    except (OSError, RuntimeError) as error:  # no permission, or links in a circle
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def _examine(paths: list[Path], cache: Path) -> dict[str, Known]:
    """Digest the content and check the header of files that changed since they were last seen."""
    store = cache / "digests.json"
    known: dict[str, Known] = {}
    try:
        known = {key: Known(*value) for key, value in json.loads(store.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        known = {}  # absent, or of another version: it is only a cache
    with ThreadPoolExecutor(_threads()) as pool:
        found = dict(zip(map(_key, paths), pool.map(partial(_look, known), paths), strict=True))
    if any(known.get(key) != value for key, value in found.items()):
        write_atomically(store, json.dumps(known | found).encode())
    return found


def _look(known: dict[str, Known], path: Path) -> Known:
    status = path.stat()
    before = known.get(_key(path))
    if before is not None and (before.size, before.mtime_ns) == (status.st_size, status.st_mtime_ns):
        return before
    problem = ""
    try:
        probe(path)
    except AudioError as error:
        problem = str(error)
    content = blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                content.update(block)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    return Known(status.st_size, status.st_mtime_ns, content.hexdigest(), problem)


def _key(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 -- not resolved: that would cost a look at the disk per folder


def _threads() -> int:
    return min(16, 4 * (os.cpu_count() or 1))


def _duplicates(manifest: Manifest) -> list[str]:
    seen: set[str] = set()
    problems = []
    for clip in manifest.clips:
        if clip.path in seen:
            problems.append(_line(clip, "listed twice"))
        seen.add(clip.path)
    return problems


def _line(clip: Clip, problem: str) -> str:
    return f"{clip.row}: {clip.path}: {problem}" if clip.row else f"{clip.path}: {problem}"


def _lines(manifest: Manifest, bad: Mapping[str, str]) -> list[str]:
    """Write one line per bad file, in the manifest's order; one for all if the audio is not there at all."""
    if len(bad) == len(manifest.clips) > FEW and set(bad.values()) == {"no such file"}:
        return [f"{manifest.root}: the audio is absent: none of the {len(bad)} files of {manifest.name} is there"]
    return [_line(c, bad[c.path]) for c in manifest.clips if c.path in bad]
